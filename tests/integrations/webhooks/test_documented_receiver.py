"""The receiver in docs/webhooks-out.md runs as it is written there, and gets a message of a real worker."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from classroom_admin.accounts.models import User
from classroom_admin.common import outbound
from classroom_admin.common.encryption import decrypt
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.integrations.webhooks import actions, deliveries, tasks
from classroom_admin.integrations.webhooks.models import KIND_LABELS, Attempt
from tests.browser.school import eventually, free_port
from tests.integrations.webhooks.conftest import Notify
from tests.school import make_room

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = (Path(__file__).resolve().parents[3] / "docs/webhooks-out.md").read_text(encoding="utf-8")


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_example_prints_each_message_once_and_refuses_others(
    head: User, notify: Notify, settings: Any, tmp_path: Path
) -> None:
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.1",)
    port = free_port()
    endpoint = actions.save(
        actor=head,
        endpoint=None,
        address=f"http://127.0.0.1:{port}/",
        description="Example",
        kinds=Notice.Kind.values,
    )
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    program = tmp_path / "receiver.py"
    program.write_text(code)
    environment = {**os.environ, "WEBHOOK_SECRET": decrypt(endpoint.secret), "PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, str(program)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        eventually(lambda: listens(port), within_s=100)
        forged = outbound.send("POST", endpoint.address, body=b"{}", headers={"webhook-id": "msg_1"})
        assert forged.status == 401
        notify(make_room("Maths 7b"), "1")
        tasks.deliver()
        (attempt,) = Attempt.objects.all()
        assert attempt.status == 204
        actions.send_again(actor=head, delivery=attempt.delivery)
        tasks.deliver()
        assert [one.status for one in Attempt.objects.all()] == [204, 204]
    finally:
        process.terminate()
        printed, _errors = process.communicate(timeout=60)
    assert printed == "class_started Maths 7b\n"


def test_page_names_all_messages_and_the_waits() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert rows == ["type", *(kind.value for kind in KIND_LABELS), "test"]
    waits = "5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, 4 h, and then every 8 h"
    assert waits in " ".join(PAGE.split())
    hours, minutes = 3600, 60
    assert (
        *(5, 30, 2 * minutes, 10 * minutes, 30 * minutes),
        *(1 * hours, 2 * hours, 4 * hours, 8 * hours),
    ) == deliveries.BACK_OFF_S
