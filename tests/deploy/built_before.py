"""`python -m ops`, with the package that is there already: building it takes most of a deploy's time, and asks AWS for nothing."""

import sys

sys.path.insert(0, "")  # the clone in which it is run

from ops.__main__ import ops
from ops.deploy import steps

[package] = [number for number, step in enumerate(steps.DEPLOY) if step.title == "package"]
steps.DEPLOY[package] = steps.Step("package", lambda _: "built before")

if __name__ == "__main__":
    ops(prog_name="python -m ops")
