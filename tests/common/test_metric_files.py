"""The metrics of several processes: living, killed and forked ones."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from classroom_admin.common import metrics
from classroom_admin.common.metric_files import BYTES, MetricFiles

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import os, sys
from pathlib import Path
from classroom_admin.common.metric_files import MetricFiles
MetricFiles(Path(sys.argv[1])).begin()
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
registry = CollectorRegistry()
counter = Counter("calls", "Calls", ["result"], registry=registry)
gauge = Gauge("pages", "Pages", registry=registry, multiprocess_mode="livesum")
histogram = Histogram("wait_seconds", "Wait", registry=registry, buckets=(1, 10))
def count():
    counter.labels("ok").inc(float(sys.argv[2]))
    gauge.inc()
    histogram.observe(5)
    print("counted", flush=True)
count()
if "fork" in sys.argv:
    if os.fork() == 0:
        count()
sys.stdin.read()
os._exit(0)
"""


@contextmanager
def counting(folder: Path, number: int, *more: str) -> Iterator[subprocess.Popen[str]]:
    """Run a process that counts `number` calls, one page and one wait, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), str(number), *more],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        for _ in range(2 if more else 1):
            assert process.stdout.readline() == "counted\n"
        yield process
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()


def sums(folder: Path) -> dict[str, float]:
    """Return the sums over all processes: calls, pages, and waits of at most 10 s."""
    with MetricFiles(folder).collected() as of_processes:
        return {
            sample.name: sample.value
            for metric in of_processes.collect()
            for sample in metric.samples
            if sample.labels.get("le") in (None, "10.0")
        }


def test_processes_are_added_up_and_the_counts_of_dead_ones_remain(tmp_path: Path) -> None:
    with counting(tmp_path, 3), counting(tmp_path, 4) as other:
        found = sums(tmp_path)
        assert found["calls_total"] == 7
        assert found["pages"] == 2
        assert found["wait_seconds_bucket"] == found["wait_seconds_count"] == 2
        assert found["wait_seconds_sum"] == 10
        other.send_signal(signal.SIGKILL)
        other.wait(timeout=30)
        for _ in range(2):  # a second scrape adds nothing again
            found = sums(tmp_path)
            assert found["calls_total"] == 7
            assert found["pages"] == 1, "the pages of a dead process are closed"
            assert found["wait_seconds_sum"] == 10
        with counting(tmp_path, 5):
            assert sums(tmp_path)["calls_total"] == 12
        assert len(list(tmp_path.glob("counter_*.db"))) == 3, "the last one died after the last scrape"
    found = sums(tmp_path)
    assert found["calls_total"] == 12
    assert "pages" not in found
    assert {path.name for path in tmp_path.glob("*.db")} == {"counter_past.db", "histogram_past.db"}
    assert {path.name for path in tmp_path.glob("*.lock")} == {"folder.lock"}


def test_fork_has_files_of_its_own(tmp_path: Path) -> None:
    with counting(tmp_path, 2, "fork"):
        assert sums(tmp_path)["calls_total"] == 4
        assert len(list(tmp_path.glob("counter_*.db"))) == 2


def test_cleaning_spares_living_processes(tmp_path: Path) -> None:
    with counting(tmp_path, 1):
        pass
    sums(tmp_path)
    with counting(tmp_path, 6):
        MetricFiles(tmp_path).clean()
        assert sums(tmp_path)["calls_total"] == 6
    MetricFiles(tmp_path).clean()
    assert sums(tmp_path) == {}


def test_files_have_their_whole_size_and_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    with counting(folder, 1):
        for kind, size in BYTES.items():
            (path,) = folder.glob(f"{kind}_*.db")
            assert path.stat().st_size == size
            assert path.stat().st_blocks * 512 >= size, "the disk has the space already"
    assert folder.stat().st_mode & 0o077 == 0


def test_process_without_space_for_its_files_works_without_metrics(
    tmp_path: Path,
    settings: object,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "full").write_text("a file where the folder should be")
    monkeypatch.setattr(settings, "METRICS_FOLDER", tmp_path / "full")
    monkeypatch.setattr(metrics, "_failed", False)
    with caplog.at_level(logging.WARNING):
        metrics.begin()
        metrics.begin()
    assert not metrics.counts_here()
    metrics.task("a task", "success", 1.0)
    assert [record.message for record in caplog.records if "counts nothing" in record.message] != []
    assert len(caplog.records) == 1, "it says so once"
    assert os.environ.get("PROMETHEUS_MULTIPROC_DIR") is None
