"""Measure the demo's first and second start, beside the limits of this machine.

The script prints a table. It exits with 1 if a start failed or the median took longer than its goal.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from live_parts import family, pss_mb

ROOT = Path(__file__).resolve().parent.parent
GOALS_S = {"first": 5.0, "second": 3.0}
ROUNDS = 3
WAIT_S = 60.0


def timed(code: str) -> float:
    """Run `code` in a new interpreter five times. Return the shortest time (s)."""
    found = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
        found.append(time.perf_counter() - began)
    return min(found)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Demo:
    """A demo that runs until the `with` block ends."""

    def __init__(self, data_dir: str) -> None:
        self.port = free_port()
        env = os.environ | {"DATA_DIR": data_dir, "PORT": str(self.port), "PYTHONUNBUFFERED": "1"}
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def seconds_until(self, words: str) -> float:
        """Return the seconds until a line contains `words`. Raise RuntimeError if the demo ends first."""
        said = []
        for line in self.process.stdout or ():
            said.append(line)
            if words in line:
                return time.perf_counter() - self.began
            if time.perf_counter() - self.began > WAIT_S:
                break
        raise RuntimeError("the demo did not become ready:\n" + "".join(said[-20:]))

    def memory_mb(self) -> dict[str, float]:
        """Return the proportional set size of the supervisor and of each of its processes, in MB."""
        return {f"{pid} {words}"[:60]: pss_mb(pid) for pid, words in family(self.process.pid).items()}

    def stop(self) -> float:
        began = time.perf_counter()
        self.process.terminate()
        self.process.communicate(timeout=30)
        return time.perf_counter() - began


def main() -> int:
    print(f"a bare interpreter              {timed('pass'):6.2f} s")
    print(f"python -c 'import django'       {timed('import django'):6.2f} s")
    print(f"... and the settings and apps   {timed(SETUP):6.2f} s   (once: the processes are forks)")
    print(f"load average at the start       {os.getloadavg()[0]:6.2f}     on {os.cpu_count()} cores")
    took: dict[str, list[float]] = {which: [] for which in GOALS_S}
    for round_number in range(1, ROUNDS + 1):
        with tempfile.TemporaryDirectory() as data_dir:
            for which in GOALS_S:
                demo = Demo(data_dir)
                try:
                    seconds = demo.seconds_until("is ready at")
                    memory = demo.memory_mb()
                finally:
                    ended = demo.stop()
                took[which].append(seconds)
                print(
                    f"demo ready, {which:<6} start, round {round_number} {seconds:6.2f} s   "
                    f"ended in {ended:.2f} s, {sum(memory.values()):.0f} MB in {len(memory)} processes"
                )
    for words, size in sorted(memory.items()):
        print(f"    {size:6.1f} MB  {words}")
    medians = {which: statistics.median(found) for which, found in took.items()}
    late = any(medians[which] > goal_s for which, goal_s in GOALS_S.items())
    goals = ", ".join(
        f"{which} start {medians[which]:.2f} s (goal {goal_s:.0f} s)" for which, goal_s in GOALS_S.items()
    )
    print(f"medians: {goals}: {'MISSED' if late else 'met'}")
    return 1 if late else 0


SETUP = "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'classroom_admin.settings'; django.setup()"

if __name__ == "__main__":
    sys.exit(main())
