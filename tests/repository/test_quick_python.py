"""Programs that `tests.quick_python` starts behave like those of `python` itself."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests import quick_python

TELLS = """
import json, os, sys
mask = os.umask(0)
loaded = [name for name in sys.modules if name.startswith(("classroom_admin", "django.contrib", "tests."))]
print(json.dumps([sys.argv, dict(os.environ), os.getcwd(), mask, loaded, sys.stdin.read()], sort_keys=True))
print("a problem", file=sys.stderr)
sys.exit(3)
"""


def test_program_has_only_what_it_is_given(tmp_path: Path) -> None:
    """It begins without the product's modules, so it reads its own settings."""
    done = quick_python.run("-c", TELLS, "a", env={"X": "é"}, cwd=tmp_path, given="in", umask=0o027)
    expected = f'[["-c", "a"], {{"X": "\\u00e9"}}, "{tmp_path}", {0o027}, [], "in"]\n'
    assert (done.returncode, done.stderr) == (3, "a problem\n")
    assert done.stdout == expected


def test_error_and_module_are_like_those_of_python() -> None:
    failed = quick_python.run("-c", "1/0", env={})
    assert failed.returncode == 1
    assert failed.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert quick_python.run("-m", "json", "nothing", env={}).returncode != 0


def test_program_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    code = (
        f"import os, pathlib, time; pathlib.Path({str(told)!r}).write_text(str(os.getpid())); time.sleep(99)"
    )
    with pytest.raises(subprocess.TimeoutExpired):
        quick_python.run("-c", code, env={}, timeout_s=5)
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


def test_started_program_can_be_stopped() -> None:
    with Path(os.devnull).open("r+b") as nothing:
        program = quick_python.start(
            "-c", "import time; time.sleep(99)", env={}, streams=(nothing.fileno(),) * 3
        )
    assert program.poll() is None
    program.send_signal(signal.SIGTERM)
    assert program.wait(60) == program.poll() == -signal.SIGTERM
