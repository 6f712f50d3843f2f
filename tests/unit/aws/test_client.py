"""Our client of AWS's JSON services, against a server on this machine that answers as it is told."""

import contextlib
import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest

from chalicelib import settings
from chalicelib.aws.client import ATTEMPTS, AwsError, Client
from chalicelib.aws.signature import Credentials
from chalicelib.errors import Unavailable
from ops.local.environment import isolated

ROLE = Credentials("AKID", "secret")


class Answer(NamedTuple):
    status: int = 200
    body: object = {}
    """JSON, or raw bytes."""
    drop: bool = False
    """The connection goes before the answer."""
    hang_up: bool = False
    """It goes after the answer, without a word."""
    wait: threading.Event | threading.Barrier | None = None
    """The answer comes after this."""
    error: str = ""
    """In the header x-amzn-ErrorType."""


class Aws:
    """`plan` holds the next answers; without one, the answer is `{}`."""

    def __init__(self):
        self.plan = []
        self.asked = []
        """(headers, parameters) of each call."""
        self.peers = set()
        """The connections that calls came over."""
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, peer, headers, parameters):
        with self._lock:
            self.peers.add(peer)
            self.asked.append((headers, parameters))
            return self.plan.pop(0) if self.plan else Answer()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def _handler(aws):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one packet: else each waits 40 ms for the client's acknowledgement

        def do_POST(self):
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            answer = aws.answer(self.client_address, dict(self.headers), json.loads(raw))
            if answer.wait:
                answer.wait.wait(2)
            self.close_connection = answer.drop or answer.hang_up
            if answer.drop:
                return
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(body)))
            if answer.error:
                self.send_header("x-amzn-ErrorType", answer.error)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Tests read what was asked, not a log."""

    return Handler


@pytest.fixture
def aws():
    aws = Aws()
    yield aws
    aws.close()


@pytest.fixture
def slept():
    return []


@pytest.fixture
def make(aws, slept):
    """Builds clients of the server, which note their sleeps and do not sleep."""
    with contextlib.ExitStack() as closing:

        def make(service="dynamodb", credentials=ROLE, endpoint=None, **options):
            environ = isolated({}, aws.url) | dict.fromkeys(("BASE_URL", "MESSENGER_API_URL", "SLACK_API_URL"), aws.url)
            environ |= {"STAGE": "local"}
            read = settings.read(environ)._replace(aws_endpoint_url=aws.url if endpoint is None else endpoint)
            client = Client(service, read, credentials, sleep=slept.append, **options)
            closing.callback(client.close)
            return client

        yield make


@pytest.fixture
def client(make):
    return make()


def an_error(code, status=400, **details):
    return Answer(status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", **details})


def refusal(client):
    with pytest.raises(AwsError) as refused:
        client.call("GetItem")
    return refused.value


# ─── what is sent ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("service", "target", "content_type"),
    [
        ("dynamodb", "DynamoDB_20120810.DoIt", "application/x-amz-json-1.0"),
        ("sqs", "AmazonSQS.DoIt", "application/x-amz-json-1.0"),
        ("secretsmanager", "secretsmanager.DoIt", "application/x-amz-json-1.1"),
        ("events", "AWSEvents.DoIt", "application/x-amz-json-1.1"),
    ],
)
def test_a_call_is_a_signed_post_of_json_that_names_its_operation(aws, make, service, target, content_type):
    aws.plan = [Answer(200, {"Answer": "één"})]
    assert make(service).call("DoIt", Name="één", Number=1) == {"Answer": "één"}
    [(headers, parameters)] = aws.asked
    assert parameters == {"Name": "één", "Number": 1}
    assert headers["x-amz-target"] == target
    assert headers["content-type"] == content_type
    assert headers["host"] == aws.url.removeprefix("http://")
    assert f"/eu-west-1/{service}/aws4_request, SignedHeaders=" in headers["authorization"]


def test_a_session_token_is_sent_and_signed(aws, make):
    make(credentials=Credentials("AKID", "secret", "session")).call("GetItem")
    [(headers, _)] = aws.asked
    assert headers["x-amz-security-token"] == "session"
    assert "x-amz-security-token" in headers["authorization"]


def test_without_a_session_token_none_is_sent(aws, client):
    client.call("GetItem")
    [(headers, _)] = aws.asked
    assert "x-amz-security-token" not in headers


def test_without_an_endpoint_of_its_own_the_service_is_awss_over_tls(make):
    connection = make(service="sqs", endpoint="")._connection()  # noqa: SLF001  # made, and not opened
    assert isinstance(connection, http.client.HTTPSConnection)
    assert connection.host == "sqs.eu-west-1.amazonaws.com"


# ─── what is tried again ───────────────────────────────────────────────────────────────────────────────────────────

PASSING = [
    an_error("InternalServerError", 500),
    Answer(503, b"<html>Service Unavailable</html>"),
    an_error("ProvisionedThroughputExceededException"),
    an_error("RequestLimitExceeded"),
    an_error("RequestThrottled"),
    an_error("ThrottlingException"),
    an_error("TransactionConflictException"),
    an_error("TransactionInProgressException"),
    Answer(drop=True),
    Answer(200, b"<html>Please log in to the hotel</html>"),
    Answer(200, b"[" * 100_000),
    Answer(200, ["no object"]),
]


@pytest.mark.parametrize("passing", PASSING)
def test_what_may_pass_is_tried_again(aws, client, slept, passing):
    aws.plan = [passing, passing, Answer(200, {"Item": {}})]
    assert client.call("GetItem", Key="1") == {"Item": {}}
    assert [parameters for _, parameters in aws.asked] == [{"Key": "1"}] * 3
    assert len(slept) == 2


def test_what_does_not_pass_is_given_up(aws, client, slept):
    aws.plan = [an_error("InternalServerError", 500)] * 10
    assert refusal(client).code == "InternalServerError"
    assert len(aws.asked) == ATTEMPTS
    assert len(slept) == ATTEMPTS - 1


def test_each_wait_may_be_longer_and_is_like_no_other(aws, client, slept):
    aws.plan = [Answer(500)] * (20 * ATTEMPTS)
    for _ in range(20):
        refusal(client)
    waits = [slept[position :: ATTEMPTS - 1] for position in range(ATTEMPTS - 1)]
    for wait, most in zip(waits, (0.1, 0.2, 0.4), strict=True):
        assert all(0 <= seconds <= most for seconds in wait)
        assert len(set(wait)) == 20
    assert max(waits[-1]) > 0.1


@pytest.mark.parametrize(
    "code", ["ConditionalCheckFailedException", "TransactionCanceledException", "ValidationException", "AccessDenied"]
)
def test_what_was_refused_for_good_is_not_tried_again(aws, client, slept, code):
    aws.plan = [an_error(code, CancellationReasons=[{"Code": "None"}])]
    refused = refusal(client)
    assert refused.code == code
    assert refused.details["CancellationReasons"] == [{"Code": "None"}]
    assert str(refused) == f"GetItem: {code}"
    assert isinstance(refused, Unavailable)
    assert len(aws.asked) == 1
    assert slept == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(400, {"__type": "PlainName"}), "PlainName"),
        (Answer(400, {"__type": "space#Named:http://internal.amazon.com/coral/"}), "Named"),
        (Answer(403, {}), "403"),
        (Answer(404, b"<html>Not Found</html>"), "404"),
        (Answer(413, b""), "413"),
        (Answer(400, b"null"), "400"),
    ],
)
def test_the_code_is_the_errors_name_or_the_status(aws, client, answer, code):
    aws.plan = [answer]
    assert refusal(client).code == code


def test_an_empty_answer_says_that_it_is_done(aws, client):
    aws.plan = [Answer(200, b"")]
    assert client.call("DeleteMessage") == {}


def test_where_nobody_listens_the_code_says_so(make, aws):
    aws.close()
    assert refusal(make()).code == "ConnectionRefusedError"


def test_an_answer_that_does_not_come_is_not_waited_for(aws, make):
    never = threading.Event()
    aws.plan = [Answer(wait=never)] * ATTEMPTS
    try:
        assert refusal(make(timeout=0.05)).code == "TimeoutError"
    finally:
        never.set()


# ─── what may have been done all the same ──────────────────────────────────────────────────────────────────────────


def failure(client, operation="GetItem"):
    with pytest.raises(AwsError) as failed:
        client.call(operation)
    return failed.value


@pytest.mark.parametrize(
    ("last", "in_doubt"),
    [(Answer(drop=True), True), (Answer(500), True), (an_error("ValidationException"), False), (Answer(413), False)],
)
def test_a_failure_says_whether_it_may_have_been_done_all_the_same(aws, client, last, in_doubt):
    aws.plan = [last] * ATTEMPTS
    assert failure(client).in_doubt is in_doubt


def test_a_refusal_after_a_lost_answer_leaves_the_doubt(aws, client):
    aws.plan = [Answer(drop=True), an_error("ConditionalCheckFailedException")]
    assert failure(client).in_doubt


def test_what_was_never_sent_is_not_in_doubt(aws, make):
    aws.close()
    assert not failure(make()).in_doubt


@pytest.mark.parametrize("lost", [Answer(drop=True), Answer(500), Answer(200, b"<html>")])
def test_a_mail_whose_answer_was_lost_is_not_sent_again(aws, make, lost):
    aws.plan = [lost]
    assert failure(make("ses"), "SendEmail").in_doubt
    assert len(aws.asked) == 1


def test_a_mail_that_was_refused_for_the_moment_is_sent_again(aws, make):
    aws.plan = [Answer(429, {}, error="TooManyRequestsException:http://internal")]
    assert make("ses").call("SendEmail") == {}
    assert len(aws.asked) == 2


def test_a_mail_has_a_connection_of_its_own_as_an_old_one_may_be_closed_under_it(aws, make):
    ses = make("ses")
    for _ in range(3):
        ses.call("SendEmail")
    assert len(aws.peers) == 3


# ─── connections ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_calls_share_one_connection(aws, client):
    for _ in range(3):
        client.call("GetItem")
    assert len(aws.peers) == 1


def test_after_closing_a_call_opens_a_new_connection(aws, client):
    client.call("GetItem")
    client.close()
    client.close()
    client.call("GetItem")
    assert len(aws.peers) == 2


def call_at_once(aws, client, many, **answer):
    """So many calls, each over a connection of its own: none is answered before all are asked."""
    barrier = threading.Barrier(many)
    aws.plan = [Answer(200, {"Call": number}, wait=barrier, **answer) for number in range(many)]
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(client.call("GetItem"))) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_threads_share_a_client_and_each_gets_its_own_answer(aws, client):
    answers = call_at_once(aws, client, 8)
    assert sorted(answer["Call"] for answer in answers) == list(range(8))
    assert len(aws.peers) == 8


def test_connections_that_went_stale_cost_one_attempt_however_many_they_are(aws, client, slept):
    call_at_once(aws, client, ATTEMPTS + 2, hang_up=True)
    assert client.call("GetItem") == {}
    assert len(slept) == 1
