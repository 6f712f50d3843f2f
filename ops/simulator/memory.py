from typing import NamedTuple

from ops.simulator.fans import Fans
from ops.simulator.faults import Faults
from ops.simulator.page_profile import PageProfile
from ops.simulator.sends import Sends
from ops.simulator.slack.workspace import Workspaces


class Memory(NamedTuple):
    """All that the simulator knows; it is gone when the program ends."""

    fans: Fans
    sends: Sends
    faults: Faults
    profile: PageProfile
    workspaces: Workspaces
