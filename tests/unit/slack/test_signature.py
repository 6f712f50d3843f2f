import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.channels.slack import signature
from tests.unit.slack import slack

DOCUMENTED_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d"
    b"10d2c447fce8b6703c"
)


def refusal(raw, headers, secrets=(slack.SECRET,), now=float(slack.AT)):
    return signature.refusal(
        raw, headers.get("X-Slack-Request-Timestamp"), headers.get("X-Slack-Signature"), secrets, now
    )


def test_the_example_of_slacks_documentation_is_verified():
    headers = {
        "X-Slack-Request-Timestamp": "1531420618",
        "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    secrets = ["8f742231b10e8888abcd99yyyzzz85a5"]
    assert refusal(DOCUMENTED_BODY, headers, secrets, 1_531_420_618) == ""
    assert refusal(DOCUMENTED_BODY + b"0", headers, secrets, 1_531_420_618) == "wrong signature"


def test_the_previous_secret_is_valid_while_the_new_one_is_rolled_out():
    secrets = signature.signing_secrets({"signing_secret": "new", "previous_signing_secret": "old"})
    assert refusal(b"{}", slack.sign(b"{}", secret="new"), secrets) == ""
    assert refusal(b"{}", slack.sign(b"{}", secret="old"), secrets) == ""
    assert refusal(b"{}", slack.sign(b"{}", secret="older"), secrets) == "wrong signature"


@pytest.mark.parametrize("secret", [{}, {"signing_secret": ""}, {"signing_secret": None}, {"signing_secret": 7}])
def test_without_a_secret_nothing_is_believed(secret):
    assert signature.signing_secrets(secret) == ()
    assert refusal(b"{}", slack.sign(b"{}", secret=""), signature.signing_secrets(secret)) == "wrong signature"


@pytest.mark.parametrize("early", [-1, 1])
def test_a_clock_may_differ_by_five_minutes_either_way_and_no_more(early):
    headers = slack.sign(b"{}")
    assert refusal(b"{}", headers, now=slack.AT + early * 300) == ""
    assert refusal(b"{}", headers, now=slack.AT + early * 300.1) == "too old or too new"


@pytest.mark.parametrize(
    "timestamp",
    ["soon", "1e9", "1795340000.0", " 1795340000", "+1795340000", "1_795_340_000", "0x6b03", "١٧٩٥٣٤٠٠٠٠", "9" * 5_000],
)
def test_a_time_that_is_no_whole_number_is_refused(timestamp):
    headers = {**slack.sign(b"{}", at=timestamp)}
    assert refusal(b"{}", headers) == "no time"


@pytest.mark.parametrize("name", ["X-Slack-Request-Timestamp", "X-Slack-Signature"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_header_is_refused(name, value):
    assert refusal(b"{}", slack.sign(b"{}") | {name: value}) == "not signed"


@pytest.mark.parametrize("signed", ["v0=", "v0", "v0=é", "v0=\ud83d", "v1=00", "sha256=00"])
def test_a_header_that_is_no_signature_is_refused(signed):
    assert refusal(b"{}", slack.sign(b"{}") | {"X-Slack-Signature": signed}) == "wrong signature"


def test_the_time_is_signed_too():
    proof = slack.sign(b"{}")["X-Slack-Signature"]
    headers = {"X-Slack-Request-Timestamp": str(slack.AT + 1), "X-Slack-Signature": proof}
    assert refusal(b"{}", headers) == "wrong signature"
    assert refusal(b"{}", headers | {"X-Slack-Request-Timestamp": f"0{slack.AT}"}) == "wrong signature"


@given(st.binary(min_size=1), st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_any_changed_byte_breaks_the_signature(raw, position, change):
    changed = bytearray(raw)
    changed[position % len(raw)] ^= change
    assert refusal(raw, slack.sign(raw)) == ""
    assert refusal(bytes(changed), slack.sign(raw)) == "wrong signature"
