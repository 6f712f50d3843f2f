"""What the tests of the platforms' senders share."""

import contextlib

import requests

from tests.fakes.clock import Clock


class Bench:
    """For a sender at a platform on this machine: with its session, its clock and its log in hand."""

    def __init__(self):
        self.clock = Clock(1_795_340_000.0)
        self.lines = []
        self.session = requests.Session()

    def log(self, event, **fields):
        self.lines.append((event, fields))


@contextlib.contextmanager
def benches(kind, platform):
    """Makes benches of a kind at a platform, by their options; all are closed in the end."""
    with contextlib.ExitStack() as open_sessions:

        def make(**options):
            bench = kind(platform, **options)
            open_sessions.enter_context(bench.session)
            return bench

        yield make
