"""`python -m ops bench` measures everything that it promises. What it measures is judged by people, not here."""

import json
import os
import subprocess
import sys

from ops.local import launch


def test_a_quick_run_shows_every_figure_as_a_table_and_as_json(tmp_path):
    file = tmp_path / "figures.json"
    ended = subprocess.run(  # noqa: S603  # ours
        [sys.executable, "-m", "ops", "bench", "--quick", "--json", str(file)],
        env=os.environ,
        cwd=launch.PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    report = json.loads(file.read_text())
    assert {row["function"] for row in report["rows"]} == {
        *("webhook", "bot", "one call to SQS"),
        *("packaged webhook", "packaged bot"),
    }
    for row in report["rows"]:
        assert row["figures"]["guestlist"]["median"] > 0
        assert row["ratios"], row
    facts = {fact["what"]: fact["value"] for fact in report["facts"]}
    assert facts["webhook: SendMessageBatch a message"] == 1
    assert facts["From webhook to reply, a fan alone: median"] > 0
    assert facts["The local run's memory (PSS)"] > 50
    assert facts["Uploaded when a library changes: the layer"] > 1
    assert "x Chalice + boto3" in ended.stdout
    assert "The local run is ready" in ended.stdout
