"""What a stage must say of itself; and a local one that cannot reach an account, whatever else is set."""

import pytest

from chalicelib import settings
from chalicelib.settings import MissingSettings

PROD = {
    "STAGE": "prod",
    "AWS_REGION": "eu-west-1",
    "BASE_URL": "https://tickets.example/",
    "MESSENGER_API_URL": "https://graph.facebook.com",
    "SLACK_API_URL": "https://slack.com",
}
LOCAL = PROD | {"STAGE": "local", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566/"}


def complaint(environ):
    with pytest.raises(MissingSettings) as missing:
        settings.read(environ)
    return str(missing.value)


def test_where_a_stream_is_make_deploy_tells_and_what_stands_there_before_says_so():
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/guestlist-prod-orders/stream/2026-11-22T21:40:00.000"
    assert settings.stream("orders", {"STAGE": "prod", "STREAM_ARN_orders": arn}) == arn
    before = settings.stream("orders", {"STAGE": "prod"})
    assert before == "arn:aws:dynamodb:::table/guestlist-prod-orders/stream/make-deploy-first"


def test_a_deployed_stage_talks_to_aws_itself():
    read = settings.read(PROD)
    assert read.aws_endpoint_url == ""
    assert (read.stage, read.region, read.messenger_sends_per_second) == ("prod", "eu-west-1", 10)
    assert not read.messenger_mark_seen


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("tickets@guestlist.example", "tickets@guestlist.example"),
        ("Guestlist <tickets@guestlist.example>", "Guestlist <tickets@guestlist.example>"),
        ("Café Zoë <tickets@guestlist.example>", "=?utf-8?b?Q2Fmw6kgWm/Dqw==?= <tickets@guestlist.example>"),
    ],
)
def test_a_sender_may_have_any_name_and_mails_have_it_in_ascii(said, written):
    assert settings.read(PROD | {"MAIL_FROM": said}).mail_from == written


def test_mails_go_out_slowly_enough_for_the_sandbox_and_never_backwards():
    assert settings.read(PROD).mails_per_second == 0.25
    assert "MAILS_PER_SECOND must be a number above 0, not '0'" in complaint(PROD | {"MAILS_PER_SECOND": "0"})


def test_addresses_lose_the_slash_at_their_end():
    read = settings.read(LOCAL)
    assert read.base_url == "https://tickets.example"
    assert read.aws_endpoint_url == "http://127.0.0.1:4566"


def test_everything_that_is_missing_or_wrong_is_named_at_once():
    said = complaint({"AWS_REGION": "", "MESSENGER_SENDS_PER_SECOND": "fast"})
    for name in ("STAGE", "AWS_REGION", "BASE_URL", "MESSENGER_API_URL", "SLACK_API_URL", "MESSENGER_SENDS_PER_SECOND"):
        assert name in said
    assert ".chalice/config.json" in said


def test_what_is_not_missing_is_not_named():
    assert complaint(PROD | {"BASE_URL": "/"}).startswith("BASE_URL is not set: see")


def test_the_region_may_have_its_older_name():
    environ = {name: value for name, value in PROD.items() if name != "AWS_REGION"}
    assert settings.read(environ | {"AWS_DEFAULT_REGION": "eu-central-1"}).region == "eu-central-1"


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:4566", "http://localhost:1", "http://[::1]:80", "http://LOCALHOST"]
)
def test_the_local_stage_may_use_an_emulator_on_this_machine(endpoint):
    assert settings.read(LOCAL | {"AWS_ENDPOINT_URL": endpoint}).aws_endpoint_url == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "/",
        "https://dynamodb.eu-west-1.amazonaws.com",
        "http://10.0.0.5:4566",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://localhost.example.com/127.0.0.1",
        "http://example.com#@127.0.0.1",
        "127.0.0.1:4566",
        "//[127.0.0.1",
        "http://[::1",
    ],
)
def test_the_local_stage_can_use_nothing_else(endpoint):
    assert "emulator on this machine" in complaint(LOCAL | {"AWS_ENDPOINT_URL": endpoint})


def test_the_local_stage_does_not_start_without_an_emulator():
    environ = {name: value for name, value in LOCAL.items() if name != "AWS_ENDPOINT_URL"}
    assert "emulator on this machine" in complaint(environ)


@pytest.mark.parametrize("stage", ["Local", "LOCAL", "local ", "prod_1", "1st", "x" * 21, "lokal/../prod"])
def test_a_slip_in_the_stages_name_makes_no_other_stage(stage):
    assert "STAGE must be" in complaint(PROD | {"STAGE": stage})


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "1e999", "", "ten"])
def test_a_rate_that_is_no_number_above_zero_is_refused(rate):
    assert "MESSENGER_SENDS_PER_SECOND must be a number above 0" in complaint(
        PROD | {"MESSENGER_SENDS_PER_SECOND": rate}
    )


@pytest.mark.parametrize(("value", "shown"), [("on", True), ("off", False), ("", False), ("yes", False)])
def test_fans_are_shown_that_they_were_read_only_where_it_is_on(value, shown):
    assert settings.read(PROD | {"MESSENGER_MARK_SEEN": value}).messenger_mark_seen is shown


def test_money_moves_by_stripe_unless_the_stage_is_local_or_says_otherwise():
    assert (settings.read(PROD).payments, settings.read(PROD).stripe_api_url) == ("stripe", "https://api.stripe.com")
    assert settings.read(LOCAL).payments == "local"
    assert settings.read(PROD | {"PAYMENTS": "local"}).payments == "local"
    read = settings.read(LOCAL | {"PAYMENTS": "stripe", "STRIPE_API_URL": "http://127.0.0.1:12111/"})
    assert (read.payments, read.stripe_api_url) == ("stripe", "http://127.0.0.1:12111")


@pytest.mark.parametrize("payments", ["", "Stripe", "none"])
def test_a_provider_of_payments_that_we_do_not_know_is_refused(payments):
    assert "PAYMENTS must be local or stripe" in complaint(PROD | {"PAYMENTS": payments})


def test_resources_are_named_after_the_stage():
    assert settings.read(PROD).name("campaigns") == "guestlist-prod-campaigns"
    assert settings.queue("inbound.fifo", {"STAGE": "prod"}) == "guestlist-prod-inbound.fifo"
    assert settings.queue("inbound.fifo", {}) == "guestlist-local-inbound.fifo"


def test_pages_of_other_origins_are_named_or_there_are_none():
    assert settings.read(PROD).cors_origins == ()
    named = settings.read(PROD | {"CORS_ORIGINS": " https://app.example  http://127.0.0.1:3000 "}).cors_origins
    assert named == ("https://app.example", "http://127.0.0.1:3000")


@pytest.mark.parametrize(
    "origin", ["*", "app.example", "https://app.example/", "https://app.example/path", "https://*.example", "null"]
)
def test_what_no_browser_sends_as_an_origin_is_refused(origin):
    assert (
        f"CORS_ORIGINS must be origins such as https://app.example, with spaces between, not {origin!r}"
        in complaint(PROD | {"CORS_ORIGINS": f"https://app.example {origin}"})
    )
