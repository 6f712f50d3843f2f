import pytest

from tests.unit.simulator.fake_application import a_simulator


@pytest.fixture(scope="module")
def running():
    with a_simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running):
    """A simulator that has forgotten what the last test did."""
    running.app.webhooks.clear()
    running.app.statuses.clear()
    running.app.answer = None
    running.app.slack.clear()
    running.delete("/messages")
    running.delete("/faults")
    return running
