"""The processes an installation consists of, as the supervisor takes them."""

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
    """The pages, by uvicorn; ready when ``/healthz`` is answered."""
    argv = [
        *_module("uvicorn", "classroom_admin.asgi:application", "--host", host, "--port", str(port)),
        *("--timeout-graceful-shutdown", "3", "--no-access-log", "--log-level", "warning"),
        *("--lifespan", "off", "--ws", "none", "--no-server-header"),
    ]
    return Part(
        name="web", argv=argv, env=env, cwd=base_dir, ready=lambda: serves_pages(host, port), may_fork=True
    )


def workers(*, base_dir: Path, env: Mapping[str, str]) -> list[Part]:
    """One worker that only polls, so that nothing delays the poll; one for what was promised to the second;
    and one for all the rest.

    Threads, not processes: they end with their process, and start at once.
    """
    return [
        _worker("poll", queues="poll", threads=1, base_dir=base_dir, env=env),
        _worker("promised", queues="promised", threads=4, base_dir=base_dir, env=env),
        _worker("worker", queues="sync,celery", threads=4, base_dir=base_dir, env=env),
    ]


def beat(*, data_dir: Path, base_dir: Path, env: Mapping[str, str]) -> Part:
    """What says when it is time."""
    argv = _celery("beat", "--schedule", str(data_dir / "beat-schedule"), "--pidfile=", "--max-interval", "1")
    return Part(name="beat", argv=argv, env=env, cwd=base_dir, may_fork=True)


def warm_up() -> None:
    """Import once what every forked part needs, so that none of them imports it again."""
    for name in ("celery.bin.celery", "celery.apps.worker", "celery.apps.beat", "celery.concurrency.thread"):
        importlib.import_module(name)
    importlib.import_module("kombu.transport.redis")
    gc.freeze()  # what is here now is shared for good: do not let the collector touch (and so copy) it


def serves_pages(host: str, port: int) -> bool:
    """Whether the web process answers requests now (any answer but a failure of the server)."""
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
