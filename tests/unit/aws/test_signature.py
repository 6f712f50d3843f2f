"""Our signer against botocore's own."""

import datetime as dt

import botocore.auth
from botocore.awsrequest import AWSRequest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.aws.signature import Credentials, Signer

KEYS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
VALUES = (
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=80).map(str.strip).filter(bool)
)


class FixedTime(botocore.auth.SigV4Auth):
    """botocore's signer at a fixed time."""

    def __init__(self, *arguments, now):
        super().__init__(*arguments)
        self._now = now

    def add_auth(self, request):
        request.context["timestamp"] = self._now
        self._modify_request_before_signing(request)
        canonical = self.canonical_request(request)
        signature = self.signature(self.string_to_sign(request, canonical), request)
        self._inject_signature_to_request(request, signature)


@given(
    body=st.binary(max_size=500),
    keys=st.tuples(KEYS, KEYS, st.just("") | KEYS),
    target=VALUES,
    service=st.sampled_from(["sqs", "dynamodb", "secretsmanager", "events", "ses", "sns"]),
    path=st.sampled_from(["/", "/v2/email/outbound-emails"]),
    at=st.datetimes(min_value=dt.datetime(2026, 1, 1)),  # noqa: DTZ001  # hypothesis wants naive bounds
)
def test_we_sign_as_botocore_does(body, keys, target, service, path, at):
    access, secret, token = keys
    now = at.strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "Host": "sqs.eu-west-1.amazonaws.com",
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": target,
    }
    request = AWSRequest("POST", f"https://sqs.eu-west-1.amazonaws.com{path}", headers=headers, data=body)
    credentials = botocore.credentials.Credentials(access, secret, token or None)
    FixedTime(credentials, service, "eu-west-1", now=now).add_auth(request)
    ours = Signer(service, "eu-west-1", Credentials(*keys)).sign(headers, body, now, path)
    assert ours["authorization"] == request.headers["Authorization"]
    assert ours["x-amz-date"] == request.headers["X-Amz-Date"]
    assert ours.get("x-amz-security-token") == request.headers.get("X-Amz-Security-Token")
