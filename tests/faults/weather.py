"""What can go wrong in a scenario: each fault at each of its cells, and each pair. Runs them, in several processes."""

import itertools
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from tests.faults import scenarios
from tests.faults.place import worlds
from tests.faults.seams import (
    APPLIED,
    CRASH_AFTER,
    CRASH_BEFORE,
    FAULTS,
    LATE,
    NOT_APPLIED,
    REPEATED,
    THROTTLED,
    TWICE,
    Cell,
)


class Run(NamedTuple):
    """What a scenario came to with these faults: what was wrong, what happened in which order, what rights it took."""

    planned: dict
    wrong: list
    seen: list
    rights: set
    dead: dict


def once(name, planned=None, *, as_ever=True):
    planned = planned or {}
    scenario = scenarios.SCENARIOS[name]
    world = scenario.run(planned)
    dead = {
        queue: len(bodies)
        for queue in world.queues.names
        if queue.endswith("-dlq")
        if (bodies := world.queues.bodies(queue))
    }
    return Run(planned, scenarios.wrong(world, scenario, as_ever=as_ever), world.seams.seen, world.rights, dead)


def singles(name):
    """Each fault at each cell of a scenario: the calm run first."""
    calm = once(name)
    yield calm
    for cell, fault in itertools.product(dict.fromkeys(calm.seen), FAULTS):
        yield once(name, {cell: fault})


def pairs(name, firsts=1, seconds=1):
    """Each pair of faults that are not like others, where the second comes after the first; or of each only one in so many.

    Which cells there are for the second is what happened with the first alone.
    """
    calm = once(name)
    for cell, fault in _faults(calm.seen)[::firsts]:
        seen = once(name, {cell: fault}).seen
        for second, another in _faults(seen[seen.index(cell) + 1 :])[::seconds]:
            yield once(name, {cell: fault, second: another}, as_ever=False)


def _faults(cells):
    return [(cell, fault) for cell in cells for fault in unlike(cell)]


_READS = ("GetItem", "Query", "GetQueueUrl", "GetSecretValue", "stripe GET")


def unlike(cell: Cell):
    """The faults of a cell that differ in what comes of them.

    Dying before a call is dying after the one before it, or at its delivery. To a delivery, not having begun is always the same, and so is
    not having told. A call that changes nothing is done or not, and nobody can tell.
    """
    _, is_call, what = cell.name.partition(": ")
    if not is_call:
        return (CRASH_BEFORE, CRASH_AFTER, TWICE, LATE)
    if any(read in what for read in _READS):
        return (CRASH_AFTER, NOT_APPLIED, TWICE)
    return (CRASH_AFTER, THROTTLED, APPLIED, REPEATED, NOT_APPLIED, TWICE, LATE)


class Summary(NamedTuple):
    """Of many runs of a scenario."""

    runs: int
    wrong: dict
    """Promises by the faults that broke them."""
    names: set
    rights: set
    dead: dict


def summary(runs):
    count, wrong, names, rights, dead = 0, {}, set(), set(), {}
    for run in runs:
        count += 1
        faults = tuple((*cell, fault) for cell, fault in run.planned.items())
        names |= {cell.name for cell in run.seen}
        rights |= run.rights
        if run.wrong:
            wrong[faults] = run.wrong
        if run.dead:
            dead[faults] = run.dead
    return Summary(count, wrong, names, rights, dead)


def _summary_of(kind, name, *given):
    return summary(kind(name, *given))


def everywhere(kind, *given):
    """The summary of each scenario: the longest first, each in a process of its own."""
    context = multiprocessing.get_context("spawn")  # a fork would take over locks of other tests' threads
    with ProcessPoolExecutor(os.cpu_count(), context, _stay) as pool:
        asked = {name: pool.submit(_summary_of, kind, name, *given) for name in scenarios.SCENARIOS}
        return {name: found.result() for name, found in asked.items()}


def _stay():
    """A process that does nothing else."""
    _KEPT.append(worlds())
    _KEPT[0].__enter__()


_KEPT = []
