"""Define the processes of an installation as parts for the supervisor."""

from __future__ import annotations

import gc
import http.client
import importlib
import sys
from collections.abc import Mapping
from pathlib import Path

from classroom_admin.runtime import ports
from classroom_admin.runtime.supervisor import Part


def web(*, host: str, port: int, base_dir: Path, env: Mapping[str, str]) -> Part:
    """Return the web process (uvicorn); it is ready when it answers ``/healthz``."""
    argv = [
        *_module("uvicorn", "classroom_admin.asgi:application", "--host", host, "--port", str(port)),
        *("--timeout-graceful-shutdown", "3", "--no-access-log", "--log-level", "warning"),
        *("--lifespan", "off", "--ws", "none", "--no-server-header"),
    ]
    return Part(
        name="web", argv=argv, env=env, cwd=base_dir, ready=lambda: serves_pages(host, port), may_fork=True
    )


def workers(*, base_dir: Path, env: Mapping[str, str]) -> list[Part]:
    """Return three workers: one for polling, one for scheduled commands, and one for everything else.

    Polling has its own worker, so nothing delays it. Workers use threads, because threads start at once and
    end with their process.
    """
    return [
        _worker("poll", queues="poll", threads=1, base_dir=base_dir, env=env),
        _worker("promised", queues="promised", threads=4, base_dir=base_dir, env=env),
        _worker("worker", queues="sync,celery", threads=4, base_dir=base_dir, env=env),
    ]


def beat(*, data_dir: Path, base_dir: Path, env: Mapping[str, str]) -> Part:
    """Return Celery beat, which sends the periodic tasks."""
    argv = _celery("beat", "--schedule", str(data_dir / "beat-schedule"), "--pidfile=", "--max-interval", "1")
    return Part(name="beat", argv=argv, env=env, cwd=base_dir, may_fork=True)


def warm_up() -> None:
    """Import the modules that every forked part needs, so that the forks share their memory."""
    for name in ("celery.bin.celery", "celery.apps.worker", "celery.apps.beat", "celery.concurrency.thread"):
        importlib.import_module(name)
    importlib.import_module("kombu.transport.redis")
    gc.freeze()  # the garbage collector would modify shared objects, and so copy their memory pages


def serves_pages(host: str, port: int) -> bool:
    """Return whether the web process answers now, with any status below 500."""
    if not ports.accepts(host, port):
        return False
    connection = http.client.HTTPConnection(ports.reachable(host), port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _worker(name: str, *, queues: str, threads: int, base_dir: Path, env: Mapping[str, str]) -> Part:
    argv = _celery("worker", "--pool", "threads", "--concurrency", str(threads), "--queues", queues)
    argv += ["--hostname", f"{name}@%h", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    return Part(name=name, argv=argv, env=env, cwd=base_dir, may_fork=True)


def _celery(command: str, *options: str) -> list[str]:
    return _module("celery", "-A", "classroom_admin", "--quiet", command, "--loglevel", "WARNING", *options)


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]
