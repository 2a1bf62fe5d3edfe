"""Run a Celery worker or beat as a part of `serve`, without Celery's command line.

    python -m classroom_admin.runtime.celery_part worker --name NAME --queues QUEUE,QUEUE --threads NUMBER
        [--also-timely]
    python -m classroom_admin.runtime.celery_part beat --schedule FILE

The modules of the command line, with the prompt of its shell, would add 5 MB to the memory of `serve`.
"""

import argparse
import sys
from typing import Any

from celery.utils.nodenames import host_format

from classroom_admin.celery import app
from classroom_admin.runtime.task_pool import MESSAGES_AT_ONCE, TaskPool

LOG_LEVEL = "WARNING"
BEAT_INTERVAL_S = 1


def main() -> int:
    """Run until SIGTERM. Return the exit code."""
    parser = argparse.ArgumentParser()
    kinds = parser.add_subparsers(dest="kind", required=True)
    worker = kinds.add_parser("worker")
    worker.add_argument("--name", required=True)
    worker.add_argument("--queues", required=True)
    worker.add_argument("--threads", type=int, required=True)
    worker.add_argument("--also-timely", action="store_true", help="have further threads for timely tasks")
    kinds.add_parser("beat").add_argument("--schedule", required=True)
    options = parser.parse_args()
    if options.kind == "worker":
        return _work(options)
    beat = app.Beat(schedule=options.schedule, max_interval=BEAT_INTERVAL_S, loglevel=LOG_LEVEL, quiet=True)
    beat.run()
    return 0


def _work(options: argparse.Namespace) -> int:
    pool: dict[str, Any] = {"pool_cls": "threads"}
    if options.also_timely:
        pool = {"pool_cls": TaskPool, "prefetch_multiplier": MESSAGES_AT_ONCE // options.threads}
    worker = app.Worker(
        hostname=host_format(f"{options.name}@%h"),
        queues=options.queues.split(","),
        concurrency=options.threads,
        **pool,
        loglevel=LOG_LEVEL,
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main())
