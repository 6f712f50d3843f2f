"""The environment of everything that runs locally, built so that no real AWS account can be reached from it."""

from collections.abc import Mapping

REGION = "eu-west-1"


def isolated(environ: Mapping[str, str], endpoint: str) -> dict[str, str]:
    """`environ` with every way to an account taken out, and AWS at `endpoint`, an address on this machine.

    Keys, profiles, tokens, roles, configuration files, the instance's metadata, per-service endpoints and proxies: whatever
    the developer has set is not seen. See https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
    """
    kept = {name: value for name, value in environ.items() if not _leads_outside(name)}
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _leads_outside(name: str) -> bool:
    return name.startswith(("AWS_", "BOTO_")) or name.upper().endswith("_PROXY")
