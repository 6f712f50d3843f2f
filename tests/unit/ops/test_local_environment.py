from ops.local.environment import isolated

ENDPOINT = "http://127.0.0.1:4566"


def test_nothing_that_leads_to_an_account_is_left():
    developer = {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_PROFILE": "production",
        "AWS_CONFIG_FILE": "/home/dev/.aws/config",
        "AWS_ENDPOINT_URL_SQS": "https://sqs.eu-west-1.amazonaws.com",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/token",
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/admin",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/credentials",
        "BOTO_CONFIG": "/home/dev/.boto",
        "https_proxy": "http://proxy:3128",
    }
    assert isolated(developer, ENDPOINT) == isolated({}, ENDPOINT)


def test_every_service_is_the_emulator_with_keys_that_open_nothing():
    environ = isolated({}, ENDPOINT)
    assert environ["AWS_ENDPOINT_URL"] == ENDPOINT
    assert environ["AWS_ACCESS_KEY_ID"] == environ["AWS_SECRET_ACCESS_KEY"] == "test"
    assert environ["AWS_CONFIG_FILE"] == environ["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert environ["AWS_EC2_METADATA_DISABLED"] == "true"


def test_the_rest_of_the_environment_stays():
    assert isolated({"PATH": "/usr/bin", "MY_AWS_NOTE": "x"}, ENDPOINT).items() >= {
        ("PATH", "/usr/bin"),
        ("MY_AWS_NOTE", "x"),
    }
