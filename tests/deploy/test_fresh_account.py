"""An account that has nothing of a stage yet."""

from ops.deploy import template
from ops.deploy.stacks import LONGEST_BODY


def test_a_dry_run_tells_all_that_would_be_made_and_leaves_nothing(tmp_path, start_emulator, built):
    """The alarms' template, too, though it is too long for a request, and the bucket that it would go by is not there."""
    clone = built.copy(tmp_path, start_emulator())
    assert len(template.MONITORING.read_bytes()) > LONGEST_BODY
    printed = clone.quickly("deploy", "--stage", "staging", "--dry-run")
    for stack, path in (
        ("guestlist-staging", template.RESOURCES),
        ("guestlist-staging-monitoring", template.MONITORING),
    ):
        for name, resource in template.read(path)["Resources"].items():
            assert f"{stack}: add {name} ({resource['Type']})" in printed or "Condition" in resource
    assert "function guestlist-staging-bot: add" in printed
    assert clone.left() == set()
