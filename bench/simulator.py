"""Measure the simulator's start, and its events per second with 1,000 rooms of 30 students.

    .venv/bin/python bench/simulator.py [--rooms 1000] [--students 30] [--seconds 10]

As in the product, the simulator runs in one process and so on one core. The reader runs in another process.
Events of quizzes and polls count as emitted. The reader does not read them, because they have other streams.
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import requests
from agoraiotools.RtmTokenBuilder2 import RtmTokenBuilder

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from classroom_admin.simulator.settings import DEMO_APP_CERTIFICATE, DEMO_APP_ID  # noqa: E402


class Simulator:
    """A separate process that runs `manage.py simulator`."""

    def __init__(self, *arguments: str) -> None:
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "simulator", "--port", "0", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        found = re.search(r"http://\S+", self.process.stdout.readline())
        assert found, "the simulator did not start"
        self.url = found[0]
        self.started_s = time.perf_counter() - began
        token = RtmTokenBuilder.build_token(DEMO_APP_ID, DEMO_APP_CERTIFICATE, "bench", 3600)
        self.session = requests.Session()
        self.session.headers.update({"x-agora-token": token, "x-agora-uid": "bench"})

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sim{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.load(answer)

    def poll(self) -> int:
        answer = self.session.get(
            f"{self.url}/ap/edu/polling/apps/{DEMO_APP_ID}/v2/rooms/sequences", timeout=60
        )
        answer.raise_for_status()
        return len(answer.json()["data"])

    def used(self) -> tuple[float, float]:
        """Return the CPU seconds and resident MB so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks = int(fields[11]) + int(fields[12])
        return ticks / 100, int(fields[21]) * resource.getpagesize() / 2**20

    def __enter__(self) -> "Simulator":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)


def row(what: str, value: str, goal: str = "") -> None:
    print(f"{what:<58}{value:>16}   {goal}")


def start_up() -> None:
    with Simulator("--seed", "1") as simulator:
        row("start until the first answer, with a school", f"{simulator.started_s:.2f} s", "goal 2 s")


def busy(rooms: int, students: int, seconds: float) -> None:
    """Measure how many events one core emits while a reader empties the stream. All students join first."""
    with Simulator("--stepped", "--poll-batch", "5000") as simulator:
        began = time.perf_counter()
        simulator.control("POST", "/lesson", {"rooms": rooms, "students": students, "minutes": 600})
        simulator.control("POST", "/clock", {"step": 30_000})
        health = simulator.control("GET", "/health")
        row(f"{rooms} rooms × {students} students created and joined", f"{time.perf_counter() - began:.2f} s")
        row("  events so far, memory", f"{health['events']}, {simulator.used()[1]:.0f} MB")
        read = 0
        while taken := simulator.poll():
            read += taken
        emitted, (cpu, _) = health["events"], simulator.used()
        began, read = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            simulator.control("POST", "/clock", {"step": 1000})
            read += simulator.poll()
        while taken := simulator.poll():
            read += taken
        took = time.perf_counter() - began
        more = simulator.control("GET", "/health")["events"] - emitted
        spent = simulator.used()[0] - cpu
        row("events emitted per second while polled (elapsed)", f"{more / took:,.0f} /s", "goal 2,000 /s")
        row("  the same per second of the simulator's CPU time", f"{more / spent:,.0f} /s")
        row("  events read by the poller per second", f"{read / took:,.0f} /s")
        row("memory after that", f"{simulator.used()[1]:.0f} MB")


def real_time(rooms: int, students: int, seconds: float) -> None:
    """Measure a lesson whose clock runs fast enough for over 2,000 events per second while a reader polls."""
    with Simulator("--poll-batch", "5000") as simulator:
        simulator.control("POST", "/lesson", {"rooms": rooms, "students": students, "minutes": 600})
        simulator.control("POST", "/clock", {"speed": 3.0})
        until = time.monotonic() + 60
        while simulator.control("GET", "/health")["events"] < rooms * students:  # until all have joined
            assert time.monotonic() < until, "the students never joined"
            time.sleep(0.2)
        while simulator.poll() > 1000:
            pass
        before, began, (cpu, _) = (
            simulator.control("GET", "/health")["events"],
            time.perf_counter(),
            simulator.used(),
        )
        read, polls = 0, 0
        while time.perf_counter() - began < seconds:
            read += simulator.poll()
            polls += 1
            time.sleep(0.1)  # the reader polls ten times per second
        took = time.perf_counter() - began
        health = simulator.control("GET", "/health")
        row(
            "with a running clock (3×): emitted per second",
            f"{(health['events'] - before) / took:,.0f} /s",
            "goal 2,000 /s",
        )
        row("  read per second, in polls per second", f"{read / took:,.0f} /s, {polls / took:.0f} /s")
        row("  share of one core", f"{(simulator.used()[0] - cpu) / took:.0%}")
        row("  waiting for the reader at the end", f"{health['waiting']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=1000)
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    start_up()
    busy(options.rooms, options.students, options.seconds)
    real_time(options.rooms, options.students, options.seconds)


if __name__ == "__main__":
    main()
