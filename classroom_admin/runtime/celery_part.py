"""Run a Celery worker or beat as a part of `serve`, without Celery's command line.

    python -m classroom_admin.runtime.celery_part worker --name NAME --queues QUEUE,QUEUE --threads NUMBER
    python -m classroom_admin.runtime.celery_part beat --schedule FILE

The modules of the command line, with the prompt of its shell, would add 5 MB to the memory of `serve`.
"""

import argparse
import sys

from celery.utils.nodenames import host_format

from classroom_admin.celery import app

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
    kinds.add_parser("beat").add_argument("--schedule", required=True)
    options = parser.parse_args()
    if options.kind == "worker":
        return _work(options.name, options.queues.split(","), options.threads)
    beat = app.Beat(schedule=options.schedule, max_interval=BEAT_INTERVAL_S, loglevel=LOG_LEVEL, quiet=True)
    beat.run()
    return 0


def _work(name: str, queues: list[str], threads: int) -> int:
    worker = app.Worker(
        hostname=host_format(f"{name}@%h"),
        queues=queues,
        concurrency=threads,
        pool_cls="threads",
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
