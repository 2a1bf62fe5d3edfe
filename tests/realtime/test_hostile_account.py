"""One account that asks for as much as it can must not make the pages of others slow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.long
@pytest.mark.timeout(300)
def test_others_are_not_slower_beside_a_hostile_account() -> None:
    ran = subprocess.run(
        [sys.executable, "bench/hostile_account.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
