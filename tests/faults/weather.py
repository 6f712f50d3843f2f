"""What can go wrong in a scenario: each fault at each of its cells, and each pair. Runs them, in several processes."""

import itertools
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import coverage

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


def pairs(firsts=1, of=1):
    """The plans of each pair of a fault and a later one, once, in the first scenario that has it: by scenario.

    Of the first faults only one in so many, and `of` those pairs again only one in so many.
    """
    planned = {}
    for name, found in _everywhere(_pairs_in, dict.fromkeys(scenarios.SCENARIOS, firsts)).items():
        for pair, plan in found.items():
            planned.setdefault(pair, (name, plan))
    plans = {name: [] for name in scenarios.SCENARIOS}
    for name, plan in list(planned.values())[::of]:
        plans[name].append(plan)
    return plans


def _pairs_in(name, firsts):
    """Each pair that a scenario has, by what makes it one, where it is first. What can fail second is what happens with the first alone."""
    found = {}
    for cell, fault in _faults(once(name).seen)[::firsts]:
        seen = once(name, {cell: fault}).seen
        for second, another in _faults(seen[seen.index(cell) + 1 :]):
            found.setdefault((cell.name, fault, second.name, another), {cell: fault, second: another})
    return found


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


def of_singles():
    """The summary of each scenario's single faults."""
    return _everywhere(_singles_of, dict.fromkeys(scenarios.SCENARIOS))


def of_pairs(plans):
    """The summary of each scenario with two faults, as they are planned."""
    return _everywhere(_pairs_of, plans)


def _singles_of(name, _):
    return summary(singles(name))


def _pairs_of(name, plans):
    return summary(once(name, plan, as_ever=False) for plan in plans)


def _everywhere(find, given):
    """What there is to find in each scenario, with what is given for it; each in a process of its own."""
    context = multiprocessing.get_context("spawn")  # a fork would take over locks of other tests' threads
    with ProcessPoolExecutor(os.cpu_count(), context, _stay) as pool:
        asked = {name: pool.submit(find, name, of_it) for name, of_it in given.items()}
        return {name: found.result() for name, found in asked.items()}


def _stay():
    """A process that does nothing else: not measure either, which takes as long again, and other tests reach all of it."""
    if measuring := coverage.Coverage.current():
        measuring.stop()
    _KEPT.append(worlds())
    _KEPT[0].__enter__()


_KEPT = []
