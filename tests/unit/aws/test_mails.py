"""Mails as they are written, read by the standard library's parser as a mail program would."""

import base64
import re
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.aws.client import AwsError
from chalicelib.aws.mails import Attachment, Mail, OverQuota, SesMailer, TooFast, written
from chalicelib.errors import InDoubt, Unavailable
from tests.fakes.client import Client

SENDER = "Guestlist <tickets@guestlist.example>"
MAIL = Mail("anna@example.org", "Your order", "Thank you.\n", "<p>Thank you.</p>\n")
ONE_CLICK = ("List-Unsubscribe", f"<https://guestlist.example/unsubscribe/{'aB9_-' * 40}>")
BREAKS = ["\n", "\r\n", "\r", "\x85", "\u2028", "\n\n", "\r\n\r\n", "\nBcc: eve@example.org\n"]
NASTY = st.lists(
    st.one_of(
        st.text(st.characters(codec="utf-8")),
        st.sampled_from(
            [*BREAKS, "=?utf-8?q?a=0ABcc:_eve@example.org?=", "=?", "?=", "=1+1", "🎉", "é" * 50, "x" * 90]
        ),
    )
).map("".join)


def read(raw):
    return message_from_bytes(raw, policy=policy.default)


def sent(client):
    [(operation, asked)] = client.asked
    assert operation == "SendEmail"
    return asked


@given(subject=NASTY, text=NASTY, html=NASTY, content=st.binary(max_size=2_000))
def test_no_part_of_a_mail_breaks_into_another(subject, text, html, content):
    files = [Attachment("report.csv", "text/csv", content), Attachment("logo.png", "image/png", content)]
    mail = Mail("anna@example.org", subject, text, html, files, [ONE_CLICK])
    found = read(written(mail, SENDER))
    assert found.keys() == ["From", "To", "Subject", "List-Unsubscribe", "MIME-Version", "Content-Type"]
    assert (found["From"], found["To"], found["List-Unsubscribe"]) == (SENDER, "anna@example.org", ONE_CLICK[1])
    assert found["Subject"] == " ".join("".join(c if c.isprintable() else " " for c in subject).split())
    plain, rich = (found.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert (_lines(plain), _lines(rich)) == (_lines(text), _lines(html))
    read_files = [
        (f.get_filename(), f.get_content_type(), f.get_payload(decode=True)) for f in found.iter_attachments()
    ]
    assert read_files == [tuple(file) for file in files]


def _lines(text):
    """What is left of a text where lines end in one way, and the last one does, too."""
    return re.split("\r\n|\r|\n", text.rstrip("\r\n"))


@given(subject=NASTY, text=NASTY)
def test_what_is_sent_is_ascii_in_short_lines(subject, text):
    raw = written(MAIL._replace(subject=subject, text=text), SENDER)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert not re.search(b"[^\r]\n|\r[^\n]", raw)


def test_the_address_to_unsubscribe_stays_in_one_piece():
    raw = written(MAIL._replace(headers=[ONE_CLICK]), SENDER)
    assert f"\r\nList-Unsubscribe: {ONE_CLICK[1]}\r\n".encode() in raw


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": "anna@example.org, eve@example.org"},
        {"to": "anna@example.org\nBcc: eve@example.org"},
        {"to": "Anna <anna@example.org>"},
        {"to": "anna"},
        {"to": "zoë@example.org"},
        {"to": "anna@exämple.org"},
        {"headers": [("X-Campaign", "bash\r\nBcc: eve@example.org")]},
        {"headers": [("X-Campaign: bash\r\nBcc", "eve@example.org")]},
        {"headers": [("X-Campaign", "fête")]},
        {"attachments": [Attachment('a"; filename="b', "text/csv", b"")]},
    ],
)
def test_what_cannot_stand_in_a_mail_is_refused_and_not_told(wrong):
    client = Client()
    with pytest.raises(ValueError, match=r"^no [\w -]+$"):
        SesMailer(client, SENDER, "guestlist-prod-mails").send(MAIL._replace(**wrong))
    assert client.asked == []


def test_ses_is_given_the_mail_as_it_was_written():
    client = Client()
    SesMailer(client, SENDER, "guestlist-prod-mails").send(MAIL)
    asked = sent(client)
    assert asked["FromEmailAddress"] == SENDER
    assert asked["ConfigurationSetName"] == "guestlist-prod-mails"
    assert asked["Destination"] == {"ToAddresses": ["anna@example.org"]}
    found = read(base64.b64decode(asked["Content"]["Raw"]["Data"]))
    assert found["Subject"] == "Your order"


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (AwsError("SendEmail", "MessageRejected", {"message": "anna@example.org"}), Unavailable),
        (AwsError("SendEmail", "TimeoutError", {}, in_doubt=True), InDoubt),
        (AwsError("SendEmail", "ThrottlingException", {"message": "Maximum sending rate exceeded."}), TooFast),
        (AwsError("SendEmail", "TooManyRequestsException", {"message": "Too many requests"}), TooFast),
        (AwsError("SendEmail", "TooManyRequestsException", {"message": "Daily message quota exceeded."}), OverQuota),
        (AwsError("SendEmail", "LimitExceededException", {"message": "Daily sending quota exceeded"}), OverQuota),
    ],
)
def test_what_ses_refuses_is_told_without_the_address(failure, kind):
    with pytest.raises(kind) as error:
        SesMailer(Client(failure), SENDER, "guestlist-prod-mails").send(MAIL)
    assert type(error.value) is kind
    assert str(error.value) == f"SES: {failure.code}"
