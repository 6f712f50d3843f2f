"""For every test: no way to a real AWS account, none to the network, and the fixtures of local_runtime.py, clones.py and operators.py."""

import os
import sys

from hypothesis import settings

from ops.local.environment import isolated

settings.register_profile(
    "guestlist",
    deadline=None,  # the machine may be busy
    max_examples=100,
    derandomize="CI" in os.environ,  # there, a change must not fail by what nobody changed
)
settings.load_profile("guestlist")

pytest_plugins = ["tests.local_runtime", "tests.clones", "tests.operators"]

NOWHERE = "http://127.0.0.1:1"
"""Nothing listens there: a test that forgets to ask for an emulator gets no AWS at all."""

isolation = isolated(os.environ, NOWHERE)
os.environ.clear()
os.environ.update(isolation)


def refuse_the_world(event, arguments):
    """An audit hook: sees each connection that this process makes, whatever library makes it, and cannot be removed."""
    if event == "socket.connect":
        host = arguments[1][0] if isinstance(arguments[1], tuple) else "localhost"  # else a Unix socket's path
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if host not in (None, "", "localhost", "::1", b"localhost") and not str(host).startswith("127."):
        raise ConnectionRefusedError(f"Tests reach this machine only, not {host}")


sys.addaudithook(refuse_the_world)
