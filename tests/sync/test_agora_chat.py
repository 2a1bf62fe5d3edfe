"""The messages of Agora Chat, by webhook and by the hour, against the simulated service."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.rooms.agora_chat import chat_of, chat_user_of
from classroom_admin.rooms.models import AgoraChatRoom, ChatMessage, Gap, Participant, Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.simulator.world import agora_chat as simulated
from classroom_admin.sync import chat_history, chat_rooms, projector
from classroom_admin.sync.models import ChatHour, InboxAnswer, Quarantine, RoomCursor, StoredEvent
from tests.sync.conftest import config_for, room, sync_once

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "the secret of the rule"
ADDRESS = "/api/agora/chat/"
Call = Callable[..., Any]


@pytest.fixture
def cloud(sim: RunningSimulator, settings: Any) -> Client:
    settings.AGORA = config_for(sim, chat_url=f"{sim.base_url}/chat")
    settings.AGORA_CHAT_SECRET = SECRET
    return Client(settings.AGORA)


@pytest.fixture
def lesson(sim: RunningSimulator, cloud: Client) -> RunningSimulator:
    """A live class that uses Agora Chat, with Zoë and a teacher, known to the dashboard."""
    sim.make_room("maths", roomName="Mathematics", state=1, agoraChat=True)
    sim.room("maths", "enter", userUuid="zoe", userName="Zoë")
    sim.room("maths", "enter", userUuid="kim", userName="Ms Kim", role=1)
    assert sync_once() == ""
    return sim


@pytest.fixture
def call(settings: Any) -> Call:
    """`call(callback)` sends a callback of the service, signed with the secret of the rule."""
    browser = Browser(enforce_csrf_checks=True)

    def send(callback: Any, *, secret: str = SECRET, body: bytes | None = None) -> Any:
        if body is None:
            body = json.dumps(simulated.signed(callback, secret=secret)).encode()
        return browser.post(ADDRESS, body, content_type="application/json")

    return send


def callbacks(sim: RunningSimulator) -> list[dict[str, Any]]:
    return sim.do(lambda world: list(world.agora_chat.callbacks))


def texts() -> list[tuple[str, str, str]]:
    rows = ChatMessage.objects.order_by("sent_at", "sequence")
    return [(row.name, row.role, row.text) for row in rows]


def due_now() -> None:
    ChatHour.objects.update(due_at=clock.cloud_now())


def read_hours(cloud: Client) -> None:
    """Read the known hours again. This client has no request limit, so nobody waits for the next minute."""
    due_now()
    assert not chat_history.read_due(cloud).problems
    projector.project_rooms(projector.waiting_rooms())


def test_chat_room_of_a_class_is_read_with_its_details(lesson: RunningSimulator) -> None:
    chat = chat_of(room("maths"))
    assert chat is not None
    assert (chat.org_name, chat.app_name) == ("demo-school", "classroom")
    assert chat.chat_room_id == lesson.oracle(room="maths")["rooms"][0]["agoraChat"]["chatRoomId"]
    zoe = Participant.objects.get(user_uuid="zoe")
    assert chat_user_of(zoe) == simulated.chat_user("zoe")
    lesson.make_room("art", state=1)
    assert sync_once() == ""
    assert chat_of(room("art")) is None


def test_callback_stores_the_message_at_once(lesson: RunningSimulator, call: Call) -> None:
    lesson.room("maths", "chat", userUuid="zoe", message="Hello 👋")
    (callback,) = callbacks(lesson)
    answer = call(callback)
    assert (answer.status_code, answer.json()) == (200, {"stored": 1, "duplicates": 0})
    assert texts() == [("Zoë", "student", "Hello 👋")]
    assert room("maths").chat_count == 1
    assert len(answer.content) < 1000


def test_history_brings_the_messages_of_an_hour(lesson: RunningSimulator, cloud: Client) -> None:
    for message in ("one", "two"):
        lesson.room("maths", "chat", userUuid="zoe", message=message)
    read_hours(cloud)
    assert [text for _name, _role, text in texts()] == ["one", "two"]


@pytest.mark.parametrize("first", ["callback", "history"])
def test_both_sources_bring_a_message_only_once(
    lesson: RunningSimulator, cloud: Client, call: Call, first: str
) -> None:
    lesson.room("maths", "chat", userUuid="zoe", message="once")
    (callback,) = callbacks(lesson)
    if first == "callback":
        call(callback)
    read_hours(cloud)
    answer = call(callback)
    assert answer.json() == {"stored": 0, "duplicates": 1}
    read_hours(cloud)
    assert [text for *_who, text in texts()] == ["once"]
    assert StoredEvent.objects.filter(stream="chat").count() == 1
    assert room("maths").chat_count == 1


def test_projection_from_scratch_gives_the_same_rows_in_any_order(
    lesson: RunningSimulator, call: Call
) -> None:
    lesson.control("POST", "/clock", {"mode": "stepped"})
    for number in range(4):
        lesson.room("maths", "chat", userUuid=("zoe", "kim")[number % 2], message=f"№ {number}")
        lesson.step(1)  # messages of the same millisecond have no order
    for callback in reversed(callbacks(lesson)):
        call(callback)
    assert [text for *_who, text in texts()] == ["№ 0", "№ 1", "№ 2", "№ 3"]
    assert projector.project_again(room("maths").pk).rows == 0


def test_message_before_the_entry_of_its_sender_gives_the_same_rows(
    lesson: RunningSimulator, call: Call
) -> None:
    lesson.room("maths", "enter", userUuid="amir", userName="Amir")
    lesson.room("maths", "chat", userUuid="amir", message="early")
    (callback,) = callbacks(lesson)
    callback["payload"]["ext"] = {}
    call(callback)
    assert sync_once() == ""
    assert projector.project_again(room("maths").pk).rows == 0


def test_wrong_signature_is_refused(lesson: RunningSimulator, call: Call) -> None:
    lesson.room("maths", "chat", userUuid="zoe", message="forged")
    (callback,) = callbacks(lesson)
    assert call(callback, secret="another").status_code == 401
    unsigned = call(callback, body=json.dumps(callback).encode())
    assert unsigned.status_code == 401
    for body in (b"", b"no json", b"[]", b'{"callId": 1}', b'{"callId":"a","timestamp":true,"security":"x"}'):
        assert call(None, body=body).status_code == 401
    assert not InboxAnswer.objects.filter(source="chat_call").exists()
    assert texts() == []


def test_there_is_no_webhook_without_a_secret(lesson: RunningSimulator, call: Call, settings: Any) -> None:
    lesson.room("maths", "chat", userUuid="zoe", message="hello")
    settings.AGORA_CHAT_SECRET = ""
    assert call(callbacks(lesson)[0], secret="").status_code == 404
    assert Browser().get(ADDRESS).status_code == 404


def test_callback_that_is_too_large_is_refused(call: Call, cloud: Client) -> None:
    assert call(None, body=b'{"a": "' + b"x" * 300_000 + b'"}').status_code == 413


def signed_body(**fields: Any) -> bytes:
    callback = {"callId": "demo-school#classroom_1", "timestamp": 1_763_757_600_000, **fields}
    return json.dumps(simulated.signed(callback, secret=SECRET)).encode()


@pytest.mark.parametrize(
    "fields",
    [
        {"chat_type": "chatroom", "payload": {"bodies": [{"type": "txt", "msg": "x"}]}, "to": "5"},
        {"chat_type": "chatroom", "payload": {"bodies": [{"type": "txt", "msg": "x"}]}, "msg_id": "1"},
        {"chat_type": "chatroom", "payload": "nonsense", "msg_id": "1", "to": "5"},
        {"chat_type": "chatroom", "payload": "nonsense", "msg_id": "1", "group_id": "5" * 70},
        {"payload": "nonsense", "msg_id": "1", "to": "5", "appkey": "school#" + "x" * 200},
    ],
)
def test_damaged_callback_is_quarantined_as_it_came(
    lesson: RunningSimulator, call: Call, fields: dict[str, Any]
) -> None:
    body = signed_body(**fields)
    assert call(None, body=body).status_code == 200
    aside = Quarantine.objects.get()
    assert aside.answer is not None
    assert bytes(aside.answer.body) == body
    assert "Agora Chat" in aside.reason or "longer than 64" in aside.reason


def test_undecodable_message_is_quarantined_and_blocks_nothing(lesson: RunningSimulator, call: Call) -> None:
    for message in ("first", "second"):
        lesson.room("maths", "chat", userUuid="zoe", message=message)
    first, second = callbacks(lesson)
    first["payload"]["bodies"] = [{"type": "txt"}]
    call(first)
    call(second)
    assert [text for *_who, text in texts()] == ["second"]
    assert Quarantine.objects.get().event is not None


@pytest.mark.parametrize(
    "fields", [{"sequence": 10**30}, {"roomUuid": "r" * 70}], ids=["huge number", "id of another room"]
)
def test_odd_fields_of_a_message_stop_neither_callbacks_nor_polling(
    lesson: RunningSimulator, call: Call, fields: dict[str, Any]
) -> None:
    lesson.room("maths", "chat", userUuid="zoe", message="odd")
    (callback,) = callbacks(lesson)
    assert call(callback | fields).status_code == 200
    assert not InboxAnswer.objects.filter(read_at=None).exists()
    assert texts() == ([] if "sequence" in fields else [("Zoë", "student", "odd")])
    assert Quarantine.objects.count() == ("sequence" in fields)
    lesson.room("maths", "enter", userUuid="amir", userName="Amir")
    assert sync_once() == ""
    assert Participant.objects.filter(user_uuid="amir").exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"chat_type": "chat", "from": "a", "to": "b", "msg_id": "1", "payload": {"bodies": [{"msg": "x"}]}},
        {"reason": "login", "status": "online", "user": "demo-school#classroom_a/ios"},
    ],
)
def test_what_is_no_message_to_a_chat_room_is_not_kept(
    lesson: RunningSimulator, call: Call, fields: dict[str, Any]
) -> None:
    assert call(None, body=signed_body(**fields)).json() == {"stored": 0, "duplicates": 0}
    assert not InboxAnswer.objects.filter(source="chat_call").exists()
    assert not Quarantine.objects.exists()


def test_message_waits_until_its_class_is_known(sim: RunningSimulator, cloud: Client, call: Call) -> None:
    sim.make_room("maths", state=1, agoraChat=True)
    sim.room("maths", "enter", userUuid="zoe", userName="Zoë")
    sim.room("maths", "chat", userUuid="zoe", message="too early")
    assert call(callbacks(sim)[0]).json() == {"stored": 0, "duplicates": 0}
    sim.do(lambda world: world.agora_chat.rooms[world.rooms["maths"].chat_room_id].messages.clear())
    assert sync_once() == ""
    projector.project_rooms(projector.waiting_rooms())
    assert texts() == [("Zoë", "student", "too early")]


def test_other_peoples_messages_are_not_stored(lesson: RunningSimulator, cloud: Client) -> None:
    lesson.make_room("secret", agoraChat=True)
    lesson.room("secret", "enter", userUuid="eve", userName="Eve")
    lesson.room("secret", "chat", userUuid="eve", message="not for us")
    lesson.room("maths", "chat", userUuid="zoe", message="ours")
    read_hours(cloud)
    bodies = [bytes(one.body) for one in InboxAnswer.objects.filter(source="chat_hours")]
    assert len(bodies) == 1
    assert b"ours" in bodies[0]
    assert b"not for us" not in bodies[0]


def test_hour_without_messages_is_asked_again_later(lesson: RunningSimulator, cloud: Client) -> None:
    hour = ChatHour.objects.get()
    assert hour.failures == 0
    assert hour.read_at is not None
    assert hour.due_at is not None
    assert hour.due_at > clock.cloud_now()


def test_class_known_since_the_oldest_kept_hour_has_no_gap(lesson: RunningSimulator) -> None:
    oldest = chat_history.start_of_hour(clock.cloud_now() - chat_history.KEPT_FOR)
    chat = chat_of(room("maths"))
    assert chat is not None
    chat_history.want(chat, room("maths"), since=oldest)
    assert not Gap.objects.exists()
    chat_history.want(chat, room("maths"), since=oldest - timedelta(minutes=1))
    assert [(gap.first, gap.last) for gap in Gap.objects.all()] == [
        (clock.to_ms(oldest) - 60_000, clock.to_ms(oldest) - 1)
    ]


def test_due_times_of_an_hour() -> None:
    hour = chat_history.start_of_hour(clock.now())
    end = hour + timedelta(hours=1)
    assert chat_history.next_due(hour, now=hour) == hour + chat_history.WHILE_IT_RUNS
    assert chat_history.next_due(hour, now=end - timedelta(seconds=1)) == end + timedelta(seconds=119)
    assert chat_history.next_due(hour, now=end + timedelta(minutes=2)) == end + timedelta(minutes=10)
    assert chat_history.next_due(hour, now=end + timedelta(hours=12)) is None


@pytest.mark.parametrize(
    ("fault", "how"),
    [
        ("too_many", {"route": "chat_history_hour", "params": {"retryAfter": 60}}),
        ("server_error", {"route": "chat_history_hour"}),
        ("not_offered", {"route": "chat_history_hour"}),
        ("unavailable", {"route": "chat_file"}),
        ("truncate", {"route": "chat_file"}),
        ("malform", {"route": "chat_history_hour"}),
        ("refuse", {"route": "chat_file"}),
        ("token_expired", {"route": "chat_history_hour", "count": 2}),
    ],
)
def test_failed_hour_stays_due_and_loses_nothing(
    lesson: RunningSimulator, cloud: Client, fault: str, how: dict[str, Any]
) -> None:
    lesson.room("maths", "chat", userUuid="zoe", message="kept")
    lesson.fault(fault, **how)
    due_now()
    failed = chat_history.read_due(cloud)
    assert failed.problems
    assert ChatHour.objects.get().failures == 1
    assert texts() == []
    lesson.clear_faults()
    read_hours(cloud)
    assert [text for *_who, text in texts()] == ["kept"]
    assert ChatHour.objects.get().failures == 0


def test_damaged_line_of_a_file_is_quarantined_once(lesson: RunningSimulator, cloud: Client) -> None:
    lesson.room("maths", "chat", userUuid="zoe", message="fine")
    lesson.fault("malform", route="chat_file", params={"body": '{"msg_id": "1"\n{"msg_id": 2}'})
    for _ in range(2):
        read_hours(cloud)
    assert sorted(Quarantine.objects.values_list("whole_answer", flat=True)) == [False, False]
    lesson.clear_faults()
    read_hours(cloud)
    assert [text for *_who, text in texts()] == ["fine"]


def test_history_is_off_without_an_address(sim: RunningSimulator, settings: Any) -> None:
    settings.AGORA = config_for(sim)
    sim.make_room("maths", state=1, agoraChat=True)
    assert sync_once() == ""
    assert chat_of(room("maths")) is not None
    assert not sim.oracle()["rooms"][0]["agoraChat"]["messages"]
    assert chat_rooms.read_due(Client(settings.AGORA)).requests == 0


def test_secrets_and_file_addresses_reach_no_log_and_no_table(
    lesson: RunningSimulator, cloud: Client, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    lesson.room("maths", "chat", userUuid="zoe", message="hello")
    lesson.fault("unavailable", route="chat_file")
    due_now()
    assert chat_history.read_due(cloud).problems
    call(callbacks(lesson)[0], secret="wrong")
    call(callbacks(lesson)[0])
    stored = StoredEvent.objects.get(stream="chat").raw
    for text in (caplog.text, stored):
        assert SECRET not in text
        assert "Signature=" not in text
        assert "security" not in stored


def test_mutes_of_a_chat_room_are_read_again_after_an_order(
    lesson: RunningSimulator, call: Call, cloud: Client
) -> None:
    chat_room_id = AgoraChatRoom.objects.get().chat_room_id
    version = room("maths").version

    def mute(world: Any) -> None:
        world.agora_chat.rooms[chat_room_id].muted = True

    lesson.do(mute)
    lesson.room("maths", "chat-order", userUuid="kim", order="setAllMute")
    call(callbacks(lesson)[0])
    chat_rooms.read_due(cloud)
    assert room("maths").is_chat_muted
    assert room("maths").version > version
    assert not Participant.objects.filter(muted_in_agora_chat=True).exists()
    assert texts() == []
    assert Room.objects.get().chat_count == 0


def refuse_hour(sim: RunningSimulator) -> None:
    """Let the service answer that the file of any past hour has expired, or was never made."""
    sim.control("POST", "/agora-chat", {"kept": 0})


def last_ask(hours_ago: int = 13) -> ChatHour:
    """Make the class run since then, and let its first hour be asked for the last time now."""
    hour = ChatHour.objects.get()
    hour.hour = chat_history.start_of_hour(clock.cloud_now() - timedelta(hours=hours_ago))
    hour.due_at, hour.read_at = clock.cloud_now(), None
    hour.save()
    Room.objects.update(started_at=hour.hour)
    return hour


def test_hour_that_can_no_longer_be_fetched_is_a_gap(lesson: RunningSimulator, cloud: Client) -> None:
    hour = last_ask()
    refuse_hour(lesson)
    chat_history.read_due(cloud)
    gap = Gap.objects.get()
    assert (gap.stream, clock.from_ms(gap.first)) == ("chat", hour.hour)
    assert clock.from_ms(gap.last + 1) == hour.hour + timedelta(hours=1)
    assert ChatHour.objects.get(pk=hour.pk).due_at is None
    projector.project_again(room("maths").pk)
    assert Gap.objects.count() == 1
    Room.objects.update(started_at=hour.hour)
    lesson.control("POST", "/agora-chat", {"kept": 10**12})
    ChatHour.objects.filter(pk=hour.pk).update(due_at=clock.cloud_now())
    chat_history.read_due(cloud, every_hour=True)
    assert not Gap.objects.exists()


def test_hour_without_a_file_yet_is_no_gap(lesson: RunningSimulator, cloud: Client) -> None:
    last_ask(hours_ago=2)
    refuse_hour(lesson)
    chat_history.read_due(cloud)
    assert not Gap.objects.exists()
    assert all(ChatHour.objects.values_list("due_at", flat=True))


def test_time_before_the_kept_history_is_a_gap(sim: RunningSimulator, cloud: Client) -> None:
    sim.make_room("maths", state=1, agoraChat=True)
    began = clock.cloud_now() - timedelta(days=4)
    Room.objects.create(room_uuid="maths", known_since=began)
    assert sync_once() == ""
    gap = Gap.objects.get()
    assert abs(clock.from_ms(gap.first) - began) < timedelta(seconds=1)
    assert ChatHour.objects.count() in (73, 74)


def test_people_who_are_muted_are_shown_until_they_may_write_again(
    lesson: RunningSimulator, cloud: Client
) -> None:
    chat_room_id = AgoraChatRoom.objects.get().chat_room_id
    muted = {simulated.chat_user("zoe"): simulated.FOREVER}
    for people, expected in ((muted, ["zoe"]), (muted, ["zoe"]), ({}, [])):
        version = room("maths").version
        before = [one.user_uuid for one in Participant.objects.all() if one.is_chat_muted]
        lesson.do(
            lambda world, people=people: setattr(world.agora_chat.rooms[chat_room_id], "muted_people", people)
        )
        chat_rooms.changed([chat_room_id])
        chat_rooms.read_due(cloud)
        assert [one.user_uuid for one in Participant.objects.all() if one.is_chat_muted] == expected
        assert (room("maths").version > version) is (before != expected)
    assert projector.project_again(room("maths").pk).rows == 0


def test_room_that_was_known_before_gets_its_stream(lesson: RunningSimulator, call: Call) -> None:
    RoomCursor.objects.filter(stream="chat").delete()
    lesson.room("maths", "chat", userUuid="zoe", message="after the upgrade")
    assert call(callbacks(lesson)[0]).json() == {"stored": 1, "duplicates": 0}
    assert [text for *_who, text in texts()] == ["after the upgrade"]


def test_old_hours_are_forgotten(lesson: RunningSimulator) -> None:
    hour = ChatHour.objects.get()
    long_ago = hour.hour - timedelta(days=40)
    ChatHour.objects.create(org_name="o", app_name="a", hour=long_ago, due_at=None)
    waiting = ChatHour.objects.create(org_name="o", app_name="b", hour=long_ago, due_at=clock.cloud_now())
    chat_history.prune()
    assert set(ChatHour.objects.values_list("pk", flat=True)) == {hour.pk, waiting.pk}
