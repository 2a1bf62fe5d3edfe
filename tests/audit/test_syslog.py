"""The audit log is copied to a syslog server."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from classroom_admin.audit import chain, record, syslog, tasks
from classroom_admin.audit.models import Copied

RFC_5424 = re.compile(
    r"<(?P<priority>\d+)>1 (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) \S+ classroom-admin \d+ "
    r"(?P<action>\S+) - (?P<message>\{.*\})",
    re.DOTALL,
)
pytestmark = pytest.mark.usefixtures("db")


@contextmanager
def listening(
    kind: int, family: int = socket.AF_INET, at: object = ("127.0.0.1", 0)
) -> Iterator[socket.socket]:
    with socket.socket(family, kind) as server:
        server.settimeout(30)
        server.bind(at)
        yield server


def act(name: str, *, outcome: str = "done", **params: object) -> None:
    record.done(actor=None, action="class.start", target=name, params=params, outcome=outcome)
    while chain.link_new():
        pass


def parsed(message: bytes) -> tuple[int, str, dict]:
    found = RFC_5424.fullmatch(message.decode())
    assert found, message
    return int(found["priority"]), found["action"], json.loads(found["message"])


def test_records_are_sent_over_udp_once_and_in_order(settings):
    with listening(socket.SOCK_DGRAM) as server:
        settings.AUDIT_SYSLOG = f"udp://127.0.0.1:{server.getsockname()[1]}"
        act("before")
        assert syslog.copy_new() == 0, "the copy starts with the next record"
        act("Zoë", names=["a\nb"])
        act("refused", outcome="failed")
        assert syslog.copy_new() == 4
        assert syslog.copy_new() == 0
        found = [parsed(server.recv(65536)) for _ in range(4)]
    info, warning = 13 * 8 + 6, 13 * 8 + 4
    assert [one[:2] for one in found] == [
        (info, "class.start"),
        (info, "class.start"),
        (info, "class.start"),
        (warning, "class.start"),
    ]
    contents = [one[2] for one in found]
    assert [one["link"] for one in contents] == [3, 4, 5, 6]
    assert [one["record"] for one in contents] == ["entry", "step", "entry", "step"]
    assert (contents[0]["target"]["id"], contents[0]["params"]) == ("Zoë", {"names": ["a\nb"]})
    assert (contents[3]["kind"], contents[3]["entry"]) == ("failed", contents[2]["id"])


def test_records_are_sent_over_tcp_in_lines(settings):
    with listening(socket.SOCK_STREAM) as server:
        server.listen()
        settings.AUDIT_SYSLOG = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        syslog.copy_new()
        act("one")
        tasks.copy()
        connection, _address = server.accept()
        with connection, connection.makefile("rb") as lines:
            found = [parsed(line.rstrip(b"\n"))[2] for line in lines]
    assert [one["record"] for one in found] == ["entry", "step"]


def test_records_are_sent_to_a_unix_socket(settings, tmp_path):
    path = Path(tmp_path, "log")
    with listening(socket.SOCK_DGRAM, socket.AF_UNIX, str(path)) as server:
        settings.AUDIT_SYSLOG = str(path)
        syslog.copy_new()
        act("one")
        assert syslog.copy_new() == 2
        assert parsed(server.recv(65536))[2]["target"]["id"] == "one"


def test_server_that_was_lost_gets_the_records_later(settings, caplog):
    with listening(socket.SOCK_STREAM) as server:
        port = server.getsockname()[1]
    settings.AUDIT_SYSLOG = f"tcp://127.0.0.1:{port}"
    syslog.copy_new()
    act("lost")
    tasks.copy()
    assert "can't be reached" in caplog.text
    assert Copied.objects.get().number == 0
    with listening(socket.SOCK_STREAM, at=("127.0.0.1", port)) as server:
        server.listen()
        tasks.copy()
        connection, _address = server.accept()
        with connection, connection.makefile("rb") as lines:
            assert len(list(lines)) == 2
    assert Copied.objects.get().number == 2


def test_long_records_are_shortened(settings):
    with listening(socket.SOCK_DGRAM) as server:
        settings.AUDIT_SYSLOG = f"udp://127.0.0.1:{server.getsockname()[1]}"
        syslog.copy_new()
        act("long", text="x" * 100_000)
        assert syslog.copy_new() == 2
        found = parsed(server.recv(65536))[2]
    assert (found["shortened"], found["target"]["id"], "params" in found) == (True, "long", False)


def test_nothing_is_sent_without_the_setting(settings):
    settings.AUDIT_SYSLOG = ""
    act("one")
    assert syslog.copy_new() == 0
    assert not Copied.objects.exists()
