"""Measure the pages and exports of reports, beside the limit of the database.

    .venv/bin/python bench/reports.py [--classes 2000] [--students 30] [--rounds 9]

1. A simulator runs a class of 500 people with about 20,000 events, which arrive through the sync. The goal
   applies to the page of its report. The time to make the stored figures is shown beside it.
2. The script stores the figures of a term: a quarter of `--classes`, then half of them, then all. At each
   size, a web process of its own answers the attendance page and its CSV. The goals apply to the page, the
   first byte and the last byte of the CSV, the memory above that of the idle process, and the cost per class.

The column "bare" shows plain SQL about the same rows in the same database: aggregations by class and by
student for the page, and the query of all rows for the CSV. "bare CSV" also writes these rows with Python's
`csv` module. All requests go over HTTP to a real web process (uvicorn).

The script uses SQLite in a temporary folder. With DATABASE_URL=postgres://... it uses a temporary test
database on that server. It exits with 1 if a figure misses its goal.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import reports_data  # noqa: E402
from live_parts import answer, cpu_s, free_port, memory_mb, percentile, process, uvicorn, wait_for  # noqa: E402

CLASS_MS = 300.0
PAGE_MS = 500.0
FIRST_BYTE_MS = 1000.0
TIMES_BARE = 1.5
MEMORY_MB = 20.0
BY_SIZE = 1.5
ROWS_SQL = """
    SELECT r.name, s.starts_at, s.ends_at, l.name, s.gaps, p.user_uuid, p.name, p.list_name, p."group",
           p.status, c.status, c.note, p.first_in, p.last_out, p.present_ms, p.share, p.late_ms,
           p.left_early_ms, p.reconnects
    FROM reports_personsummary p JOIN reports_classsummary s ON s.id = p.summary_id
    JOIN rooms_room r ON r.id = s.room_id LEFT JOIN rooms_classlist l ON l.id = s.class_list_id
    LEFT JOIN reports_correction c ON c.id = p.correction_id
    WHERE p.counts ORDER BY s.starts_at DESC, s.id DESC, p.list_name"""
SUMS_SQL = """
    SELECT {key}, coalesce(c.status, p.status), count(*), sum(p.present_ms)
    FROM reports_personsummary p JOIN reports_classsummary s ON s.id = p.summary_id
    LEFT JOIN reports_correction c ON c.id = p.correction_id
    WHERE p.counts GROUP BY {key}, coalesce(c.status, p.status)"""


@dataclass
class Table:
    """A table of the results."""

    missed: int = 0
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, what: str, goal: str, found: str, *, met: bool, limit: str = "") -> None:
        self.missed += not met
        verdict = "" if not goal else "met" if met else "MISSED"
        self.rows.append((what, goal, found, verdict, limit))
        print(f"  {what}: {found} {verdict}", flush=True)

    def show(self, head: str) -> None:
        print(f"\n{head}\n\n| what | goal | found | | limit of this machine |\n|" + " --- |" * 5)
        for row in self.rows:
            print("| " + " | ".join(row) + " |")
        print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}.")


@contextmanager
def web(env: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Run a web process of the product. Yield its port and its process id."""
    port = free_port()
    settings = {**os.environ, **env, "PORT": str(port), "LOG_LEVEL": "WARNING"}
    with process(*uvicorn("classroom_admin.asgi:application", port), env=settings) as started:
        wait_for(port)
        yield port, started.pid


def page_ms(port: int, path: str, signed_in: str, rounds: int) -> list[float]:
    """Return the durations (ms) of requests for a page. The first request is not counted."""
    found = []
    for number in range(rounds + 1):
        status, _headers, body, took_s = answer(port, path, Cookie=signed_in)
        if status != 200:
            raise RuntimeError(f"{path}: status {status}: {body[:300]!r}")
        if number:
            found.append(took_s * 1000)
    return found


def download(port: int, path: str, signed_in: str) -> tuple[float, float, int]:
    """Return when the first and the last byte of a file arrived (ms), and the number of lines."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path, headers={"Cookie": signed_in})
    got = connection.getresponse()
    first = got.read(1)
    first_ms = (time.perf_counter() - began) * 1000
    lines = 0
    while piece := got.read(65536):
        lines += piece.count(b"\n")
    last_ms = (time.perf_counter() - began) * 1000
    connection.close()
    if got.status != 200 or not first:
        raise RuntimeError(f"{path}: status {got.status}")
    return first_ms, last_ms, lines


def peak_mb(pid: int, run: Callable[[], object]) -> float:
    """Return the peak of the resident memory of a process (MB) while `run` runs."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    run()
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def sql_ms(statements: list[str], rounds: int, use: Callable[[Any], object] = len) -> Took:
    """Return how long it takes to run statements, read all rows and pass them to `use`."""
    from django.db import connection

    found: list[tuple[float, float]] = []
    for _round in range(rounds + 1):
        began, began_cpu = time.perf_counter(), time.process_time()
        for sql in statements:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                while rows := cursor.fetchmany(2000):
                    use(rows)
        found.append((time.perf_counter() - began, time.process_time() - began_cpu))
    walls, cpus = zip(*found[1:], strict=True)
    return Took(wall=statistics.median(walls) * 1000, cpu=statistics.median(cpus) * 1000)


def write_csv(rows: Any) -> None:
    csv.writer(io.StringIO(newline="")).writerows(rows)


def measure_class(table: Table, env: dict[str, str], signed_in: str, rounds: int) -> None:
    """Measure the report of the class of 500 people."""
    from django.urls import reverse

    from classroom_admin.reports import summaries
    from classroom_admin.reports.models import ClassSummary
    from classroom_admin.sync.models import StoredEvent

    print("simulating a class ...", flush=True)
    room = reports_data.run_class()
    events = StoredEvent.objects.filter(room=room).count()
    made = []
    for _round in range(3):
        began = time.perf_counter()
        summaries.refresh(room)
        made.append((time.perf_counter() - began) * 1000)
    summary = ClassSummary.objects.get(room=room)
    people = f"reports_personsummary WHERE summary_id = {summary.pk}"
    bare = sql_ms(
        [
            f"SELECT status, count(*), sum(present_ms) FROM {people} GROUP BY status",
            f"SELECT * FROM {people}",
        ],
        rounds,
    )
    with web(env) as (port, pid):
        path = reverse("reports:class", args=[room.key])
        page_ms(port, path, signed_in, 1)
        began_s = cpu_s(pid)
        found = page_ms(port, path, signed_in, rounds)
        page_cpu_s = (cpu_s(pid) - began_s) / (rounds + 1)
    middle, slow = statistics.median(found), percentile(found, 0.95)
    table.add(
        f"report of a class of {summary.people.count()} people, {events:,} events",
        f"p95 ≤ {CLASS_MS:.0f} ms",
        f"median {middle:.0f} ms, p95 {slow:.0f} ms; processor {page_cpu_s * 1000:.0f} ms",
        met=slow <= CLASS_MS,
        limit=f"bare {bare.wall:.1f} ms",
    )
    table.add("... making its stored figures", "", f"{statistics.median(made):.0f} ms", met=True)
    room.delete()


@dataclass(frozen=True, slots=True)
class Took:
    """The median elapsed time and processor time (ms) of this process."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The median durations (ms) of a term of one size. `page_slow` is the 95th percentile.

    `first` and `last` are about the first and the last byte of the CSV. `page_cpu` and `cpu` are the
    processor times of the web process for the page and the CSV.
    """

    classes: int
    page: float
    page_slow: float
    page_cpu: float
    first: float
    last: float
    cpu: float
    lines: int
    above_idle_mb: float
    bare_page: float
    bare: Took
    bare_csv: Took


def measure_term(env: dict[str, str], signed_in: str, classes: int, rounds: int) -> Measured:
    """Measure the attendance page and its CSV in a web process of its own.

    The process is idle after it has answered both for a day, which loads all modules and templates.
    """
    from django.urls import reverse

    from classroom_admin.common import clock

    path = reverse("reports:attendance")
    day = (clock.cloud_now() - timedelta(days=1)).date()
    whole, small = f"{path}?period=year", f"{path}?period=own&since={day}&until={day}"
    with web(env) as (port, pid):
        for one in (small, f"{small}&format=csv") * 2:
            answer(port, one, Cookie=signed_in)
        idle = memory_mb(pid)
        page_ms(port, whole, signed_in, 1)
        began_s = cpu_s(pid)
        pages = page_ms(port, whole, signed_in, rounds)
        page_cpu_s = (cpu_s(pid) - began_s) / (rounds + 1)
        files: list[tuple[float, float, int]] = []
        download(port, f"{whole}&format=csv", signed_in)
        peak = max(
            peak_mb(pid, lambda: page_ms(port, whole, signed_in, 1)),
            peak_mb(pid, lambda: files.append(download(port, f"{whole}&format=csv", signed_in))),
        )
        began_s = cpu_s(pid)
        for _round in range(rounds):
            files.append(download(port, f"{whole}&format=csv", signed_in))
        csv_cpu_s = (cpu_s(pid) - began_s) / rounds
    return Measured(
        classes=classes,
        page=statistics.median(pages),
        page_slow=percentile(pages, 0.95),
        page_cpu=page_cpu_s * 1000,
        first=statistics.median(one[0] for one in files),
        last=statistics.median(one[1] for one in files),
        lines=files[0][2],
        cpu=csv_cpu_s * 1000,
        above_idle_mb=peak - idle,
        bare_page=sql_ms([SUMS_SQL.format(key="s.id"), SUMS_SQL.format(key="p.person_key")], rounds).wall,
        bare=sql_ms([ROWS_SQL], rounds),
        bare_csv=sql_ms([ROWS_SQL], rounds, write_csv),
    )


def report_term(table: Table, found: list[Measured], students: int) -> None:
    for one in found:
        what = f"{one.classes:,} classes × {students}"
        table.add(
            f"attendance page, {what}",
            f"median ≤ {PAGE_MS:.0f} ms",
            f"median {one.page:.0f} ms, p95 {one.page_slow:.0f} ms; processor {one.page_cpu:.0f} ms",
            met=one.page <= PAGE_MS,
            limit=f"bare {one.bare_page:.0f} ms",
        )
        table.add(
            f"CSV, first byte, {what}",
            f"≤ {FIRST_BYTE_MS:.0f} ms",
            f"{one.first:.0f} ms",
            met=one.first <= FIRST_BYTE_MS,
        )
        table.add(
            f"CSV, all {one.lines:,} lines",
            f"≤ {TIMES_BARE} × bare",
            f"{one.last:.0f} ms, {one.last / one.bare.wall:.1f} × bare, "
            f"{one.last / one.bare_csv.wall:.1f} × bare CSV",
            met=one.last <= TIMES_BARE * one.bare.wall,
            limit=f"bare {one.bare.wall:.0f} ms, bare CSV {one.bare_csv.wall:.0f} ms",
        )
        table.add(
            "... processor time of the web process",
            "",
            f"{one.cpu:.0f} ms, {one.cpu / one.bare_csv.cpu:.1f} × bare CSV",
            met=True,
            limit=f"bare {one.bare.cpu:.0f} ms, bare CSV {one.bare_csv.cpu:.0f} ms",
        )
        table.add(
            f"memory above idle, {what}",
            f"≤ {MEMORY_MB:.0f} MB",
            f"{one.above_idle_mb:.1f} MB",
            met=one.above_idle_mb <= MEMORY_MB,
        )
    small, large = found[0], found[-1]
    for name in ("page", "last"):
        ratio = getattr(large, name) / large.classes / (getattr(small, name) / small.classes)
        what = "page" if name == "page" else "CSV"
        table.add(
            f"cost per class, {what}: {large.classes:,} to {small.classes:,} classes",
            f"≤ {BY_SIZE} ×",
            f"{ratio:.2f} ×",
            met=ratio <= BY_SIZE,
        )


def measure(env: dict[str, str], *, classes: int, students: int, rounds: int) -> int:
    """Print the table. Return how many figures miss their goals."""
    from django.db import connection

    table, signed_in = Table(), reports_data.cookie()
    measure_class(table, env, signed_in, rounds)
    term, found = reports_data.Term(students), []
    for size in (classes // 4, classes // 2, classes):
        print(f"storing {size:,} classes ...", flush=True)
        term.grow(size)
        found.append(measure_term(env, signed_in, size, rounds))
    report_term(table, found, students)
    table.show(f"{connection.vendor}, {rounds} rounds")
    return table.missed


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--classes", type=int, default=2000)
    options.add_argument("--students", type=int, default=30)
    options.add_argument("--rounds", type=int, default=9)
    chosen = vars(options.parse_args())
    with tempfile.TemporaryDirectory(prefix="bench-reports-") as folder:
        env = {"DATA_DIR": folder, "DEBUG": "off", "DJANGO_SETTINGS_MODULE": "classroom_admin.settings"}
        os.environ |= env
        (Path(folder) / "static").mkdir()
        import django
        from django.db import connection

        django.setup()
        if connection.vendor == "sqlite":
            from django.core.management import call_command

            call_command("migrate", verbosity=0)
            return 1 if measure(env, **chosen) else 0
        before = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        url = os.environ["DATABASE_URL"].split("?")[0].rsplit("/", 1)[0]
        env["DATABASE_URL"] = f"{url}/{connection.settings_dict['NAME']}"
        try:
            return 1 if measure(env, **chosen) else 0
        finally:
            connection.creation.destroy_test_db(before, verbosity=0)


if __name__ == "__main__":
    sys.exit(main())
