"""Mails at the pace that SES allows an account: in its sandbox 1 a second and 200 a day.

Nobody waits here: who comes too early is told when to come again.
https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
"""

from typing import Protocol

from chalicelib.aws.mails import Mail, OverQuota, TooFast
from chalicelib.batch import Later
from chalicelib.clock import Clock
from chalicelib.logs import Log
from chalicelib.pace import Pace, Pause
from chalicelib.users.model import deliverable

TOO_FAST = 5
"""Seconds that this function then pauses: others send, too."""
OVER_QUOTA = 2 * 3600
"""Seconds. The day of the quota is the last 24 hours, whenever they began."""

SENT, OVER = "sent", "over_quota"


class Mailer(Protocol):
    def send(self, mail: Mail) -> None:
        """Send it, or raise `Unavailable` where it was not sent, `InDoubt` where nobody knows."""


class PacedMailer:
    """A `Mailer` that also raises `batch.Later`: nothing was sent, and the mail is to come again.

    It takes an address in any letters that `Mailing.may_mail` allows.
    """

    def __init__(self, mailer: Mailer, per_second: float, clock: Clock, log: Log) -> None:
        self._mailer = mailer
        self._pace = Pace(per_second, clock)
        self._pause = Pause(clock)
        self._log = log

    def send(self, mail: Mail) -> None:
        self._pause.check()
        self._pace.check(1)
        try:
            self._mailer.send(mail._replace(to=deliverable(mail.to)))
        except TooFast:
            raise self._pause.begin(TOO_FAST, "SES: too fast") from None
        except OverQuota:
            self._log("mail", mails=1, outcome=OVER)
            raise Later(OVER_QUOTA, "SES: over the day's quota") from None
        self._log("mail", mails=1, outcome=SENT)
