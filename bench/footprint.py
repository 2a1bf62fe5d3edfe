"""Measure `manage.py serve` on one core with 512 MB, while 50 classes are live.

    .venv/bin/python bench/footprint.py [--classes 50] [--students 30] [--events 120]

A simulator in a separate process, on another core if there is one, runs the classes. The dashboard runs on
one core. If this machine lets us create a memory control group, the dashboard also has at most 512 MB. Six
pages are open: a list of classes and five classes. The script prints

- the memory of each process as its proportional set size, in which shared memory counts only once, and how
  much of it no other process shares, beside that of a bare Python interpreter and of one that has loaded only
  the product's settings and apps;
- the time from an event at the cloud to the message on an open page's stream. A browser would need more than
  the dashboard, so it is not part of this benchmark; `make bench-live` measures up to the browser's DOM.

The dashboard has only the packages of `requirements.txt`, as an installation has (`only_required.py`).

The goals are absolute figures, so they depend on the machine, and missing one does not fail the script.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import only_required
from live_end_to_end import prepare
from live_parts import (
    ROOT,
    answer,
    cpu_s,
    family,
    free_port,
    percentile,
    process,
    pss_mb,
    wait_for,
)
from simulator import DEMO_APP_CERTIFICATE, DEMO_APP_ID, Simulator

MEMORY_MB = 512
GOAL_MB, GOAL_S = 260, 1.0
PAGES = 5
ROOM, STUDENT = "bench-room", "p1"
CLASS = re.compile(rb"/classes/([a-z0-9]{12})/")
BARE = {
    "a bare Python interpreter": "import time",
    "the same with our settings and apps": (
        "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'classroom_admin.settings'; django.setup()"
    ),
}


@contextlib.contextmanager
def memory_limit(mb: int) -> Iterator[Path | None]:
    """Create a memory control group below our own. Yield its folder, or None if that is not possible."""
    found = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
    group = Path(f"/sys/fs/cgroup{found.get('', '/')}") / f"footprint-{os.getpid()}"
    name = "memory.max"
    if "memory" in found:
        group = Path(f"/sys/fs/cgroup/memory{found['memory']}") / group.name
        name = "memory.limit_in_bytes"
    try:
        group.mkdir()
    except OSError:
        yield None
        return
    try:
        try:
            (group / name).write_text(str(mb * 2**20))
        except OSError:  # the group has no memory controller
            yield None
        else:
            yield group
    finally:
        for _try in range(50):
            with contextlib.suppress(OSError):
                group.rmdir()
                break
            time.sleep(0.1)  # the kernel needs a moment after the last process has ended


def confined(*argv: str, group: Path | None) -> list[str]:
    """Return the command that runs `argv` on the first core and in the control group."""
    taskset = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    if group is None:
        return [*taskset, *argv]
    return ["sh", "-c", 'echo $$ > "$0"; exec "$@"', str(group / "cgroup.procs"), *taskset, *argv]


class Stream:
    """An open page's stream. `seen` has the time (s since 1970) at which each mark arrived."""

    def __init__(self, port: int, path: str, session: str) -> None:
        self.seen: dict[str, float] = {}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._connection.request("GET", path, headers={"Cookie": f"sessionid={session}"})
        self._response = self._connection.getresponse()
        if self._response.status != 200:
            raise RuntimeError(f"{path} answered {self._response.status}")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed at the end
            while line := self._response.readline():
                for mark in re.findall(rb"mark-\d+-", line):
                    self.seen.setdefault(mark.decode(), time.time())


def control(cloud: Simulator, path: str, body: dict[str, object]) -> None:
    cloud.control("POST", path, body)


def delays(cloud: Simulator, stream: Stream, events: int) -> list[float]:
    """Send chat messages at random times. Return the seconds until the page's stream has each."""
    sent = {}
    for number in range(events):
        mark = f"mark-{number}-"
        sent[mark] = time.time()
        control(cloud, f"/rooms/{ROOM}/chat", {"userUuid": STUDENT, "message": mark})
        time.sleep(random.uniform(0.1, 0.7))  # at random times within the polling interval
    deadline = time.monotonic() + 30
    while len(stream.seen) < events and time.monotonic() < deadline:
        time.sleep(0.05)
    missing = sent.keys() - stream.seen.keys()
    assert not missing, f"{len(missing)} of {events} events never reached the page"
    return [stream.seen[mark] - at for mark, at in sent.items()]


def live_classes(port: int, session: str, least: int) -> list[str]:
    """Wait until at least this many classes are shown as live; return the keys of the first page."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        page = answer(port, "/?when=live", Cookie=f"sessionid={session}")[2]
        keys = list(dict.fromkeys(found.decode() for found in CLASS.findall(page)))
        if len(keys) >= least:
            return keys
        time.sleep(0.5)
    raise RuntimeError(f"only {len(keys)} classes are live")


def key_of_room(port: int, session: str) -> str:
    """Wait until the class of the benchmark itself is shown as live. Return its key."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        page = answer(port, "/?when=live&q=Footprint", Cookie=f"sessionid={session}")[2]
        if found := CLASS.search(page):
            return found[1].decode()
        time.sleep(0.5)
    raise RuntimeError("the class of the benchmark is not live")


def name_of(words: str) -> str:
    """Return what a process does, from its command line."""
    for pattern, name in (
        ("uvicorn", "web"),
        ("valkey", "broker"),
        ("guardian", "guardian"),
        (" beat", "beat"),
        ("serve", "supervisor"),
    ):
        if pattern in words:
            return name
    found = re.search(r"(?:--hostname |celeryd: )(\w+)@", words)
    return f"worker {found[1]}" if found else words[:40]


def own_mb(pid: int) -> float:
    """Return the memory of a process that no other process shares, in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def bare_mb(python: Path, code: str) -> float:
    """Return the memory of an interpreter after it has run `code`, in MB."""
    code += "; print('ready', flush=True); input()"
    with subprocess.Popen(
        [str(python), "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        running.stdout.readline()
        found = pss_mb(running.pid)
        running.communicate("\n")
    return found


def measured(options: argparse.Namespace, python: Path, folder: str, group: Path | None) -> dict[str, Any]:
    port = free_port()
    with Simulator() as cloud:
        if (os.cpu_count() or 1) > 1 and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(cloud.process.pid, {1})
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("AGORA_", "DATABASE_"))
        }
        env |= {
            "DATA_DIR": folder, "PORT": str(port), "LOG_LEVEL": "WARNING",
            "AGORA_BASE_URL": cloud.url, "AGORA_FALLBACK_URL": "",
            "AGORA_APP_ID": DEMO_APP_ID, "AGORA_APP_CERTIFICATE": DEMO_APP_CERTIFICATE,
        }  # fmt: skip
        session = prepare(env, streams=PAGES + 1).split(",")[0]
        control(cloud, "/lesson", {"rooms": options.classes - 1, "students": options.students, "minutes": 60})
        control(cloud, "/rooms", {"roomUuid": ROOM, "roomName": "Footprint", "state": 1})
        control(cloud, f"/rooms/{ROOM}/enter", {"userUuid": STUDENT, "userName": "Pia", "role": 2})
        argv = confined(str(python), "manage.py", "serve", group=group)
        with process(*argv, env=env) as serve:
            wait_for(port)
            keys = live_classes(port, session, options.classes)
            own = key_of_room(port, session)
            others = [key for key in keys if key != own][: PAGES - 1]
            pages = [Stream(port, f"/live/classes/{key}/stream", session) for key in (own, *others)]
            pages.append(Stream(port, "/live/classes/stream", session))
            delays(cloud, pages[0], 10)
            pages[0].seen.clear()
            processes = family(serve.pid)
            began, used = time.monotonic(), sum(cpu_s(pid) for pid in processes)
            late = delays(cloud, pages[0], options.events)
            took, used = time.monotonic() - began, sum(cpu_s(pid) for pid in processes) - used
            memory = {
                f"{name_of(words)} ({pid})": (pss_mb(pid), own_mb(pid)) for pid, words in processes.items()
            }
            peak = _peak_mb(group)
    return {"late": late, "memory": memory, "share": used / took, "peak": peak}


def _peak_mb(group: Path | None) -> float | None:
    """Return the most memory that the control group has used, in MB. It includes cached files."""
    for name in ("memory.peak", "memory.max_usage_in_bytes"):
        if group is not None and (group / name).exists():
            return int((group / name).read_text()) / 2**20
    return None


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--classes", type=int, default=50)
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--events", type=int, default=120)
    options = parser.parse_args()
    random.seed(5)
    with tempfile.TemporaryDirectory() as folder, memory_limit(MEMORY_MB) as group:
        limits = "one core" if shutil.which("taskset") else "all cores (taskset is missing)"
        limits += f", at most {MEMORY_MB} MB" if group else ", no limit of memory (no control group here)"
        print(f"serve with {options.classes} live classes of {options.students} students: {limits}")
        python = only_required.make(Path(folder) / "venv")
        found = measured(options, python, str(Path(folder) / "data"), group)
        found["bare"] = {name: bare_mb(python, code) for name, code in BARE.items()}
    show(found)
    return 0


def show(found: dict[str, Any]) -> None:
    memory, late = found["memory"], found["late"]
    for name, (size, own) in sorted(memory.items(), key=lambda one: -one[1][0]):
        print(f"  {name:<44}{size:8.1f} MB   {own:6.1f} MB not shared")
    total, p99 = sum(size for size, _own in memory.values()), percentile(late, 0.99)
    for name, size in found["bare"].items():
        print(f"  {name:<44}{size:8.1f} MB")
    print(
        f"{'proportional set size of all processes':<46}{total:8.0f} MB   goal ≤ {GOAL_MB} MB",
        _met(total, GOAL_MB),
    )
    if found["peak"] is not None:
        print(f"{'most memory of the group, with files':<46}{found['peak']:8.0f} MB   at most {MEMORY_MB} MB")
    print(f"{'event at the cloud → stream of a page, median':<46}{statistics.median(late):8.2f} s")
    print(f"{'  p99 of ' + str(len(late)):<46}{p99:8.2f} s    goal ≤ {GOAL_S} s", _met(p99, GOAL_S))
    print(f"{'share of one core in that time':<46}{found['share']:8.2f}")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def _met(value: float, goal: float) -> str:
    return "met" if value <= goal else "MISSED"


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
