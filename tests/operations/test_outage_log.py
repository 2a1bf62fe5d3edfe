"""An outage of PostgreSQL does not fill the log: each error is written once, and then counted."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.environment.test_variables import ROOT

MOST_LINES = 100
SECONDS = 12


@pytest.mark.long
@pytest.mark.timeout(600)
def test_outage_of_the_database_writes_few_lines_and_every_error() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "scripts/services"),
            *(sys.executable, "-m", "tests.operations.outage", str(SECONDS)),
        ],
        cwd=ROOT, capture_output=True, text=True, timeout=580, check=False,
    )  # fmt: skip
    if "Needs PostgreSQL" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["answers"].get("500", 0) > 50, "people saw the outage"
    assert found["lines"] <= MOST_LINES
    assert found["repeated"] > 100
    written = [event for _, _, event, exception in found["errors"] if exception]
    for task in ("sync.poll", "actions.run_promised", "sync.fold_due", "audit.link"):
        assert any(task in event for event in written), task
    assert {part for part, _, _, exception in found["errors"] if exception} >= {"web", "poll", "worker"}
