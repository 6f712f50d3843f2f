"""`python -m ops report`: the daily report of a campaign, to look at, or to send to those who have not got it."""

import contextlib
import sys
import time
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from chalicelib import clock, wiring
from chalicelib.aws.mails import Mail
from chalicelib.batch import Later
from chalicelib.campaigns.model import Campaign, Reader
from chalicelib.campaigns.validation import LANGUAGES
from chalicelib.errors import InDoubt
from chalicelib.reports import days
from chalicelib.reports.model import Task, reader_id, zone_of
from ops import stages
from ops.stages import Stage

PATIENCE = 60
"""Seconds that SES may have us wait for a mail."""


@click.command(cls=stages.Command)
@click.option("--campaign", "campaign_id", required=True, metavar="ID")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day that it is of; yesterday unless given")
@click.option("--language", type=click.Choice(LANGUAGES), help="To look at it in; the first reader's unless given")
@click.option(
    "--preview",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE.html",
    help="Write the mail there. Without it and --send, its text is printed",
)
@click.option("--send", is_flag=True, help="Send it to the campaign's readers who have not got it, whatever the hour")
@click.option("--again", is_flag=True, help="With --send: also to those of whom nobody knows whether they have got it")
@stages.option
def report(
    campaign_id: str,
    day: datetime | None,
    language: str | None,
    preview: Path | None,
    stage: Stage,
    *,
    send: bool,
    again: bool,
) -> None:
    """Show the report of a campaign's day, write it to a file, or send it. docs/reports.md says what is in it."""
    if (send and (preview or language)) or (again and not send):
        raise click.UsageError("--send goes alone, or with --again: every reader gets it in their own language")
    campaign = stage.campaigns.get(campaign_id)
    of = day.date() if day else _yesterday(campaign)
    if send:
        _send(campaign, of, again=again)
        return
    mail = previewed(campaign, of, language)
    if preview:
        preview.write_text(mail.html)
        click.echo(f"{mail.subject}\n{preview} is what its HTML looks like.")
    else:
        click.echo(f"{mail.subject}\n\n{mail.text}", nl=False)


def previewed(campaign: Campaign, of: date, language: str | None) -> Mail:
    """The mail that the first reader gets; or somebody, where nobody reads it yet."""
    reader = next(iter(campaign.reports), Reader(email="reader@example.com"))
    spoken = next((known for known in LANGUAGES if known == language), reader.language)
    as_asked = Reader(email=reader.email, name=reader.name, timezone=reader.timezone, language=spoken)
    return wiring.report_mails().written(campaign.campaign_id, of, as_asked)


def _yesterday(campaign: Campaign) -> date:
    zone = ZoneInfo(campaign.timezone)
    return days.before(days.current(clock.system(), zone), zone)


def _send(campaign: Campaign, of: date, *, again: bool) -> None:
    if not campaign.reports:
        raise click.ClickException(
            f"Nobody reads the reports of {campaign.campaign_id}: its field `reports` names them"
        )
    doubts = 0
    for reader in campaign.reports:
        task = Task(campaign.campaign_id, of, reader_id(reader))
        if not days.is_over(of, ZoneInfo(zone_of(campaign, reader)), clock.system()):
            with contextlib.redirect_stdout(sys.stderr):  # the log
                wiring.mailer().send(wiring.report_mails().written(campaign.campaign_id, of, reader))
            click.echo(f"{reader.email}: sent, as the day stands by now. The whole of it comes the morning after")
            continue
        if again:
            wiring.report_once().settle(task.campaign_id, task.act, done=False)
        try:
            told = "sent" if _sent(task) else "not sent: they have it, or want no mails"
        except InDoubt as doubt:
            doubts, told = doubts + 1, f"{doubt}. --send --again sends it, perhaps for the second time"
        click.echo(f"{reader.email}: {told}")
    if doubts:
        raise SystemExit(1)


def _sent(task: Task) -> bool:
    """Whether it was sent, at the pace that SES allows."""
    while True:
        try:
            with contextlib.redirect_stdout(sys.stderr):  # the log
                return wiring.report_mails().send(task)
        except Later as later:
            if later.seconds > PATIENCE:
                raise click.ClickException(f"{later}: try again in {later.seconds} seconds") from None
            time.sleep(later.seconds)
