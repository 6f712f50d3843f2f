"""Sends a report that was asked for to the reader that it is for: at most once, whatever fails and however often it is asked for."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from chalicelib.aws.mails import Mail
from chalicelib.campaigns.model import Reader, Stored
from chalicelib.errors import NotFound
from chalicelib.logs import Log
from chalicelib.reactions.once import Once
from chalicelib.reports.letters import Letters, Way
from chalicelib.reports.model import Task, reader_id, zone_of
from chalicelib.reports.service import Reports


class Campaigns(Protocol):
    def stored(self, campaign_id: str) -> Stored: ...


class Addresses(Protocol):
    def may_mail(self, address: str, of_list: str) -> bool: ...
    def unsubscribe_url(self, address: str, of_list: str) -> str: ...
    def unsubscribe_headers(self, address: str, of_list: str) -> Sequence[tuple[str, str]]: ...


class Mailer(Protocol):
    def send(self, mail: Mail) -> None:
        """Send it, or raise `Unavailable` or `Later` where it was not sent, `InDoubt` where nobody knows."""


class ReportMails:
    """`once` marks what was sent, under the campaign's id."""

    def __init__(
        self,
        campaigns: Campaigns,
        reports: Reports,
        addresses: Addresses,
        mailer: Mailer,
        *,
        letters: Letters,
        once: Once,
        log: Log,
    ) -> None:
        self._campaigns = campaigns
        self._reports = reports
        self._addresses = addresses
        self._mailer = mailer
        self._once = once
        self._log = log
        self._letters = letters

    def send(self, task: Task) -> bool:
        """At most once; whether it was sent now. Nothing is sent of a deleted campaign, nor to who is no reader, or wants no mail."""
        try:
            reader = self._reader(task)
        except NotFound:
            self._log("no_report", campaign=task.campaign_id, reason="nobody reads it any more")
            return False
        if not self._addresses.may_mail(reader.email, task.campaign_id):
            self._log("no_report", campaign=task.campaign_id, reason="refused")
            return False
        mail, sent = self.written(task.campaign_id, task.day, reader), []

        def send() -> None:
            self._mailer.send(mail)
            sent.append(mail)

        self._once.at_most(task.campaign_id, task.act, send)
        if sent:
            self._log("report", campaign=task.campaign_id, day=task.day.isoformat())
        return bool(sent)

    def written(self, campaign_id: str, day: date, reader: Reader) -> Mail:
        """The mail, as this reader gets it."""
        campaign = self._campaigns.stored(campaign_id).campaign
        report = self._reports.of(campaign_id, day, zone_of(campaign, reader))
        way = Way(
            self._addresses.unsubscribe_url(reader.email, campaign_id),
            tuple(self._addresses.unsubscribe_headers(reader.email, campaign_id)),
        )
        return self._letters.write(report, reader, way)

    def _reader(self, task: Task) -> Reader:
        readers = self._campaigns.stored(task.campaign_id).campaign.reports
        for reader in readers:
            if reader_id(reader) == task.reader:
                return reader
        raise NotFound("Nobody of that name reads this report")
