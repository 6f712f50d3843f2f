"""Everything between the schedule and the mail, in memory: its tables, its queue, and the readers' boxes."""

import math
from datetime import UTC, datetime

from chalicelib import ids
from chalicelib.campaigns.service import Campaigns
from chalicelib.campaigns.store import CampaignStore
from chalicelib.campaigns.validation import decode
from chalicelib.errors import InDoubt, Unavailable
from chalicelib.reactions.listeners import OnceReaction
from chalicelib.reactions.once import Once
from chalicelib.reports.attention import LowStock, SilentChannels, UnreachableFans
from chalicelib.reports.letters import Letters
from chalicelib.reports.mails import ReportMails
from chalicelib.reports.model import task
from chalicelib.reports.rounds import Rounds
from chalicelib.reports.service import Reports
from chalicelib.reports.store import Asked
from chalicelib.statistics.model import Statistics
from tests.builders import a_campaign_document
from tests.fakes.clock import Clock
from tests.fakes.queue import MemoryQueue
from tests.fakes.table import MemoryTable


def moment(text):
    """Seconds since the epoch of `2026-11-30T08:00`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


LETTERS = Letters()
"""One for all: it reads its templates once."""


class Counters:
    """Statistics as a test says; each call is a read of a constant number of items."""

    def __init__(self):
        self.by_day = {}
        self.of_all = Statistics()
        self.asked = []

    def between(self, campaign_id, start, end):
        self.asked.append((campaign_id, start, end))
        return self.by_day.get(start.date().isoformat(), Statistics())

    def total(self, campaign_id, zone):
        return self.of_all


class Products:
    products = ()

    def page(self, after, limit):
        return list(self.products), ""


class Addresses:
    def __init__(self):
        self.refused = set()

    def may_mail(self, address, of_list):
        return (address, of_list) not in self.refused

    def unsubscribe_url(self, address, of_list):
        return f"https://guestlist.example/unsubscribe/{of_list}"

    def unsubscribe_headers(self, address, of_list):
        return (("List-Unsubscribe", f"<{self.unsubscribe_url(address, of_list)}>"),)


class Mailer:
    """Keeps what it sends; the next sends fail as `plan` says: `refused`, `lost` (sent, and nobody knows), or a process that `dies`."""

    def __init__(self):
        self.sent = []
        self.plan = []

    def send(self, mail):
        fault = self.plan.pop(0) if self.plan else ""
        if fault == "refused":
            raise Unavailable("SES: refused")
        self.sent.append(mail)
        if fault == "lost":
            raise InDoubt("SES: no answer")
        if fault == "dies":
            raise KilledError

    def boxes(self):
        """The subjects in each box."""
        found = {}
        for mail in self.sent:
            found.setdefault(mail.to, []).append(mail.subject)
        return found


class KilledError(BaseException):
    """The process is gone: nothing is caught."""


class Office:
    def __init__(self, once=Once):
        self.once = once
        self.clock, self.lines = Clock(moment("2026-01-01T12:00")), []
        self.table, self.kept = MemoryTable(), MemoryTable()
        self.campaigns = Campaigns(CampaignStore(self.table), self.clock)
        self.counters, self.products, self.addresses, self.mailer = Counters(), Products(), Addresses(), Mailer()
        self.queue, self.parked = MemoryQueue(), MemoryQueue()
        self.asked = Asked(self.kept)
        watches = (UnreachableFans(), LowStock(self.products), SilentChannels())
        self.reports = Reports(self.campaigns, self.counters, watches, self.clock)

    def log(self, event, **fields):
        self.lines.append({"event": event, **fields})

    def announce(self, **changes):
        """Keep a campaign; fields as in JSON."""
        campaign = decode(a_campaign_document(**{"reports": [{"email": "anna@example.org"}], **changes}))
        self.campaigns.save(campaign)
        return campaign

    def round(self, at, remaining=lambda: math.inf):
        """The schedule runs at this time (UTC)."""
        self.clock.now = moment(at) if isinstance(at, str) else at
        Rounds(self.campaigns, self.asked, self.queue, self.clock, self.log).make(remaining)

    def rounds(self):
        """What the last round told of itself."""
        return [line for line in self.lines if line["event"] == "report_round"][-1]

    def mails(self):
        once = self.once(self.kept, self.clock, ids.unguessable, "report")
        return ReportMails(
            self.campaigns, self.reports, self.addresses, self.mailer, letters=LETTERS, once=once, log=self.log
        )

    def post(self, rounds=1):
        """The queue's function runs on all that waits, in a new container each time; whether all is done."""
        for _ in range(rounds):
            handler = OnceReaction(self.queue, self.parked, self.mails().send, self.log, task)
            failures = handler.handle(self.queue.event(), lambda: 1_000_000)["batchItemFailures"]
            self.queue.keep({int(failure["itemIdentifier"]) for failure in failures})
        return not self.queue.messages

    def day(self, at):
        """A round, and all its mails."""
        self.round(at)
        return self.post()
