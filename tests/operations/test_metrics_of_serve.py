"""`/metrics` while `manage.py serve` really runs, and what names metrics: documents, alerts, dashboard."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import signal
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from tests.operations.test_commands import MANAGE, READY, Program
from tests.runtime.processes import marked, wait_for

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy/prometheus/alerts.yml"
DASHBOARD = ROOT / "deploy/grafana/dashboard.json"
PAGE = ROOT / "docs/monitoring.md"
TOKEN = "a-token-for-prometheus-0123456789"
WITHIN_S = 90
ROOM, STUDENT = "the-room-of-the-test", "the-student-of-the-test"
NAME = re.compile(r"classroom_admin_[a-z_]+")
ROW = re.compile(r"^\| `(classroom_admin_[a-z_]+)` \|(.+)\|$", re.MULTILINE)
SIGN_IN = """
from django.conf import settings
from django.test import Client
from classroom_admin.accounts.models import User
client = Client()
client.force_login(User.objects.create_user("head@school.test", "x", role=User.Role.ADMINISTRATOR))
print("session", client.cookies[settings.SESSION_COOKIE_NAME].value)
"""

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for orphans in /proc"),
    pytest.mark.timeout(300),
]


@dataclass
class Sample:
    """A metric of a scrape: its type, its labels, and its values by the sorted values of the labels."""

    kind: str
    labels: set[str]
    values: dict[tuple[str, ...], float]


def parsed(text: str) -> dict[str, Sample]:
    """Return the metrics by the names that documents and rules use; counters end in `_total`."""
    found: dict[str, Sample] = {}
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        samples = [one for one in family.samples if not one.name.endswith(("_bucket", "_sum"))]
        labels = {label for one in samples for label in one.labels}
        values = {tuple(sorted(one.labels.values())): one.value for one in samples}
        found[name] = Sample(family.type, labels, values)
    return found


class Served:
    """A running installation, and a person who has a class open."""

    def __init__(self, program: Program, sim: RunningSimulator, session: str) -> None:
        self.program = program
        self.sim = sim
        self.cookie = f"sessionid={session}"

    def get(self, path: str, **headers: str) -> str:
        address = f"http://127.0.0.1:{self.program.port}{path}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(address, headers=headers), timeout=30) as answer:
            return answer.read().decode()

    def scrape(self) -> str:
        return self.get("/metrics", Authorization=f"Bearer {TOKEN}", Host="192.0.2.1:9")

    def value(self, name: str, *labels: str) -> float:
        found = parsed(self.scrape()).get(f"classroom_admin_{name}")
        return found.values.get(tuple(sorted(labels)), 0.0) if found else 0.0

    def open_class(self) -> http.client.HTTPConnection:
        """Open the stream of the class, as its page does."""
        wait_for(lambda: self._key() is not None, within_s=WITHIN_S)
        self.get(f"/classes/{self._key()}/", Cookie=self.cookie)
        connection = http.client.HTTPConnection("127.0.0.1", self.program.port, timeout=60)
        connection.request("GET", f"/live/classes/{self._key()}/stream", headers={"Cookie": self.cookie})
        assert connection.getresponse().status == 200
        return connection

    def _key(self) -> str | None:
        found = re.search(r"/classes/([a-z0-9]{12})/", self.get("/?when=live", Cookie=self.cookie))
        return found[1] if found else None


@pytest.fixture(scope="module")
def scrape(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The metrics of an installation in which everything has happened once."""
    folder = tmp_path_factory.mktemp("metrics") / "data"
    with running_simulator(plain=True) as sim:
        env = {
            "METRICS_TOKEN": TOKEN,
            "AGORA_BASE_URL": sim.base_url,
            "AGORA_FALLBACK_URL": "",
            "AGORA_APP_ID": sim.app_id,
            "AGORA_APP_CERTIFICATE": sim.app_certificate,
            "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
            "SECOND_FACTOR": "nobody",
        }
        program = Program(*MANAGE, "serve", data_dir=folder, **env)
        try:
            program.wait_said(READY)
            session = Program(*MANAGE, "shell", "-v0", "-c", SIGN_IN, data_dir=folder, **env)
            code, said = session.end()
            assert code == 0, said
            served = Served(program, sim, said.split("session ")[1].strip())
            text = _let_everything_happen(served)
            code, said = program.end(signal.SIGTERM)
            assert code == 0, said
            assert "Traceback" not in said
            assert not list((folder / "metrics").glob("*.new"))
        finally:
            if program.process.poll() is None:
                program.process.kill()
                program.process.wait(timeout=30)
            wait_for(lambda: not marked(program.mark))
    return text


def _let_everything_happen(served: Served) -> str:
    """Return a scrape in which each metric has a value."""
    served.sim.make_room(ROOM, roomName="A class that nobody may read in metrics", state=1)
    served.sim.room(ROOM, "enter", userUuid=STUDENT, userName="Pia Secret", role=2)
    stream = served.open_class()
    try:
        wait_for(lambda: served.value("subscribers", "class") == 1, within_s=WITHIN_S)
        served.sim.room(ROOM, "reward", userUuid=STUDENT, change=1)
        wait_for(lambda: served.value("event_pushed_seconds") >= 1, within_s=WITHIN_S)
        for name in ("sync.poll", "actions.run_promised", "sync.fold_due"):  # one for each worker
            wait_for(lambda name=name: served.value("tasks_total", name, "success") >= 1, within_s=WITHIN_S)
        text = served.scrape()
    finally:
        stream.close()
    wait_for(lambda: served.value("subscribers", "class") == 0, within_s=WITHIN_S)
    return text


def test_all_processes_of_serve_are_counted(scrape: str) -> None:
    found = parsed(scrape)

    def value(name: str, *labels: str) -> float:
        return found[f"classroom_admin_{name}"].values[tuple(sorted(labels))]

    assert value("cloud_calls_total", "PollEvents", "ok") >= 1
    assert value("cloud_call_seconds", "PollEvents") >= 1
    assert value("event_stored_seconds") >= 1
    assert value("event_projected_seconds") >= 1
    assert value("event_pushed_seconds") >= 1
    assert value("renderings_total", "class") >= 1
    assert value("http_requests_total", "live:class", "GET", "200") >= 1
    assert value("http_request_seconds", "live:class") >= 1
    assert value("task_seconds", "sync.poll") >= 1
    assert {queue for (queue,) in found["classroom_admin_task_wait_seconds"].values} >= {"poll", "promised"}
    assert value("poll_age_seconds") < WITHIN_S
    assert value("live_classes") == 1
    assert value("people_present", "student") == 1


def test_no_label_names_a_person_a_class_or_a_path(scrape: str) -> None:
    for word in (ROOM, STUDENT, "Pia", "nobody may read", "/classes/", "127.0.0.1", TOKEN):
        assert word not in scrape


def test_page_describes_every_metric_and_no_other(scrape: str) -> None:
    """The tables name each metric, its type and its labels as a scrape has them."""
    page = PAGE.read_text(encoding="utf-8")
    of_database, _, of_machine = page.partition("### Of a machine")
    described = {}
    for part, default in ((of_database, "gauge"), (of_machine, "")):
        for name, rest in ROW.findall(part):
            cells = [cell.strip() for cell in rest.split("|")]
            kind, labels = (default, cells[0]) if default else (cells[0], cells[1])
            described[name] = (kind, set(re.findall(r"`(\w+)`", labels)))
    assert described == {name: (one.kind, one.labels) for name, one in parsed(scrape).items()}


def names_in(text: str, scrape: str) -> tuple[set[str], set[str]]:
    """Return the names of metrics in a text, and those of all samples of the scrape."""
    return set(NAME.findall(text)), set(NAME.findall(scrape))


def test_alerts_and_dashboard_use_only_metrics_that_exist(scrape: str) -> None:
    for path in (RULES, DASHBOARD):
        used, existing = names_in(expressions(path), scrape)
        assert used
        assert used - existing == set(), path.name


def test_dashboard_shows_every_metric(scrape: str) -> None:
    shown = set(NAME.findall(expressions(DASHBOARD)))
    missing = {
        name
        for name in parsed(scrape)
        if not any(one.startswith(name.removesuffix("_total")) for one in shown)
    }
    assert missing == set()


def expressions(path: Path) -> str:
    """Return the queries of a file: not its texts, which may name metrics in words."""
    if path.suffix == ".yml":
        return "\n".join(
            re.findall(r"expr: (?:\|\n)?((?:.+\n?)(?:            .+\n)*)", path.read_text("utf-8"))
        )
    panels: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["panels"]
    return "\n".join(target["expr"] for panel in panels for target in panel.get("targets", ()))


def promtool(*arguments: str) -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed (Debian package prometheus)")
    done = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_alert_rules_are_valid() -> None:
    promtool("check", "rules", str(RULES))


def test_alerts_begin_and_end_as_their_series_say() -> None:
    promtool("test", "rules", "tests/operations/alerts.test.yml")


def test_each_alert_says_what_to_do() -> None:
    text = RULES.read_text(encoding="utf-8")
    alerts = text.count("- alert:")
    assert alerts >= 15
    assert text.count("summary:") == text.count("description:") == text.count("severity:") == alerts
