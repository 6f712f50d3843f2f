"""What SES tells of mails that came back: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html ."""

from collections.abc import Iterable
from datetime import datetime
from email.utils import parseaddr
from typing import Annotated, NamedTuple

import msgspec

BOUNCE, COMPLAINT = "bounce", "complaint"


class Refusal(NamedTuple):
    """An address that is not to be mailed again."""

    address: str
    kind: str
    """`BOUNCE`: nobody can be reached there. `COMPLAINT`: somebody there called a mail of ours unwanted."""
    why: str
    """SES's word for its kind: `General`, `abuse`, …."""
    at: int
    """Milliseconds since the epoch."""


class _Recipient(msgspec.Struct, rename="camel"):
    email_address: str


_At = Annotated[datetime, msgspec.Meta(tz=True)]


class _Bounce(msgspec.Struct, rename="camel"):
    bounce_type: str
    bounce_sub_type: str
    bounced_recipients: list[_Recipient]
    timestamp: _At


class _Complaint(msgspec.Struct, rename="camel"):
    complained_recipients: list[_Recipient]
    timestamp: _At
    complaint_feedback_type: str | None = None
    complaint_sub_type: str | None = None


class _Event(msgspec.Struct, rename="camel"):
    event_type: str
    bounce: _Bounce | None = None
    complaint: _Complaint | None = None


_GREETING = "Successfully validated SNS topic"
"""Said once, in plain text, when SES is given the topic."""
_PERMANENT = "Permanent"
_NOT_SPAM = "not-spam"
"""A complaint by its form, and praise by its meaning: https://www.rfc-editor.org/rfc/rfc6430 ."""


def refusals(body: str) -> Iterable[Refusal]:
    """The addresses that an event says are not to be mailed again: none, where a mailbox is full. `ValueError` where it is no event."""
    if body.startswith(_GREETING):
        return []
    event = msgspec.json.decode(body, type=_Event)
    match event:
        case _Event("Bounce", bounce=_Bounce(kind, why, recipients, at)):
            recipients = recipients if kind == _PERMANENT else []
            return [_refusal(each, BOUNCE, why, at) for each in recipients]
        case _Event("Complaint", complaint=_Complaint(recipients, at, feedback, of_kind)):
            recipients = [] if feedback == _NOT_SPAM else recipients
            return [_refusal(each, COMPLAINT, feedback or of_kind or "", at) for each in recipients]
    raise ValueError(f"{event.event_type} is no event that we asked for, or lacks its half")


def _refusal(recipient: _Recipient, kind: str, why: str, at: datetime) -> Refusal:
    address = parseaddr(recipient.email_address)[1]
    if "@" not in address:
        raise ValueError("a recipient has no address")
    return Refusal(address, kind, why, int(at.timestamp() * 1000))
