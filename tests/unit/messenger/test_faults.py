import json

import pytest

from chalicelib.channels.messenger import faults


def answer(**error):
    return json.dumps({"error": error}).encode()


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": 1}, faults.TRY_AGAIN),
        (400, {"code": 2}, faults.TRY_AGAIN),
        (400, {"code": 1200}, faults.TRY_AGAIN),
        (500, {}, faults.TRY_AGAIN),
        (503, {"code": 999}, faults.TRY_AGAIN),
        (408, {}, faults.TRY_AGAIN),
        (400, {"code": 999, "is_transient": True}, faults.TRY_AGAIN),
        (400, {"code": 4}, faults.RATE_LIMITED),
        (400, {"code": 17}, faults.RATE_LIMITED),
        (400, {"code": 32}, faults.RATE_LIMITED),
        (400, {"code": 613}, faults.RATE_LIMITED),
        (400, {"code": 80006}, faults.RATE_LIMITED),
        (429, {}, faults.RATE_LIMITED),
        (403, {"code": 10, "error_subcode": 2018278}, faults.WINDOW_CLOSED),
        (403, {"code": 10, "error_subcode": 2534022}, faults.WINDOW_CLOSED),
        (403, {"code": 10, "message": "(#10) This message is sent outside of allowed window."}, faults.WINDOW_CLOSED),
        (400, {"code": 551}, faults.UNREACHABLE),
        (400, {"code": 551, "error_subcode": 1545041}, faults.UNREACHABLE),
        (400, {"code": 100, "error_subcode": 2018001}, faults.UNREACHABLE),
        (403, {"code": 200, "error_subcode": 1545041}, faults.UNREACHABLE),
        (403, {"code": 10, "error_subcode": 2018108}, faults.UNREACHABLE),
        (403, {"code": 10, "error_subcode": 1893063}, faults.PAGE_RESTRICTED),
        (403, {"code": 10}, faults.NOT_PERMITTED),
        (403, {"code": 3}, faults.NOT_PERMITTED),
        (403, {"code": 200, "error_subcode": 2018028}, faults.NOT_PERMITTED),
        (403, {"code": 230}, faults.NOT_PERMITTED),
        (400, {"code": 190}, faults.TOKEN_DEAD),
        (401, {"code": 190, "error_subcode": 463}, faults.TOKEN_DEAD),
        (400, {"code": 102}, faults.TOKEN_DEAD),
        (400, {"code": 100}, faults.PERMANENT),
        (400, {"code": 100, "error_subcode": 2018033}, faults.PERMANENT),
        (404, {}, faults.PERMANENT),
        (302, {}, faults.PERMANENT),
        (400, {"code": "190"}, faults.PERMANENT),
        (200, {"code": 613}, faults.RATE_LIMITED),
    ],
)
def test_each_error_of_the_platform_has_its_meaning(status, error, kind):
    assert faults.fault(status, answer(**error)).kind == kind


@pytest.mark.parametrize("body", [b'{"recipient_id":"1","message_id":"m_1"}', b"", b"OK", b"[]", b'{"error":null}'])
def test_a_taken_message_is_no_fault_even_when_the_answer_is_odd(body):
    assert faults.fault(200, body) is None


@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b"[1]", b'{"error":"x"}', b"[" * 100_000])
def test_an_error_page_of_a_proxy_is_understood_by_its_status(body):
    assert faults.fault(502, body) == (faults.TRY_AGAIN, "", "")


def test_a_fault_keeps_what_metas_support_asks_for():
    body = answer(code=100, error_subcode=2018001, fbtrace_id="BLBz/WZt8dN", message="No matching user 24680")
    assert faults.fault(400, body) == (faults.UNREACHABLE, "100/2018001", "BLBz/WZt8dN")
