"""The queue that SES's events come by: who cannot be reached, or complained, is mailed no more."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from chalicelib import batch
from chalicelib.logs import Log
from chalicelib.mailing.events import refusals


class Refusing(Protocol):
    def refuse(self, address: str, why: str, at: int) -> bool:
        """Mail nothing there any more; whether that is news."""


class MailEvents:
    def __init__(self, queue: batch.Queue, mailing: Refusing, log: Log) -> None:
        self._queue = queue
        self._mailing = mailing
        self._log = log

    def handle(self, event: Mapping[str, Any], remaining: Callable[[], int]) -> batch.Failures:
        """Handle an SQS event; see `batch.process`."""
        return batch.process(event, remaining, self._queue, self._handled)

    def _handled(self, record: batch.Record) -> None:
        for refusal in refusals(record.body):
            if self._mailing.refuse(refusal.address, f"{refusal.kind}: {refusal.why}", refusal.at):
                self._log("mail", mails=1, outcome=refusal.kind, why=refusal.why)
