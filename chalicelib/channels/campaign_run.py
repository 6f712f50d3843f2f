"""What a campaign's times bring about (docs/decisions/0013-waiting-fans.md): every five minutes, late, twice, or beside itself.

Whether fans can play is decided by their turns, to the second. What is left to do here: the campaign's state follows, for those who run it,
and fans who wait are told. They are told by a notice in their conversation's place in the queue, so it races with no message of theirs; and
the list that they are on shortens as they are told, so whoever runs next goes on from there.
"""

import functools
from collections.abc import Callable, Iterator
from itertools import islice

from chalicelib.campaigns.service import Campaigns
from chalicelib.channels.inbox import Inbox
from chalicelib.clock import Clock, milliseconds
from chalicelib.dialogue.model import Message
from chalicelib.dialogue.news import DUE
from chalicelib.dialogue.waiting import Waiting, WaitingList
from chalicelib.errors import NotFound
from chalicelib.ids import digest
from chalicelib.logs import Log

MOST = 30_000
"""Fans that one run tells: 100 a second, a third of what a page of Messenger may send. The rest is for those who play."""
BATCH = 100
RESERVE = 5_000
"""Milliseconds in which a batch is surely in the queue."""

RUN = "run_campaigns"
"""Who did it, in a campaign's record."""


class CampaignRun:
    """Tells at most so many fans in a run."""

    def __init__(
        self, campaigns: Campaigns, waiting: WaitingList, inbox: Inbox, clock: Clock, log: Log, *, most: int = MOST
    ) -> None:
        self._campaigns = campaigns
        self._waiting = waiting
        self._inbox = inbox
        self._clock = clock
        self._log = log
        self._most = most

    def handle(self, remaining: Callable[[], int]) -> None:
        """Run on a schedule; what time is short for comes with the next run."""
        self._campaigns.end_over(RUN)
        self._tell(remaining)

    def _tell(self, remaining: Callable[[], int]) -> None:
        due = functools.cache(self._is_due)
        fans = islice(self._waiting.all(due), self._most)
        told = 0
        while remaining() >= RESERVE and (batch := list(islice(self._notices(fans), BATCH))):
            self._inbox.accept(batch)
            told += len(batch)
        if told:
            self._log("waiting", fans=told)

    def _is_due(self, campaign_id: str, act: str) -> bool:
        """Also of a draft that was deleted: nobody waits for it any more."""
        try:
            opening = self._campaigns.get(campaign_id).opening(self._clock())
        except NotFound:
            return True
        return any(opening in openings for known, openings in DUE.items() if known == act)

    def _notices(self, fans: Iterator[Waiting]) -> Iterator[Message]:
        """One for each, with an id that is the wait's own: a fan who waits once is told once, whoever finds them on the list how often."""
        for fan in fans:
            notice_id = f"{fan.act}:{fan.campaign}:{fan.since}"
            yield Message(
                fan.conversation,
                notice_id,
                milliseconds(self._clock),
                kind="notice",
                payload=fan.act,
                campaign=fan.campaign,
                trace=digest(fan.conversation, notice_id),
            )
