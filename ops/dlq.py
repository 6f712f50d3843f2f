"""`python -m ops dlq`: what a stage's queues have given up, and its way back."""

import contextlib
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TextIO, get_args

import click

from chalicelib import clock
from chalicelib.reactions import listeners
from chalicelib.reactions.once import AT_IT, Act, Mark
from ops import stages
from ops.dead_letters import BATCH, HOLD, Destination, Letter, Nowhere, Queue, look, move
from ops.deploy import template
from ops.replay import StreamFunction
from ops.stages import Json, Stage

LOOK = 100
"""Dead letters of each queue that `list` looks at for the oldest one."""

ACTS: tuple[Act, ...] = get_args(Act)

_queue = click.argument("queue")


@click.group(cls=stages.Commands)
def dlq() -> None:
    """Dead letters: what the queues have given up, and its way back."""


@dlq.command("list")
@stages.option
def list_all(stage: Stage) -> None:
    """List the dead-letter queues: how many messages wait there, how many a command holds right now, how old the oldest is."""
    now, there = clock.system(), _queues(stage)
    rows, missing = [("queue", "waiting", "held", "oldest")], []
    for name, (dead, _) in _names(stage).items():
        if dead not in there:
            missing.append(dead)
            continue
        waiting, held = there[dead].count()
        ages = [now - letter.sent / 1000 for letter in look(there[dead], min(waiting, LOOK))]
        more = "≥ " if len(ages) < waiting else ""
        rows.append((name, str(waiting), str(held), f"{more}{_age(max(ages))}" if ages else "-"))
    _table(rows)
    if missing:
        raise _not_deployed(stage, missing)


@dlq.command()
@_queue
@click.option("--bodies", is_flag=True, help="Show what the messages say, too: personal data")
@click.option("--limit", type=click.IntRange(min=1), default=LOOK, show_default=True, help="Show so many at most")
@stages.option
def show(queue: str, limit: int, stage: Stage, *, bodies: bool) -> None:
    """Show a QUEUE's dead letters, and leave them where they are: id, age, size, message group. Exit code 1 when some could not be seen."""
    dead, _ = _pair(stage, queue)
    now, there = clock.system(), sum(dead.count())
    letters = look(dead, limit)
    if letters:
        rows = [
            (letter.id, _age(now - letter.sent / 1000), f"{letter.size} B", letter.group or "-") for letter in letters
        ]
        _table([("id", "age", "size", "group"), *rows])
    for letter in letters if bodies else ():
        click.echo(f"\n{letter.id}\n{letter.body}")
    if not there and not letters:
        click.echo(f"{dead.name} is empty.")
    if len(letters) < min(there, limit):
        raise click.ClickException(
            f"{there} are there, {len(letters)} could be seen: others are held by another command, for up to {HOLD} seconds, "
            f"or come after {BATCH} of their message group"
        )


@dlq.command()
@_queue
@click.option("--id", "ids", multiple=True, metavar="ID", help="Move this one only; can be given several times")
@click.option("--limit", type=click.IntRange(min=1), help="Move so many at most, the first ones")
@stages.option
def redrive(queue: str, ids: tuple[str, ...], limit: int | None, stage: Stage) -> None:
    """Move a QUEUE's dead letters back to where they failed, in order. Can be interrupted and run again: nothing gets lost.

    What a stream's function has given up is handed to it again. Mend first what they failed by; those that fail again meanwhile are left.
    Exit code 0 when all that were asked for have been moved.
    """
    dead, destination = _pair(stage, queue)
    wanted = min(len(set(ids)) or sum(dead.count()), limit or sys.maxsize)
    moved = _moved(dead, destination, wanted, ids=ids, limit=limit or sys.maxsize)
    if len(moved) < wanted:
        left = "".join(f"\n  {one}" for one in dict.fromkeys(ids) if one not in moved)
        raise click.ClickException(
            f"{wanted - len(moved)} of {wanted} could not be had: {'moved before, ' if ids else ''}held by another command "
            f"for up to {HOLD} seconds, or behind {BATCH} others of the same message group{left}"
        )


@dlq.command()
@_queue
@click.option("--order", "order_id", metavar="ID", help="Of this order alone")
@click.option("--done/--again", default=None, help="It was done: delete the letter. Or: do it again")
@stages.option
def settle(queue: str, order_id: str | None, stage: Stage, *, done: bool | None) -> None:
    """Decide about mails or alerts that were begun, and of which nobody knows whether they were done. The QUEUE is send-email or alert.

    Shows what is known of each order; with --done or --again, its letter is deleted, or done again. What is known to be done is not done
    again. Can be run twice.
    """
    short = _short(queue, stage.name)
    act = next((act for act in ACTS if act == short), None)
    if act is None:
        raise click.BadParameter(f"only {' and '.join(ACTS)} can be in doubt: redrive {short}", param_hint="QUEUE")
    if done is not None and not order_id:
        raise click.UsageError("Name the order, by --order")
    dead, source = _pair(stage, queue)
    letters, now = _by_order(look(dead, sys.maxsize)), clock.system()
    marks = {each: stage.once.mark(each, act) for each in ([order_id] if order_id else letters)}
    _table([("order", "letters", act), *((each, str(len(letters[each])), _known(marks[each], now)) for each in marks)])
    if done is None or not order_id:
        return
    mark, ids = marks[order_id], [letter.id for letter in letters[order_id]]
    if not ids and not (mark and (done or mark.is_done)):
        raise click.ClickException(
            f"{dead.name} has no letter of it, or another command holds it for up to {HOLD} seconds"
        )
    stage.once.settle(order_id, act, done=done)
    mark = stage.once.mark(order_id, act)
    click.echo(f"{act} of {order_id} is {_known(mark, clock.system())}.")
    if ids:  # to `move`, none would be all
        moved = _moved(dead, Nowhere() if mark and mark.is_done else source, len(ids), ids=ids)
        if len(moved) < len(ids):
            raise click.ClickException(f"{len(ids) - len(moved)} are held by another command, for up to {HOLD} seconds")


def _by_order(letters: Iterable[Letter]) -> dict[str, list[Letter]]:
    """Those that are events, by their orders."""
    found: dict[str, list[Letter]] = defaultdict(list)
    for letter in letters:
        with contextlib.suppress(ValueError):
            found[listeners.read(letter.body).order.order_id].append(letter)
    return found


def _known(mark: Mark | None, now: float) -> str:
    if mark is None:
        return "not begun"
    ago = now - mark.at / 1000
    if mark.is_done:
        return f"done {_age(ago)} ago"
    return f"begun {_age(ago)} ago" + ("" if ago < AT_IT else ", and nobody knows whether it was done")


# ─── the stage's queues ────────────────────────────────────────────────────────────────────────────────────────────


def names(document: Json, stage: str) -> dict[str, tuple[str, str]]:
    """Of each dead-letter queue in a template, what an operator calls it, its full name, and that of the queue whose messages it takes.

    Dead letters are in queues that give up nothing themselves. What a stream has given up comes from no queue: then that name is empty.
    """
    parts = {
        name: part["Properties"] for name, part in document["Resources"].items() if part["Type"] == "AWS::SQS::Queue"
    }
    full = {name: part["QueueName"]["Fn::Sub"].replace("${Stage}", stage) for name, part in parts.items()}
    policies = {name: part["RedrivePolicy"] for name, part in parts.items() if "RedrivePolicy" in part}
    sources = {policy["deadLetterTargetArn"]["Fn::GetAtt"][0]: full[name] for name, policy in policies.items()}
    return {_short(full[name], stage): (full[name], sources.get(name, "")) for name in parts if name not in policies}


def _short(name: str, stage: str) -> str:
    """`inbound`, of whatever names it: `inbound-dlq`, `inbound.fifo`, `guestlist-prod-inbound-dlq.fifo`."""
    return name.removeprefix(_prefix(stage)).removesuffix(".fifo").removesuffix("-dlq")


def _prefix(stage: str) -> str:
    return f"guestlist-{stage}-"


def _names(stage: Stage) -> dict[str, tuple[str, str]]:
    return names(template.read(template.RESOURCES), stage.name)


def _queues(stage: Stage) -> dict[str, Queue]:
    """By name, those that are in the account; another stage's may be among them (`test` and `test-2`)."""
    urls = stage.sqs.call("ListQueues", QueueNamePrefix=_prefix(stage.name), MaxResults=1000).get("QueueUrls", [])
    return {queue.name: queue for queue in (Queue(stage.sqs, url) for url in urls)}


def _pair(stage: Stage, queue: str) -> tuple[Queue, Destination]:
    """The dead-letter queue that is meant, and where its messages come from: a queue, or a function that follows a stream."""
    known, name = _names(stage), _short(queue, stage.name)
    if name not in known:
        raise click.BadParameter(f"there is no {queue}. There are {', '.join(known)}", param_hint="QUEUE")
    dead, source = known[name]
    there = _queues(stage)
    if missing := [one for one in known[name] if one and one not in there]:
        raise _not_deployed(stage, missing)
    return there[dead], there[source] if source else StreamFunction(stage, name)


def _not_deployed(stage: Stage, missing: Sequence[str]) -> click.ClickException:
    return click.ClickException(f"{stage.name} has no {', no '.join(missing)}: is it deployed, from these files?")


def _moved(
    dead: Queue, destination: Destination, wanted: int, *, ids: Sequence[str] = (), limit: int = sys.maxsize
) -> set[str]:
    """Move dead letters, and say how many; answers their ids. Fails where one was refused."""
    moved: set[str] = set()
    about = "At least "  # when we are interrupted, a round may have been moved that we were not told of
    began = clock.milliseconds(clock.system)
    try:
        with bar(wanted) as advance:

            def tell(letters: Sequence[Letter]) -> None:
                moved.update(letter.id for letter in letters)
                advance(len(letters))

            left = move(dead, destination, tell, began=began, ids=ids, limit=limit)
            about = ""
    finally:
        click.echo(f"{about}{len(moved)} moved from {dead.name} to {destination.name}.")
    if left.later:
        click.echo(f"{left.later} came meanwhile, or failed again, and stay in {dead.name}.")
    if left.refused:
        reasons = "".join(f"\n  {letter}: {reason}" for letter, reason in left.refused.items())
        raise click.ClickException(f"{len(left.refused)} stay. Mend what refuses them, and run it again{reasons}")
    return moved


# ─── what a person sees ────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def bar(
    length: int, stream: TextIO | None = None, now: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, once it takes over two seconds; hands out what to call with the number done."""
    began = now()
    shown = click.progressbar(length=length, label="Moving", file=stream or sys.stderr, show_pos=True, hidden=True)

    def advance(number: int) -> None:
        shown.hidden = now() - began < 2  # noqa: PLR2004  # seconds
        shown.update(number)

    try:
        yield advance
    finally:
        shown.render_finish()


def _age(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
