"""The embedded broker, for real: where it listens, what it refuses, and Celery through it from end to end."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from classroom_admin.runtime import broker
from tests.runtime.processes import wait_for

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def running(data_dir: Path):
    socket_path = broker.socket_path(data_dir)
    broker.prepare(socket_path, data_dir / "broker")
    part = broker.part(socket_path, data_dir / "broker", env=os.environ)
    server = subprocess.Popen(part.argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        wait_for(part.ready)
        yield socket_path, server
    finally:
        server.terminate()
        server.communicate(timeout=20)
        broker.remove_folder(socket_path, data_dir / "broker")


def test_socket_is_in_the_data_folder(tmp_path):
    assert broker.socket_path(Path("/srv/school")) == Path("/srv/school/broker.sock")


def test_deep_data_folder_always_gets_the_same_short_private_path():
    deep = Path("/srv") / ("x" * 120)
    path = broker.socket_path(deep)
    assert len(os.fsencode(path)) <= 103
    assert path == broker.socket_path(deep)
    assert path != broker.socket_path(deep / "y")


@pytest.mark.parametrize("name", ["plain", "odd name é%41?#&", "d" * 120])
def test_celery_sends_a_message_through_the_broker(tmp_path, name):
    data_dir = tmp_path / name
    data_dir.mkdir()
    with running(data_dir) as (socket_path, _):
        from kombu import Connection

        assert socket_path.stat().st_mode & 0o077 == 0
        with Connection(broker.url(socket_path)) as connection:
            queue = connection.SimpleQueue("letters")
            queue.put({"hello": "world"})
            assert queue.get(timeout=10).payload == {"hello": "world"}
            queue.close()


@pytest.mark.parametrize("name", ["plain", "d" * 120])
def test_folder_of_the_socket_is_removed_unless_a_server_answers(tmp_path, name):
    data_dir = tmp_path / name
    data_dir.mkdir()
    with running(data_dir) as (socket_path, _):
        broker.remove_folder(socket_path, data_dir / "broker")
        assert broker.answers(socket_path)
    assert socket_path.parent.exists() == (name == "plain")
    socket_path.parent.mkdir(mode=0o700, exist_ok=True)
    (socket_path.parent / "another").touch()
    broker.remove_folder(socket_path, data_dir / "broker")
    assert (socket_path.parent / "another").exists()
    if name != "plain":
        (socket_path.parent / "another").unlink()
        broker.remove_folder(socket_path, data_dir / "broker")
        assert not socket_path.parent.exists()


def test_socket_of_a_dead_server_is_replaced(tmp_path):
    with running(tmp_path) as (socket_path, server):
        server.kill()
        server.wait(timeout=10)
        assert socket_path.exists()
    with running(tmp_path) as (socket_path, _):
        assert broker.answers(socket_path)


def test_socket_of_a_live_server_is_kept(tmp_path):
    with running(tmp_path) as (socket_path, server):
        with pytest.raises(broker.BrokerProblem, match="Another broker answers"):
            broker.prepare(socket_path, tmp_path / "broker")
        assert server.poll() is None
        assert broker.answers(socket_path)


def test_folder_that_others_can_reach_is_refused(tmp_path):
    outside = tmp_path / "short" / "broker.sock"
    outside.parent.mkdir()
    outside.parent.chmod(0o755)  # whatever the umask of the settings
    with pytest.raises(broker.BrokerProblem, match="not a private folder"):
        broker.prepare(outside, tmp_path / "data" / "broker")


def test_silent_socket_is_not_a_broker(tmp_path):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen(1)
        assert broker.answers(tmp_path / "s") is False


def test_worker_with_threads_ends_within_eight_seconds_while_a_task_runs(tmp_path):
    with running(tmp_path) as (socket_path, _):
        env = os.environ | {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "classroom_admin.settings"}
        env.pop("CELERY_BROKER_URL", None)
        worker = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "tests.runtime.slow_app", "--quiet", "worker"),
                *("--pool", "threads", "--concurrency", "2"),
                *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            ],
            cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            send = "from tests.runtime import slow_app as s; s.hang.delay({!r}); s.note.delay({!r})"
            code = send.format(str(tmp_path / "hangs"), str(tmp_path / "noted"))
            subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True, timeout=60)
            wait_for(lambda: (tmp_path / "hangs").exists() and (tmp_path / "noted").exists(), within_s=60)
            began = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            worker.communicate(timeout=20)
            assert time.monotonic() - began < 8
            assert worker.returncode == 0
        finally:
            worker.kill()
            worker.communicate()
        assert socket_path.exists()
