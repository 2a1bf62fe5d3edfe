"""Run the commands of `manage.py` for the browser tests in one process, because each start takes seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Console:
    """A process that runs one command after the other. It starts with the first command."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self._process: subprocess.Popen[str] | None = None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` with these arguments. An exception ends the process, and the next command starts
        another one.
        """
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                cwd=ROOT, env=self.environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(arguments) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            self.close()
            return subprocess.CompletedProcess(
                arguments, 1, "", "The traceback is in the output of the test."
            )
        code, said, errors = json.loads(answer)
        return subprocess.CompletedProcess(arguments, code, said, errors)

    def close(self) -> None:
        if self._process:
            self._process.communicate(timeout=30)
            self._process = None


def _code_of(arguments: list[str]) -> int:
    """Run a command and return its exit code."""
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(["manage.py", *arguments])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "classroom_admin.settings")
    answers = sys.stdout
    for line in sys.stdin:
        with redirect_stdout(StringIO()) as said, redirect_stderr(StringIO()) as errors:
            code = _code_of(json.loads(line))
        answers.write(json.dumps([code, said.getvalue(), errors.getvalue()]) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
