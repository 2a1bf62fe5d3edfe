"""Run simulated school days for a long time, and print memory of processes and the size of the database.

    .venv/bin/python bench/soak.py [--minutes 120] [--speed 10]

A simulator plays the timetable of its school, `--speed` times faster than real time. `manage.py serve` reads
the events. Meanwhile, a list of classes has an open stream, and pages of the newest classes are requested.
The script prints a line every `--every` seconds, and at the end

- for each process the change of its memory per hour (a straight line through the values after the first
  quarter, in which caches fill), as its proportional set size;
- the bytes of the database for 1,000 events, from a straight line through the sizes;
- whether every event that the simulator emitted is stored.

It exits with 1 if the memory of all processes grows by more than `GROWTH` from the second quarter to the
last, or if an event is missing. With DATABASE_URL and CELERY_BROKER_URL it uses these servers.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import only_required
from footprint import CLASS, name_of
from live_end_to_end import prepare
from live_parts import ROOT, answer, family, free_port, process, pss_mb, wait_for
from simulator import DEMO_APP_CERTIFICATE, DEMO_APP_ID, Simulator

GROWTH = 0.10
"""The memory of all processes may grow by this share between two quarters of the run."""
PAGE_EVERY_S = 5.0
SETTLE_S = 120.0


@dataclass(frozen=True, slots=True)
class Sample:
    """The state after `at_s` seconds. `memory` has the MB of each process by its name."""

    at_s: float
    memory: dict[str, float]
    events: int
    bytes: int

    @property
    def total(self) -> float:
        return sum(self.memory.values())


class Visitor:
    """A person who keeps the list of classes open and looks at classes. `failures` has what went wrong."""

    def __init__(self, port: int, session: str) -> None:
        self.port, self.cookie = port, f"sessionid={session}"
        self.pages = 0
        self.failures: list[str] = []
        self._ended = threading.Event()
        for work in (self._stream, self._visit):
            threading.Thread(target=work, daemon=True).start()

    def end(self) -> None:
        self._ended.set()

    def _stream(self) -> None:
        while not self._ended.is_set():
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
                connection.request("GET", "/live/classes/stream", headers={"Cookie": self.cookie})
                response = connection.getresponse()
                while response.readline() and not self._ended.is_set():
                    pass
                connection.close()
            self._ended.wait(1)

    def _visit(self) -> None:
        for number in itertools.count():
            if self._ended.wait(PAGE_EVERY_S):
                return
            try:
                found = answer(self.port, "/", Cookie=self.cookie)
                keys = list(dict.fromkeys(CLASS.findall(found[2])))
                path = f"/classes/{keys[number % len(keys)].decode()}/" if keys else "/healthz"
                statuses = [found[0], answer(self.port, path, Cookie=self.cookie)[0]]
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(type(error).__name__)
                continue
            self.pages += 2
            self.failures += [f"status {status}" for status in statuses if status >= 400]


def size_of_database() -> tuple[int, int]:
    """Return the number of stored events with a number, and the bytes of the database."""
    from django.db import connection

    from classroom_admin.sync.models import NUMBERED, StoredEvent

    events = StoredEvent.objects.filter(stream__in=NUMBERED).count()
    query = "SELECT pg_database_size(current_database())"
    if connection.vendor == "sqlite":
        query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    with connection.cursor() as cursor:
        cursor.execute(query)
        (size,) = cursor.fetchone()
    connection.close()
    return events, int(size)


def samples(serve: Any, *, minutes: float, every_s: float) -> Iterator[Sample]:
    began = time.monotonic()
    for number in itertools.count(1):
        time.sleep(max(0.0, began + number * every_s - time.monotonic()))
        memory: dict[str, float] = {}
        for pid, words in family(serve.pid).items():
            memory[name_of(words)] = memory.get(name_of(words), 0.0) + pss_mb(pid)
        at_s = time.monotonic() - began
        yield Sample(at_s, memory, *size_of_database())
        if at_s >= minutes * 60:
            return


def slope(pairs: list[tuple[float, float]]) -> float:
    """Return the slope of the straight line through the points (least squares), or NaN for fewer than two."""
    if len(pairs) < 2:
        return float("nan")
    return statistics.linear_regression(*zip(*pairs, strict=True)).slope


def everything_is_stored(cloud: Simulator) -> tuple[int, int]:
    """Stop the clock of the cloud. Wait until all events are stored. Return how many are not, and all."""
    cloud.control("POST", "/clock", {"mode": "stepped"})
    emitted = int(cloud.control("GET", "/health")["events"])
    until = time.monotonic() + SETTLE_S
    while (missing := emitted - size_of_database()[0]) > 0 and time.monotonic() < until:
        time.sleep(1)
    return missing, emitted


def show(found: list[Sample]) -> bool:
    """Print the slopes. Return whether the memory is flat."""
    quarter = max(1, len(found) // 4)
    warm = found[quarter:]
    for name in sorted(warm[-1].memory, key=lambda one: -warm[-1].memory[one]):
        per_hour = slope([(one.at_s / 3600, one.memory.get(name, 0.0)) for one in warm])
        print(
            f"  {name:<20}{warm[0].memory.get(name, 0):8.1f} → {warm[-1].memory[name]:6.1f} MB"
            f"{per_hour:+9.2f} MB/h"
        )
    second = statistics.median(one.total for one in found[quarter : 2 * quarter] or found)
    last = statistics.median(one.total for one in found[-quarter:])
    per_hour = slope([(one.at_s / 3600, one.total) for one in warm])
    print(f"  {'all':<20}{warm[0].total:8.1f} → {warm[-1].total:6.1f} MB{per_hour:+9.2f} MB/h")
    growth = last / second - 1
    print(
        f"medians of the second and the last quarter: {second:.0f} and {last:.0f} MB "
        f"({growth:+.1%}; at most {GROWTH:+.0%})"
    )
    per_event = slope([(one.events, one.bytes) for one in warm])
    print(
        f"database: {per_event * 1000 / 1e6:.2f} MB for 1,000 events, "
        f"{warm[-1].bytes / 1e6:.0f} MB at the end"
    )
    return growth <= GROWTH


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=120, help="of real time")
    parser.add_argument("--speed", type=float, default=10, help="how many times faster the school runs")
    parser.add_argument("--every", type=float, default=60, help="seconds between two lines")
    options = parser.parse_args()
    port = free_port()
    school = ("--seed", "1", "--speed", str(options.speed), "--keep-past", "20")
    with tempfile.TemporaryDirectory() as folder, Simulator(*school) as cloud:
        os.environ |= {
            "DATA_DIR": str(Path(folder) / "data"), "PORT": str(port), "LOG_LEVEL": "WARNING",
            "AGORA_BASE_URL": cloud.url, "AGORA_FALLBACK_URL": "", "SECOND_FACTOR": "nobody",
            "AGORA_APP_ID": DEMO_APP_ID, "AGORA_APP_CERTIFICATE": DEMO_APP_CERTIFICATE,
            "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
        }  # fmt: skip
        python = only_required.make(Path(folder) / "venv")
        session = prepare(dict(os.environ), streams=1).split(",")[0]
        import django

        django.setup()
        log = Path(folder) / "log"
        with log.open("w") as output, process(str(python), "manage.py", "serve", output=output) as serve:
            wait_for(port)
            visitor = Visitor(port, session)
            found: list[Sample] = []
            for one in samples(serve, minutes=options.minutes, every_s=options.every):
                found.append(one)
                days = one.at_s * options.speed / 3600 / 6
                print(
                    f"{one.at_s / 60:6.1f} min, {days:5.2f} school days: {one.total:6.1f} MB, "
                    f"{one.events:,} events, {one.bytes / 1e6:.1f} MB of database, "
                    f"load {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
            missing, emitted = everything_is_stored(cloud)
            visitor.end()
        is_flat = show(found)
        wrong = sum("Traceback" in line for line in log.read_text().splitlines())
    print(
        f"events: {emitted:,} emitted, {missing} missing; pages: {visitor.pages}, failed "
        f"{len(visitor.failures)} {visitor.failures[:3]}; tracebacks: {wrong}"
    )
    return 0 if is_flat and missing <= 0 else 1


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
