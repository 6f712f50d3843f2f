"""Mails by SES, each written by ourselves: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html ."""

import base64
import re
from collections.abc import Sequence
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from typing import NamedTuple

from chalicelib.aws.client import AwsError, Client
from chalicelib.errors import InDoubt, Unavailable


class Attachment(NamedTuple):
    name: str
    """A file's name, of `A-Za-z0-9._-`."""
    kind: str
    """Its media type: `text/csv`."""
    content: bytes


class Mail(NamedTuple):
    to: str
    """One address, in ASCII."""
    subject: str
    text: str
    html: str
    attachments: Sequence[Attachment] = ()
    headers: Sequence[tuple[str, str]] = ()
    """Others than those that every mail has. Their values stay in one line, as they are."""


class TooFast(Unavailable):
    """More mails in this second than the account may send."""


class OverQuota(Unavailable):
    """More mails in these 24 hours than the account may send."""


class SesMailer:
    """Sends mails of one sender under one configuration set, whose events tell what becomes of them."""

    def __init__(self, client: Client, sender: str, configuration_set: str) -> None:
        self._client = client
        self._sender = sender
        self._configuration_set = configuration_set

    def send(self, mail: Mail) -> None:
        """Send it, or raise `Unavailable` where it was not sent, `InDoubt` where nobody knows, `ValueError` where it is no mail."""
        try:
            self._client.call(
                "SendEmail",
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [mail.to]},
                Content={"Raw": {"Data": base64.b64encode(written(mail, self._sender)).decode()}},
                ConfigurationSetName=self._configuration_set,
            )
        except AwsError as error:
            raise _refusal(error)(f"SES: {error.code}") from None  # its text may hold the address


def _refusal(error: AwsError) -> type[Unavailable]:
    """The day's quota and the second's rate have one code, and differ in their texts.

    https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
    """
    if error.in_doubt:
        return InDoubt
    said = str(error.details.get("message", "")).lower()
    if "daily" in said and "quota" in said:
        return OverQuota
    return TooFast if "sending rate" in said or error.code == "TooManyRequestsException" else Unavailable


_ADDRESS = re.compile(r'[^\x00-\x20"(),:;<>@\[\\\]\x7f-\U0010ffff]+@[A-Za-z0-9.-]+')
_NAME, _VALUE, _FILE = re.compile(r"[A-Za-z0-9-]+"), re.compile(r"[ -~]{1,900}"), re.compile(r"[A-Za-z0-9._-]+")
_LINE = 66
"""Characters of a subject that fit into its first line: https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1 ."""


def written(mail: Mail, sender: str) -> bytes:
    """A mail as the world's mail programs take it (RFC 5322, MIME): a text, its twin in HTML, and files.

    Whatever its parts hold, none is taken for another: a subject's line breaks are blanks, and an address or a header that is more than
    that raises `ValueError`. `EmailMessage` writes the body only, as it folds a header longer than a line into encoded words, which
    nobody reads in List-Unsubscribe, and takes a subject's `=?…?=` for one (and, before 3.11.10, let line breaks into headers that way).
    """
    headers = [
        ("From", sender),
        ("To", _checked(_ADDRESS, mail.to, "no address")),
        ("Subject", _subject(mail.subject)),
        *((_checked(_NAME, name, "no name"), _checked(_VALUE, value, f"no {name}")) for name, value in mail.headers),
    ]
    return b"".join(f"{name}: {value}\r\n".encode("ascii") for name, value in headers) + bytes(_body(mail))


def _checked(pattern: re.Pattern[str], text: str, complaint: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(complaint)  # without the text, which may be personal
    return text


def _subject(text: str) -> str:
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if text.isascii() and len(text) <= _LINE and "=?" not in text:
        return text
    return Header(text, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _body(mail: Mail) -> EmailMessage:
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    for attached in mail.attachments:
        main, _, sub = attached.kind.partition("/")
        name = _checked(_FILE, attached.name, "no name of a file")
        message.add_attachment(attached.content, maintype=main, subtype=sub, filename=name)
    return message
