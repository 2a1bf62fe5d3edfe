"""Components of the live update benchmarks: processes, subscribers, and a minimal server for comparison."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
BARE = """
import asyncio
NOTHING = {"type": "http.response.start", "status": 204, "headers": []}
START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
queues = []
async def app(scope, receive, send):
    if scope["path"] == "/push":
        body = b"id: " + scope["query_string"] + b"\\n\\n" + b"x" * 2000
        for queue in queues: queue.put_nowait(body)
    if scope["path"] != "/stream":
        await send(NOTHING); await send({"type": "http.response.body", "body": b""}); return
    queue = asyncio.Queue(); queues.append(queue)
    await send(START)
    await send({"type": "http.response.body", "body": b"event: hello\\ndata: {}\\n\\n", "more_body": True})
    while True:
        await send({"type": "http.response.body", "body": await queue.get(), "more_body": True})
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def percentile(values: list[float], share: float) -> float:
    """Return the value that a `share` (0 to 1) of the values do not exceed, or NaN if there are no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def answer(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], bytes, float]:
    """Send a GET request; return the status, headers, body and duration (s)."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers=headers)
    got = connection.getresponse()
    body = got.read()
    connection.close()
    return got.status, dict(got.getheaders()), body, time.perf_counter() - began


@contextmanager
def process(*argv: str, env: dict[str, str] | None = None, output: IO[str] | None = None):
    """Run a process while the block runs."""
    started = subprocess.Popen(argv, cwd=ROOT, env=env or dict(os.environ), stdout=output, stderr=output)
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(15)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def uvicorn(target: str, port: int, *more: str) -> list[str]:
    """Return the command with which the product starts a web process."""
    options = ["--no-access-log", "--log-level", "warning", "--lifespan", "off", "--ws", "none"]
    if target.startswith("classroom_admin."):
        options += ["--http", "classroom_admin.runtime.http_protocol:BoundedProtocol", "--no-proxy-headers"]
    return [
        sys.executable,
        "-m",
        "uvicorn",
        target,
        "--port",
        str(port),
        *options,
        "--no-server-header",
        *more,
    ]


def wait_for(port: int, path: str = "/healthz") -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until:
        try:
            if answer(port, path)[0] < 500:
                return
        except OSError:
            pass  # the server does not listen yet
        time.sleep(0.1)  # wait before the next attempt
    raise RuntimeError(f"no answer on port {port}")


@contextmanager
def bare_server(folder: Path):
    """Run a minimal server that shows the limit of this machine. Yield its port."""
    (folder / "bare_app.py").write_text(BARE)
    port = free_port()
    with process(*uvicorn("bare_app:app", port, "--app-dir", str(folder))):
        wait_for(port, "/")
        yield port


class Subscribers:
    """Many open pages, simulated by a separate process that runs `program`.

    `sessions` are the keys of their sessions, with commas between them.
    """

    def __init__(
        self, port: int, path: str, sessions: str, count: int, *, program: str = "live_subscribers.py"
    ) -> None:
        argv = [sys.executable, f"bench/{program}", str(port), path, sessions, str(count)]
        self.process = subprocess.Popen(
            argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"could not open {count} streams")

    def ask(self, version: str) -> dict[str, Any]:
        """Wait until all pages have received `version`; return the results that `program` prints."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(version + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __enter__(self) -> Subscribers:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)


def cpu_s(pid: int) -> float:
    """Return the processor time of a process in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cores:
    """The processor time of all cores since the machine started, in ticks, and how busy they were."""

    busy: int
    total: int
    share: float = 1.0


def busy_cores(since: Cores | None = None) -> Cores:
    """Return the processor time of all cores now. `share` is the busy part of the time after `since`."""
    ticks = [int(value) for value in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = ticks[3] + ticks[4]
    now = Cores(sum(ticks) - idle, sum(ticks))
    if since is None or now.total == since.total:
        return now
    return replace(now, share=(now.busy - since.busy) / (now.total - since.total))


def family(pid: int) -> dict[int, str]:
    """Return the command lines of a process and of all its descendants, by process id."""
    parents, words = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            words[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except OSError:
            continue  # the process has ended
        parents[int(folder.name)] = parent
    found = {pid: words.get(pid, "")}
    while more := {
        one: words[one] for one, parent in parents.items() if parent in found and one not in found
    }:
        found |= more
    return found


def pss_mb(pid: int) -> float:
    """Return the proportional set size of a process in MB, or 0 if it has ended.

    Memory that several processes share counts in equal parts for each. So the sizes may be added.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
