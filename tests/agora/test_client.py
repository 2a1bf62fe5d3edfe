"""Every call of the contract over HTTP: method, path, query, body and the result of its answer."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from classroom_admin.agora.answers import read_events_answer
from classroom_admin.agora.calls import (
    CloseGroups,
    CreateRoom,
    DeleteExtAppProperties,
    DeleteRoomProperties,
    DeleteUserProperties,
    KickUser,
    OpenGroups,
    PutExtAppProperties,
    PutRoomProperties,
    PutUserProperties,
    ReadRoom,
    ReadUser,
    ReadUsers,
    SetClassState,
    UnbanUser,
)
from classroom_admin.agora.classroom_calls import (
    Announce,
    GiveRewards,
    LowerHand,
    MessagePerson,
    PutOnStage,
    TakeOffStage,
)
from classroom_admin.agora.client import Client
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.errors import Conflict, InvalidArgument, UserNotFound
from classroom_admin.agora.event_calls import PollEvents, PollWidgetEvents, QuizEvents, RoomEvents
from classroom_admin.agora.media_calls import BlockPublishing, ReadBlocks
from classroom_admin.agora.recording_and_file_calls import (
    ConvertResource,
    DeleteResources,
    ListRecordings,
    ListResources,
    PutResource,
    ReportPageReady,
    StartRecording,
    StopRecording,
    UpdateRecording,
)
from classroom_admin.agora.widget_calls import (
    ChangeCountdown,
    StartCountdown,
    StartPoll,
    StartQuiz,
    StopPoll,
    StopQuiz,
)
from tests.agora.calls import ALL_CALLS
from tests.agora.classroom_wire import CLASSROOM_WIRE
from tests.agora.cloud import APP_ID, CERTIFICATE, answer, running_cloud

V2 = f"/eu/edu/apps/{APP_ID}/v2/rooms/r1"
V1 = f"/eu/edu/apps/{APP_ID}/v1/rooms/r1"
WIDGETS = f"/edu/apps/{APP_ID}/v2/rooms/r1/widgets"
R = {"room_uuid": "r1"}
U = {"room_uuid": "r1", "user_uuid": "u1"}
X = {"room_uuid": "r1", "ext_app_uuid": "x1"}
FILE = {
    "resource_uuid": "f1",
    "resource_name": "Plan",
    "size": 9,
    "ext": "pdf",
    "url": "https://x.example/p.pdf",
}
WIRE_FILE = {"resourceName": "Plan", "size": 9, "ext": "pdf", "url": "https://x.example/p.pdf"}
PAGE = {"rootUrl": "https://x.example/room", "videoFps": 30}
PROPS = {"properties": {"a": {"b": [1]}}, "cause": {"why": "test"}}
NAMES = {"names": ["a", "b"], "cause": {"why": "test"}}
WIRE_NAMES = {"properties": ["a", "b"], "cause": {"why": "test"}}

WIRE = [
    (KickUser, U, "POST", f"{V2}/users/u1/exit", {}),
    (
        KickUser,
        {**U, "ban_s": -1},
        "POST",
        f"{V2}/users/u1/exit",
        {"dirty": {"state": 1, "duration": -1}},
    ),
    (UnbanUser, U, "POST", f"{V2}/users/u1/exit", {"dirty": {"state": 0}}),
    (SetClassState, {**R, "state": 3}, "PUT", f"{V2}/states/3", None),
    (StartRecording, R, "PUT", f"{V2}/records/states/1", {}),
    (
        StartRecording,
        {**R, "mode": "web", "web_config": PAGE, "retry_timeout_s": 5},
        "PUT",
        f"{V2}/records/states/1",
        {"mode": "web", "webRecordConfig": PAGE, "retryTimeout": 5},
    ),
    (StopRecording, R, "PUT", f"{V2}/records/states/0", {}),
    (ReportPageReady, R, "PUT", f"{V2}/records/ready", None),
    (ReadUsers, R, "GET", f"{V2}/users?count=100", None),
    (ReadUsers, {**R, "next_id": "a b"}, "GET", f"{V2}/users?nextId=a+b&count=100", None),
    (
        UpdateRecording,
        {**R, "web_config": {"onhold": True}},
        "PATCH",
        f"{V2}/records/states/1",
        {"webRecordConfig": {"onhold": True}},
    ),
    (ListRecordings, R, "GET", f"{V2}/records", None),
    (ListRecordings, {**R, "next_id": "a b&c"}, "GET", f"{V2}/records?nextId=a+b%26c", None),
    (PutResource, {**R, **FILE}, "PUT", f"{V1}/resources/f1", WIRE_FILE),
    (
        ConvertResource,
        {**R, **FILE, "conversion": {"type": "static", "scale": 2}},
        "PUT",
        f"{V1}/resources/f1",
        {**WIRE_FILE, "conversion": {"type": "static", "scale": 2}},
    ),
    (
        DeleteResources,
        {**R, "resource_uuids": ["f1"]},
        "DELETE",
        f"{V1}/resources",
        {"resourceUuids": ["f1"]},
    ),
    (ListResources, R, "GET", f"{V1}/resources", None),
    (RoomEvents, R, "GET", f"{V2}/sequences", None),
    (RoomEvents, {**R, "next_id": 6, "cmd": 20}, "GET", f"{V2}/sequences?nextId=6&cmd=20", None),
    (RoomEvents, {**R, "next_id": "6"}, "GET", f"{V2}/sequences?nextId=6", None),
    (PollEvents, {}, "GET", f"/eu/edu/polling/apps/{APP_ID}/v2/rooms/sequences", None),
    (PollEvents, {}, "GET", f"/eu/edu/polling/apps/{APP_ID}/v2/rooms/sequences", None),
    (PutRoomProperties, {**R, **PROPS}, "PUT", f"{V2}/properties", PROPS),
    (DeleteRoomProperties, {**R, **NAMES}, "DELETE", f"{V2}/properties", WIRE_NAMES),
    (PutUserProperties, {**U, **PROPS}, "PUT", f"{V2}/users/u1/properties", PROPS),
    (DeleteUserProperties, {**U, **NAMES}, "DELETE", f"{V2}/users/u1/properties", WIRE_NAMES),
    (PutExtAppProperties, {**X, **PROPS}, "PUT", f"{V2}/extApps/x1/properties", PROPS),
    (
        PutExtAppProperties,
        {**X, "properties": {}, "common_state": 1},
        "PUT",
        f"{V2}/extApps/x1/properties",
        {"properties": {}, "common": {"state": 1}},
    ),
    (DeleteExtAppProperties, {**X, **NAMES}, "DELETE", f"{V2}/extApps/x1/properties", WIRE_NAMES),
    (
        QuizEvents,
        {**R, "next_id": 2, "count": 50},
        "GET",
        f"{WIDGETS}/popupQuiz/sequences?nextId=2&count=50",
        None,
    ),
    (QuizEvents, R, "GET", f"{WIDGETS}/popupQuiz/sequences", None),
    (PollWidgetEvents, {**R, "count": 100}, "GET", f"{WIDGETS}/poll/sequences?count=100", None),
    (PollWidgetEvents, R, "GET", f"{WIDGETS}/poll/sequences", None),
    (
        CreateRoom,
        {**R, "room_type": 4, "room_name": "Maths"},
        "POST",
        V2,
        {"roomType": 4, "roomName": "Maths"},
    ),
    (
        CreateRoom,
        {
            **R,
            "room_type": 10,
            "room_name": "数学",
            "schedule": {"startTime": 1_800_000_000_000, "duration": 3600, "closeDelay": 60},
            "max_on_stage": 4,
            "stage_role": "audience",
            "flex_properties": {"k": "v"},
            "widgets": {"netlessBoard": {"state": 1}},
            "role_config": {"2": {"limit": 30}},
        },
        "POST",
        V2,
        {
            "roomType": 10,
            "roomName": "数学",
            "roomProperties": {
                "schedule": {"startTime": 1_800_000_000_000, "duration": 3600, "closeDelay": 60},
                "processes": {"handsUp": {"maxAccept": 4, "defaultAcceptRole": "audience"}},
                "flexProps": {"k": "v"},
                "widgets": {"netlessBoard": {"state": 1}},
            },
            "roleConfig": {"2": {"limit": 30}},
        },
    ),
    (ReadRoom, R, "GET", V2, None),
    (ReadUser, U, "GET", f"{V2}/users/u1", None),
    (
        OpenGroups,
        {**R, "groups": [{"groupName": "Red", "users": ["u1"]}]},
        "PUT",
        f"{V2}/groups/states/1",
        {"groups": [{"groupName": "Red", "users": [{"userUuid": "u1"}]}]},
    ),
    (CloseGroups, R, "PUT", f"{V2}/groups/states/0", {}),
    *CLASSROOM_WIRE,
]


@pytest.mark.parametrize(("call", "arguments", "verb", "target", "body"), WIRE)
def test_call_sends_method_path_query_and_body(make_client, call, arguments, verb, target, body):
    with running_cloud(answer({})) as cloud:
        client = make_client(cloud.url).client
        client.send(call(**arguments), deadline_s=20)
        (asked,) = cloud.asked
        assert (asked.method, asked.target) == (verb, target)
        assert (asked.json if asked.body else None) == body
        assert asked.headers["content-type"] == "application/json"


def test_every_call_has_an_example():
    assert {call for call, *_rest in WIRE} | {BlockPublishing, ReadBlocks} == set(ALL_CALLS)


def test_calls_that_are_never_repeated():
    """List the classes by hand, so that nobody changes by accident which calls are repeated."""
    assert {call for call in ALL_CALLS if not call.repeat} == {
        *(PollEvents, KickUser, UnbanUser, SetClassState, StartRecording, StopRecording, UpdateRecording),
        *(ConvertResource, CreateRoom, OpenGroups, CloseGroups),
        *(Announce, MessagePerson, PutOnStage, TakeOffStage, LowerHand, GiveRewards, BlockPublishing),
        *(StartQuiz, StopQuiz, StartPoll, StopPoll, StartCountdown, ChangeCountdown),
    }
    assert [call for call in ALL_CALLS if not call.patient] == [PollEvents]
    assert all(call.why for call in ALL_CALLS)


def test_call_is_a_value():
    kick = KickUser(room_uuid="r1", user_uuid="u1", ban_s=60)
    assert kick == KickUser(room_uuid="r1", user_uuid="u1", ban_s=60)
    assert kick != KickUser(room_uuid="r1", user_uuid="u1")
    with pytest.raises(ValidationError):
        kick.ban_s = 5


def test_recording_settings_can_be_sent_by_put(make_client):
    with running_cloud(answer()) as cloud:
        client = make_client(cloud.url, record_update_method="PUT").client
        client.send(UpdateRecording(room_uuid="r1", web_config={"onhold": False}))
        assert cloud.asked[0].method == "PUT"


ALLOWED = "abcXYZ019 !#$%&()+-:;<=.>?@[]^_{}|~,"
IDS = st.text(alphabet=ALLOWED, min_size=1, max_size=63).filter(lambda text: text not in (".", ".."))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(room=IDS, user=IDS)
def test_cloud_gets_ids_unchanged(shared_cloud, room, user):
    client, cloud = shared_cloud
    client.send(ReadUser(room_uuid=room, user_uuid=user))
    parts = cloud.asked[-1].target.split("/")
    assert (unquote(parts[7]), unquote(parts[9]), len(parts)) == (room, user, 10)
    assert "?" not in cloud.asked[-1].target


@pytest.fixture
def shared_cloud(make_client):
    with running_cloud(answer({})) as cloud:
        yield make_client(cloud.url, requests_per_second=0).client, cloud


@given(st.text(max_size=40))
def test_path_segment_stays_one_segment(text):
    part = text.encode("utf-8", "ignore").decode()
    call = ReadUser.model_construct(room_uuid="r", user_uuid=part)
    path = call.path(CloudConfig(region="eu", app_id="a"))
    assert path.count("/") == 9
    assert path.isascii()


@pytest.mark.parametrize(
    ("call", "arguments", "field"),
    [
        (ReadRoom, {"room_uuid": ".."}, "roomUuid"),
        (KickUser, {"room_uuid": "r", "user_uuid": ""}, "userUuid"),
        (SetClassState, {**R, "state": 4}, "state"),
        (SetClassState, {**R, "state": True}, "state"),
        (StartRecording, {**R, "mode": "mix"}, "mode"),
        (StartRecording, {**R, "mode": "web"}, "webRecordConfig"),
        (StartRecording, {**R, "web_config": PAGE}, "webRecordConfig"),
        (StartRecording, {**R, "retry_timeout_s": 0}, "retryTimeout"),
        (UpdateRecording, {**R, "web_config": {}}, "webRecordConfig"),
        (UpdateRecording, {**R, "web_config": {"videoFps": 5}}, "webRecordConfig.onhold"),
        (PutResource, {**R, **FILE, "resource_uuid": "a/b"}, "resourceUuid"),
        (DeleteResources, {**R, "resource_uuids": []}, "resourceUuids"),
        (DeleteResources, {**R, "resource_uuids": "f1"}, "resourceUuids"),
        (PutRoomProperties, {**R, "properties": {}}, "properties"),
        (PutRoomProperties, {**R, "properties": {"a": 1}, "cause": "because"}, "cause"),
        (PutExtAppProperties, {**X, "properties": {}}, "properties"),
        (PutExtAppProperties, {**X, "properties": {"a": 1}, "common_state": 2}, "common.state"),
        (PutExtAppProperties, {**X, "ext_app_uuid": "ü", "properties": {"a": 1}}, "extAppUuid"),
        (RoomEvents, {**R, "cmd": "20"}, "cmd"),
        (ReadUser, R, "userUuid"),
        (RoomEvents, {**R, "next_id": -1}, "nextId"),
        (QuizEvents, {**R, "count": 101}, "count"),
        (CreateRoom, {**R, "room_type": 1, "room_name": "x"}, "roomType"),
        (CreateRoom, {**R, "room_type": 0, "room_name": "x" * 65}, "roomName"),
        (CreateRoom, {**R, "room_type": 0, "room_name": "x", "max_on_stage": -1}, "handsUp.maxAccept"),
        (OpenGroups, {**R, "groups": []}, "groups"),
    ],
)
def test_error_names_the_wrong_argument_when_the_call_is_made(call, arguments, field):
    with pytest.raises(InvalidArgument) as caught:
        call(**arguments)
    assert caught.value.field == field
    assert str(caught.value).startswith(field)
    assert caught.value.__context__ is None, "it would hold the arguments"


def test_answers_of_recording_calls(make_client):
    data = {"recordId": "rec", "state": "1", "startTime": "1800000000000", "extra": 1}
    with running_cloud(answer(data), answer(None)) as cloud:
        client = make_client(cloud.url).client
        assert client.send(StartRecording(room_uuid="r1")).record_id == "rec"
        assert client.send(StopRecording(room_uuid="r1")).record_id is None


def test_recordings_are_listed_batch_by_batch(make_client):
    first = {"total": 3, "count": 2, "list": [{"recordId": "a"}, 7, {"recordId": "b"}], "nextId": 100}
    last = {"total": 3, "count": 1, "list": [{"recordId": "c"}], "nextId": None}
    with running_cloud(answer(first), answer(last)) as cloud:
        client = make_client(cloud.url).client
        assert [item.record_id for item in client.every_recording("r1")] == ["a", "b", "c"]
        assert [asked.target.partition("?")[2] for asked in cloud.asked] == ["", "nextId=100"]
    with running_cloud(answer(first)) as cloud:
        client = make_client(cloud.url).client
        page = client.send(ListRecordings(room_uuid="r1"))
        assert (page.next_id, len(page.items)) == ("100", 2)
        assert len(list(client.every_recording("r1"))) == 4, "a nextId that stands still ends it"


def test_people_of_a_room_are_listed_page_by_page(make_client):
    ada = {"userUuid": "ada", "userName": "Ada", "role": 2, "streamUuid": 71, "state": "1"}
    ben = {"userUuid": "ben", "streams": [{"streamUuid": "72"}, {"streamUuid": 73}, 5]}
    first = {"total": 2, "count": 1, "list": [ada, None], "nextId": "1"}
    with running_cloud(answer(first), answer({"list": [ben], "nextId": None})) as cloud:
        pages = list(make_client(cloud.url).client.every_user("r1"))
    (one,), (two,) = (page.items for page in pages)
    assert (one.user_uuid, one.user_name, one.role, one.state) == ("ada", "Ada", "2", 1)
    assert (one.stream_uuids, two.stream_uuids, two.state) == (["71"], ["72", "73"], None)


@pytest.mark.parametrize(
    "data", [[{"resourceUuid": "a"}, 7], {"list": [{"resourceUuid": "a"}]}, {"resourceUuid": "a"}]
)
def test_resources_are_read_in_each_shape(make_client, data):
    with running_cloud(answer(data)) as cloud:
        assert make_client(cloud.url).client.send(ListResources(room_uuid="r1")) == ["a"]


def test_events_are_returned_as_bytes_to_read_later(make_client):
    data = {"list": [{"cmd": 1}], "nextId": 2, "total": 5, "count": 1}
    with running_cloud(answer(data)) as cloud:
        raw = make_client(cloud.url).client.send(RoomEvents(room_uuid="r1"))
        read = read_events_answer(raw.body)
        assert (read.events, read.next_id, read.total, read.count) == ([{"cmd": 1}], "2", 5, 1)
        assert raw.path == f"{V2}/sequences"
        assert raw.received_at_ms == 1_800_000_000_000
        assert json.loads(raw.body)["data"] == data


def test_refusal_raises_the_error_of_its_meaning(make_client):
    with running_cloud(answer(status=404, code=20404200), answer(status=409, code=20409000)) as cloud:
        client = make_client(cloud.url).client
        with pytest.raises(UserNotFound):
            client.send(ReadUser(room_uuid="r1", user_uuid="u1"))
        with pytest.raises(Conflict):
            client.send(CreateRoom(room_uuid="r1", room_type=0, room_name="x"))


def test_client_makes_its_own_transport():
    client = Client(CloudConfig(region="eu", app_id=APP_ID, app_certificate=CERTIFICATE, uid="u"))
    assert client.transport.clock_offset_ms is None
    client.close()
