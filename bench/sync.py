"""Measure how fast a backlog is processed, beside the limit of this machine's database.

    .venv/bin/python bench/sync.py [--events 100000] [--rooms 200] [--students 30] [--rounds 3]

1. A simulator in a separate process runs lessons until it has as many events as `--events` says.
2. Each round is a new process that works like `manage.py sync --once`, but without a request limit. It polls
   until the cloud has no more events, and commits each response before reading it. Then it projects them.
3. The bare run follows in the same process and database. It writes the same rows of StoredEvent and
   InboxAnswer again, with two calls of `bulk_create` in one transaction (one sync of the disk). It reads and
   projects nothing.

One ratio compares the elapsed times of steps 2 and 3. Another compares their processor times.

The script uses SQLite with synchronous=FULL in a temporary folder. With DATABASE_URL=postgres://... it uses a
temporary test database on that server. It exits with 1 if a ratio, memory or cost misses its goal.

With `--worker`, a second process projects while the first one polls, as the workers of `manage.py serve` do
on a machine with several cores. SQLite has only one writer, so this is for PostgreSQL.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sync_by_size import Timed, by_size

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

RATIO = 0.35
EVENTS_PER_S = {"sqlite": 5000, "postgresql": 4000}
MOST_MB = 250
BY_SIZE = 1.5
NAIVE = 2000


# --- the measured process -----------------------------------------------------------------


@contextmanager
def database() -> Iterator[None]:
    """Set up the product with an empty database."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "classroom_admin.settings"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    if connection.vendor == "sqlite":
        call_command("migrate", verbosity=0)
        yield
        return
    kept = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(kept, verbosity=0)


@contextmanager
def worker() -> Iterator[Callable[[], float]]:
    """Run a process that projects events while this one polls.

    Yield a function that waits until all is projected. It returns the processor time (s) of the process.
    """
    from django.db import connections

    connections.close_all()  # the processes must not share a connection
    context = multiprocessing.get_context("fork")
    polled, used = context.Event(), context.SimpleQueue()
    process = context.Process(target=_project_until, args=(polled, used), daemon=True)
    process.start()

    def end() -> float:
        polled.set()
        return float(used.get())

    yield end
    process.join(60)


def _project_until(polled: Any, used: Any) -> None:
    from classroom_admin.sync import projector

    ended = False
    while not ended:
        ended = polled.is_set()
        for rooms in projector.batches(projector.waiting_rooms()):
            projector.project_batch(rooms, past_gaps=ended)
    used.put(time.process_time())


def drain(url: str, *, beside: bool) -> dict[str, Any]:
    """Poll and project until no event is left; return the measurements.

    With `beside`, another process projects meanwhile, and this one projects what that left.
    """
    from classroom_admin.agora.client import Client
    from classroom_admin.agora.config import CloudConfig
    from classroom_admin.simulator.settings import DEMO_APP_CERTIFICATE, DEMO_APP_ID
    from classroom_admin.sync import projector
    from classroom_admin.sync.polling import Poller

    cloud = CloudConfig(
        base_url=url,
        fallback_url="",
        region="na",
        app_id=DEMO_APP_ID,
        app_certificate=DEMO_APP_CERTIFICATE,
        uid="bench",
        requests_per_second=0.0,
    )
    poller = Poller(Client(cloud))
    memory = [memory_mb()]
    with ExitStack() as stack:
        others_cpu = stack.enter_context(worker()) if beside else float
        held = poller.take()
        assert held is not None
        whole = stack.enter_context(Timed())
        with Timed() as poll:
            polled = poller.cycle(held, until_empty=True)
        with Timed() as projection:
            projection_cpu = others_cpu()
            for rooms in projector.batches(projector.waiting_rooms()):
                projector.project_batch(rooms, past_gaps=True)
                memory.append(memory_mb())
    projection.cpu += projection_cpu
    whole.cpu += projection_cpu
    assert not polled.problems, polled.problems
    stored = polled.stored
    assert visible() == stored
    assert not projector.waiting_rooms()
    return {
        "events": stored,
        "answers": polled.requests,
        "wall": whole.wall,
        "cpu": whole.cpu,
        "poll": [poll.wall, poll.cpu],
        "projection": [projection.wall, projection.cpu],
        "memory": memory,
        "peak": peak_mb(),
    }


def visible() -> int:
    """Return the number of events that pages show."""
    from django.db.models import Sum

    from classroom_admin.rooms.models import Room

    return int(Room.objects.aggregate(all=Sum("event_count"))["all"] or 0)


def memory_mb() -> float:
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def peak_mb() -> float:
    """Return the peak memory of this process in MB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def bare() -> dict[str, float]:
    """Write the same rows again with `bulk_create`, then the first `NAIVE` events one by one."""
    from django.db import transaction

    from classroom_admin.sync.models import InboxAnswer, StoredEvent

    answers = [whole(InboxAnswer, values) for values in InboxAnswer.objects.order_by("id").values()]
    events = [fresh(StoredEvent, values) for values in StoredEvent.objects.order_by("id").values()]
    empty(StoredEvent, InboxAnswer)
    with Timed() as timed, transaction.atomic():
        InboxAnswer.objects.bulk_create(answers)
        StoredEvent.objects.bulk_create(events)
    assert StoredEvent.objects.count() == len(events)
    sample = list(StoredEvent.objects.order_by("id").values()[:NAIVE])
    empty(StoredEvent)
    with Timed() as naive:
        for values in sample:
            values.pop("id")
            place = {name: values.pop(name) for name in ("room_id", "stream", "sequence", "digest")}
            StoredEvent.objects.update_or_create(**place, defaults=values)
    return {"wall": timed.wall, "cpu": timed.cpu, "naive": naive.wall, "naive_events": len(sample)}


def whole(model: type[Any], values: dict[str, Any]) -> Any:
    return model(**values)


def fresh(model: type[Any], values: dict[str, Any]) -> Any:
    del values["id"]
    return model(**values)


def empty(*models: type[Any]) -> None:
    """Delete all rows of the tables, and let the database clean up before the next measurement."""
    from django.db import connection

    for model in models:
        model.objects.all()._raw_delete("default")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            for model in models:
                cursor.execute(f"VACUUM {connection.ops.quote_name(model._meta.db_table)}")


def measured(url: str, *, beside: bool) -> None:
    """Measure one round and print it as JSON."""
    with database():
        from django.db import connection

        drained = drain(url, beside=beside)
        report = {"vendor": connection.vendor, "drain": drained, "bare": bare(), "size": by_size()}
    print(json.dumps(report))


# --- the process that starts and prints -----------------------------------------------------------


def one_round(options: argparse.Namespace) -> dict[str, Any]:
    from simulator import Simulator

    with Simulator("--stepped", "--poll-batch", str(options.poll_batch)) as cloud:
        cloud.control(
            "POST", "/lesson", {"rooms": options.rooms, "students": options.students, "minutes": 600}
        )
        while cloud.control("GET", "/health")["waiting"] < options.events:
            cloud.control("POST", "/clock", {"step": 10_000})
        before = cloud.used()[0]
        with tempfile.TemporaryDirectory(prefix="bench-sync-") as folder:
            told = subprocess.run(
                [sys.executable, __file__, "--measure", cloud.url, *(["--worker"] if options.worker else [])],
                cwd=ROOT,
                env={**os.environ, "DATA_DIR": folder, "DEBUG": "off"},
                stdout=subprocess.PIPE,
                check=True,
            )
        found: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
        found["simulator"] = cloud.used()[0] - before
        return found


def row(what: str, value: str, beside: str = "") -> None:
    print(f"{what:<52}{value:>14}   {beside}", flush=True)


def show_round(number: int, found: dict[str, Any]) -> None:
    drained, plain = found["drain"], found["bare"]
    events = drained["events"]
    row(
        f"round {number}: processed, events per second",
        f"{events / drained['wall']:,.0f}",
        f"bare {events / plain['wall']:,.0f} · ratio {plain['wall'] / drained['wall']:.2f} "
        f"({plain['cpu'] / drained['cpu']:.2f} by processor time)",
    )
    poll, projection = drained["poll"], drained["projection"]
    print(
        f"  {events:,} events in {drained['answers']} answers; elapsed {drained['wall']:.1f} s: poll and "
        f"store {poll[0]:.1f} s, project {projection[0]:.1f} s; processor {drained['cpu']:.1f} s "
        f"({poll[1]:.1f} + {projection[1]:.1f}), the simulator's {found['simulator']:.1f} s"
    )


def show(rounds: list[dict[str, Any]]) -> bool:
    """Print the medians; return whether all goals are met."""
    vendor = rounds[0]["vendor"]

    def middle(value: Any) -> float:
        return statistics.median(value(each) for each in rounds)

    speed = middle(lambda each: each["drain"]["events"] / each["drain"]["wall"])
    limit = middle(lambda each: each["drain"]["events"] / each["bare"]["wall"])
    by_cpu = middle(lambda each: each["drain"]["events"] / each["drain"]["cpu"])
    limit_by_cpu = middle(lambda each: each["drain"]["events"] / each["bare"]["cpu"])
    ratio = middle(lambda each: each["bare"]["wall"] / each["drain"]["wall"])
    ratio_by_cpu = middle(lambda each: each["bare"]["cpu"] / each["drain"]["cpu"])
    naive = middle(lambda each: each["bare"]["naive_events"] / each["bare"]["naive"])
    peak = max(each["drain"]["peak"] for each in rounds)
    memory = rounds[0]["drain"]["memory"]
    size = middle(lambda each: each["size"]["large"] / each["size"]["small"])
    load, cores = os.getloadavg()[0], os.cpu_count()
    print(f"\nmedians of {len(rounds)} rounds, {vendor}; load {load:.1f} on {cores} cores")
    row("processed and visible, events per second", f"{speed:,.0f}", f"about {EVENTS_PER_S[vendor]:,}")
    row("  bare bulk_create of the same rows of the inbox", f"{limit:,.0f}")
    row("  ratio", f"{ratio:.2f}", f"goal ≥ {RATIO}")
    row("the same per second of processor time", f"{by_cpu:,.0f}", f"bare {limit_by_cpu:,.0f}")
    row("  ratio", f"{ratio_by_cpu:.2f}")
    row("one update_or_create per event, events per second", f"{naive:,.0f}", "stored only, not projected")
    row("memory after the first and the last batch", f"{memory[0]:.0f}, {memory[-1]:.0f} MB")
    row("  at its peak", f"{peak:.0f} MB", f"goal ≤ {MOST_MB} MB")
    small, large = (middle(lambda each, key=key: each["size"][key]) for key in ("small", "large"))
    row("one event projected in a room of 10, of 1,000", f"{small:.1f}, {large:.1f} ms", "processor time")
    row("  ratio", f"{size:.2f}", f"goal ≤ {BY_SIZE}")
    one_event = middle(lambda each: each["size"]["one_event"])
    row("one event from the cloud's answer to its rows", f"{one_event:.0f} ms", "goal ≤ 200 ms, elapsed")
    return ratio >= RATIO and peak <= MOST_MB and size <= BY_SIZE


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rooms", type=int, default=200)
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--poll-batch", type=int, default=1000, help="maximum number of events in an answer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--worker", action="store_true", help="project in another process meanwhile")
    parser.add_argument("--measure", metavar="URL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measured(options.measure, beside=options.worker)
        return
    print(f"{options.rooms} rooms of {options.students} students, preparing {options.events:,} events")
    rounds = []
    for number in range(1, options.rounds + 1):
        rounds.append(one_round(options))
        show_round(number, rounds[-1])
    sys.exit(0 if show(rounds) else 1)


if __name__ == "__main__":
    main()
