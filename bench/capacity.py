"""Fit the processor time of events to a model, on PostgreSQL.

    scripts/services .venv/bin/python bench/capacity.py [--live 100] [--rounds 5]

The poller stores a batch of events in each live class, then the events are projected. The number of events of
each class in a batch is 1, 2, 4, 8 and 16, in turn. The processor time for a class and batch is a straight
line: a fixed time, and a time for each event. The script prints both, for the program and for PostgreSQL, and
how well the line fits (the share of the variance that it explains). Processor time hardly depends on what
else the machine does.

With one event per second in a live class, each batch has one event of the class. From this, the script
computes how many live classes a core serves.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import scale_school as school
from live_parts import ROOT

sys.path.insert(0, str(ROOT))

EACH = (1, 2, 4, 8, 16)
EVENTS_PER_S = 1.0
"""Events of a live class of 30 people (`bench/scale.py` measures 0.97)."""

Costs = dict[str, list[tuple[int, float]]]
"""For each kind of work, the events of a class in a batch, and the processor time (ms) for a class."""


def used() -> tuple[float, float]:
    return time.process_time(), school.server_cpu_s()


def measure_batch(live: school.LiveRooms, each: int, costs: Costs) -> None:
    """Store and project one batch; add what it cost."""
    from classroom_admin.sync import projector

    rooms = len(live.names)
    before = used()
    live.backlog(each)
    stored = used()
    projector.project_rooms(projector.waiting_rooms(), past_gaps=True)
    projected = used()
    for kind, begin, end in (("store", before, stored), ("project", stored, projected)):
        for where, first, last in zip(("program", "PostgreSQL"), begin, end, strict=True):
            costs.setdefault(f"{kind}, {where}", []).append((each, (last - first) * 1000 / rooms))


def fitted(points: list[tuple[int, float]]) -> tuple[float, float, float]:
    """Return the fixed time and the time for each event (ms), and the share of the explained variance.

    The line goes through the medians of each number of events.
    """
    numbers = sorted({number for number, _ms in points})
    medians = [statistics.median(ms for number, ms in points if number == one) for one in numbers]
    line = statistics.linear_regression(numbers, medians)
    return line.intercept, line.slope, statistics.correlation(numbers, medians) ** 2


def show(costs: Costs) -> None:
    fixed = {"program": 0.0, "PostgreSQL": 0.0}
    further = dict(fixed)
    print(f"{'processor time for a class and batch':<40}{'fixed':>10}{'each event':>12}{'fit':>8}")
    for kind, points in costs.items():
        one, more, explained = fitted(points)
        where = kind.rpartition(", ")[2]
        fixed[where] += one
        further[where] += more
        print(f"{kind:<40}{one:>7.3f} ms{more:>9.3f} ms{explained:>8.3f}")
    # With one event a second, the batches of a class have one event each.
    cores = {where: (fixed[where] + further[where]) * EVENTS_PER_S / 1000 for where in fixed}
    print(
        f"{EVENTS_PER_S:g} event per second and class: a core of the program serves "
        f"{1 / cores['program']:,.0f} classes, a core of PostgreSQL {1 / cores['PostgreSQL']:,.0f}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--live", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        print("Start it with scripts/services, which starts PostgreSQL.", file=sys.stderr)
        return 2
    costs: Costs = {}
    with tempfile.TemporaryDirectory() as folder, school.Database(url) as database:
        school.begin(Path(folder), database)
        live = school.LiveRooms(options.live)
        measure_batch(live, EACH[0], {})
        for _round in range(options.rounds):
            for each in EACH:
                measure_batch(live, each, costs)
    show(costs)
    print(
        f"{options.live} classes, medians of {options.rounds}; "
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
