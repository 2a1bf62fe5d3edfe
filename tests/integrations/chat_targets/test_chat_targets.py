"""Chat services get messages about the classes they are set to, and nothing else reaches anything."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import NotAllowed
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry
from classroom_admin.common import outbound
from classroom_admin.common.encryption import decrypt, encrypt
from classroom_admin.integrations.chat_targets import actions, delivery, services, tasks
from classroom_admin.integrations.chat_targets.models import ChatMessage, ChatTarget
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.rooms.models import ClassList, Room
from tests.integrations.chat_targets.chat_server import ChatServer
from tests.integrations.happenings import alert, happen
from tests.school import make_room
from tests.stepped_clock import SteppedClock

pytestmark = pytest.mark.django_db
State = ChatMessage.State
SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
TEAMS = (
    "https://prod-41.westus.logic.azure.com:443/workflows/a643c4aaa/triggers/manual/paths/invoke"
    "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=abc_d"
)


@pytest.fixture
def head(db: None) -> User:
    return User.objects.create_user("head@school.test", "x", role=User.Role.ADMINISTRATOR)


@pytest.fixture
def room(db: None) -> Room:
    return make_room("Choir")


def save(head: User, address: str, *, row: ChatTarget | None = None, **changes: Any) -> ChatTarget:
    values: dict[str, Any] = {
        "name": "Staff",
        "service": "ntfy",
        "token": "",
        "kinds": [Notice.Kind.ALERT_RAISED],
        "only_list": False,
        "class_list": None,
        "language": "en",
    }
    return actions.save_target(actor=head, row=row, address=address, **{**values, **changes})


def test_notices_of_a_class_that_wait_are_one_message(
    head: User, room: Room, chat: ChatServer, time: SteppedClock
) -> None:
    save(head, f"{chat.address}/school", token="tk_secret")
    alert(room)
    alert(room, "recording")
    happen(room, Notice.Kind.CLASS_STARTED)  # not chosen
    alert(make_room("Latin"), "over_time")
    tasks.send()
    tasks.send()
    first, second = chat.requests
    assert first[:3] == ("POST", "/", "Bearer tk_secret")
    assert first[3] == {
        "topic": "school",
        "title": "Choir",
        "message": "12:00 No teacher present\n12:00 Not recording\n"
        f"https://classes.school.test/classes/{room.key}/",
    }
    assert second[3]["title"] == "Latin"
    assert set(ChatMessage.objects.values_list("state", flat=True)) == {State.SENT}
    assert ChatTarget.objects.get().sent_at is not None
    time.step(31 * 24 * 3600)
    delivery.tidy()
    assert not ChatMessage.objects.exists()


def test_target_gets_only_classes_with_its_list_in_its_language(
    head: User, room: Room, chat: ChatServer, time: SteppedClock
) -> None:
    listed = ClassList.objects.create(name="7b", owner=head)
    only = make_room("Physics", class_list=listed)
    target = save(head, f"{chat.address}/seven", only_list=True, class_list=listed, language="es")
    for one in (room, only):
        alert(one)
    tasks.send()
    [body] = chat.bodies
    assert body["title"] == "Physics"
    assert "Sin docente presente" in body["message"]
    Room.objects.update(class_list=None)
    listed.delete()
    for one in (room, only):
        alert(one, "recording")
    tasks.send()
    assert len(chat.bodies) == 1, "a target whose list was deleted gets nothing"
    assert ChatTarget.objects.get(pk=target.pk).class_list is None


def test_failure_is_shown_tried_again_and_given_up(
    head: User, room: Room, chat: ChatServer, time: SteppedClock
) -> None:
    target = save(head, f"{chat.address}/school")
    chat.status = 503
    alert(room)
    alert(make_room("Latin"))
    tasks.send()
    target.refresh_from_db()
    assert target.why == "The chat service refuses the message (status 503)."
    assert len(chat.requests) == 1, "other messages wait for a service that fails"
    time.step(10)
    chat.status = 200
    tasks.send()
    target.refresh_from_db()
    assert (target.why, target.failed_at) == ("", None)
    assert set(ChatMessage.objects.values_list("state", flat=True)) == {State.SENT}

    chat.status = 404
    alert(room, "recording")
    for _ in range(12):
        tasks.send()
        time.step(3600)
    last = ChatMessage.objects.first()
    assert last is not None
    assert (last.state, last.claimable_at) == (State.FAILED, None)
    assert last.attempts > 5


def test_message_of_a_killed_worker_is_sent_again(
    head: User, room: Room, chat: ChatServer, time: SteppedClock
) -> None:
    save(head, f"{chat.address}/school")
    alert(room)
    time.step(7 * 3600)
    tasks.send()
    assert chat.requests == [], "a message of an old backup is not sent"
    alert(room)
    assert delivery.claim(), "this worker is killed"
    tasks.send()
    assert chat.requests == []
    time.step(200)
    tasks.send()
    assert len(chat.requests) == 1


@pytest.mark.parametrize(
    ("service", "address", "token", "words"),
    [
        ("ntfy", "json://127.0.0.1/school", "", "starts with https://"),
        ("ntfy", "file:///etc/passwd", "", "starts with https://"),
        ("ntfy", "exec://ls", "", "starts with https://"),
        ("ntfy", "ntfys://127.0.0.1/school", "", "starts with https://"),
        ("ntfy", "http://me:secret@127.0.0.1/school", "", "without a name, a password"),
        ("ntfy", "http://127.0.0.1/one/two", "", "the server and the topic"),
        ("ntfy", "http://127.0.0.1/school?attach=file:///etc/passwd", "", "the server and the topic"),
        ("ntfy", "http://10.1.2.3/school", "", "OUTBOUND_PRIVATE_NETWORKS"),
        ("ntfy", "http://169.254.169.254/latest", "", "OUTBOUND_PRIVATE_NETWORKS"),
        ("slack", "http://127.0.0.1/services/T1/B1/x", "", "https://hooks.slack.com/services/"),
        ("teams", "http://127.0.0.1/workflows/a/triggers/manual/paths/invoke?sig=b&template=/etc/passwd", "",
         "shows for a workflow"),
        ("teams", "http://127.0.0.1/anything", "", "shows for a workflow"),
        ("matrix", "http://127.0.0.1/!room:school.test", "", "needs an access token"),
        ("matrix", "http://127.0.0.1/room", "syt_token", "the id of the room"),
        ("matrix", "http://127.0.0.1/%23alias:school.test", "syt_token", "the id of the room"),
    ],
)  # fmt: skip
def test_other_services_and_addresses_are_refused(
    head: User, chat: ChatServer, service: str, address: str, token: str, words: str
) -> None:
    with pytest.raises(ActionRefused) as refused:
        save(head, address, service=service, token=token)
    assert words in refused.value.message
    assert refused.value.field in ("address", "token")
    assert not ChatTarget.objects.exists()
    assert chat.requests == []


@pytest.mark.parametrize(("service", "address"), [("slack", SLACK), ("teams", TEAMS)])
def test_addresses_of_slack_and_teams_lead_to_their_plugins(service: str, address: str) -> None:
    plugin = services._plugin(service, address, "")
    assert type(plugin).__name__ == {"slack": "NotifySlack", "teams": "NotifyWorkflows"}[service]
    assert plugin.verify_certificate


@pytest.mark.parametrize(("service", "address"), [("slack", SLACK), ("teams", TEAMS)])
def test_name_of_a_class_makes_no_link_and_calls_nobody(
    monkeypatch: pytest.MonkeyPatch, service: str, address: str
) -> None:
    """Slack and Teams format texts. The servers of both can't run here."""
    sent: list[dict[str, Any]] = []

    def send(_method: str, _url: str, **more: Any) -> outbound.Answer:
        sent.append(json.loads(more["body"])["attachments"][0])
        return outbound.Answer(200, {}, b"ok", is_cut=False)

    monkeypatch.setattr(outbound, "send", send)
    target = ChatTarget(service=service, secret=encrypt(json.dumps({"address": address, "token": ""})))
    assert services.send(target, title="<!channel> [Grades](https://evil.test)", text="started") is None
    if service == "slack":
        assert sent[0]["title"] == "&lt;!channel&gt; [Grades](https://evil.test)"  # no link in Slack
    else:
        title = sent[0]["content"]["body"][0]["text"]
        assert title == r"\<!channel\> \[Grades\]\(https://evil.test\)"


def test_matrix_gets_a_text_in_the_given_room_and_no_other_request(
    head: User, room: Room, chat: ChatServer, time: SteppedClock
) -> None:
    save(head, f"{chat.address}/!staff:school.test", service="matrix", token="syt_token")
    alert(room)
    tasks.send()
    assert ChatMessage.objects.get().state == State.SENT
    assert {token for _method, _path, token, _body in chat.requests} == {"Bearer syt_token"}
    [(method, path, _token, body)] = [one for one in chat.requests if "/send/" in one[1]]
    assert method == "PUT"
    assert path.startswith("/_matrix/client/v3/rooms/%21staff%3Aschool.test/send/m.room.message/")
    assert "No teacher present" in body["body"]


def test_redirects_and_networks_that_are_no_longer_allowed_are_not_followed(
    head: User, room: Room, chat: ChatServer, time: SteppedClock, settings: Any
) -> None:
    target = save(head, f"{chat.address}/school")
    chat.status, chat.location = 307, f"{chat.address}/elsewhere"
    problem = actions.send_test(actor=head, row=target)
    assert problem is not None
    assert problem.code == "chat_status"
    assert len(chat.requests) == 1
    settings.OUTBOUND_PRIVATE_NETWORKS = ()
    problem = actions.send_test(actor=head, row=target)
    assert problem is not None
    assert problem.code == "outbound_private"
    assert len(chat.requests) == 1


class Kept(logging.Handler):
    """Keeps the texts of all records."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def test_tokens_in_the_records_of_apprise_do_not_reach_the_log(head: User, chat: ChatServer) -> None:
    target = save(head, f"{chat.address}/school", token="tk_secret")
    written, own = Kept(), Kept()
    root, apprise = logging.getLogger(), logging.getLogger("apprise")
    levels = root.level, apprise.level
    for log, kept in ((root, written), (apprise, own)):
        log.addHandler(kept)
        log.setLevel(logging.DEBUG)
    try:
        assert actions.send_test(actor=head, row=target) is None
    finally:
        for log, kept, level in zip((root, apprise), (written, own), levels, strict=True):
            log.removeHandler(kept)
            log.setLevel(level)
    assert "tk_secret" in "".join(own.texts), "apprise itself does not hide the token"
    assert "tk_secret" not in "".join(written.texts)


def test_secrets_are_encrypted_kept_and_not_recorded(head: User, chat: ChatServer) -> None:
    target = save(head, f"{chat.address}/topic-of-staff", token="tk_secret")
    assert json.loads(decrypt(target.secret))["token"] == "tk_secret"
    save(head, "", row=target, name="Teachers")
    target.refresh_from_db()
    assert json.loads(decrypt(target.secret))["address"].endswith("/topic-of-staff")
    actions.send_test(actor=head, row=target)
    actions.switch_target(actor=head, row=target, is_on=False)
    actions.delete_target(actor=head, row=target)
    entries = list(Entry.objects.order_by("pk"))
    names = ["add", "change", "test", "switch", "delete"]
    assert [one.action for one in entries] == [f"chat_target.{name}" for name in names]
    recorded = json.dumps([[one.params, one.target, one.target_name] for one in entries])
    assert "topic-of-staff" not in recorded
    assert "tk_secret" not in recorded


def test_only_people_who_may_change_settings_manage_chat_services(head: User, chat: ChatServer) -> None:
    target = save(head, f"{chat.address}/school")
    teacher = User.objects.create_user("teacher@school.test", "x")
    for refused in (
        lambda: save(teacher, f"{chat.address}/other"),
        lambda: actions.switch_target(actor=teacher, row=target, is_on=False),
        lambda: actions.delete_target(actor=teacher, row=target),
        lambda: actions.send_test(actor=teacher, row=target),
    ):
        with pytest.raises(NotAllowed):
            refused()
    assert chat.requests == []
    assert ChatTarget.objects.get().is_on
