"""Every call of the contract over HTTP: method, path, query, body, and what is made of the answer."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom_admin.agora import calls
from classroom_admin.agora.answers import read_events_answer
from classroom_admin.agora.client import Client
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.errors import Conflict, InvalidArgument, UserNotFound
from classroom_admin.agora.models import Conversion, Group, Schedule, WebRecordConfig
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
PAGE = WebRecordConfig(root_url="https://x.example/room", video_fps=30)
WIRE_PAGE = {"rootUrl": "https://x.example/room", "videoFps": 30}
PROPS = {"properties": {"a": {"b": [1]}}, "cause": {"why": "test"}}
NAMES = {"names": ["a", "b"], "cause": {"why": "test"}}
WIRE_NAMES = {"properties": ["a", "b"], "cause": {"why": "test"}}

WIRE = [
    ("kick_user", U, "POST", f"{V2}/users/u1/exit", {}),
    (
        "kick_user",
        {**U, "dirty_state": 1, "duration_s": -1},
        "POST",
        f"{V2}/users/u1/exit",
        {"dirty": {"state": 1, "duration": -1}},
    ),
    ("kick_user", {**U, "dirty_state": 0}, "POST", f"{V2}/users/u1/exit", {"dirty": {"state": 0}}),
    ("set_class_state", {**R, "state": 3}, "PUT", f"{V2}/states/3", None),
    ("start_recording", R, "PUT", f"{V2}/records/states/1", {}),
    (
        "start_recording",
        {**R, "mode": "web", "web_config": PAGE, "retry_timeout_s": 5},
        "PUT",
        f"{V2}/records/states/1",
        {"mode": "web", "webRecordConfig": WIRE_PAGE, "retryTimeout": 5},
    ),
    ("stop_recording", R, "PUT", f"{V2}/records/states/0", {}),
    (
        "update_recording",
        {**R, "web_config": {"onhold": True}},
        "PATCH",
        f"{V2}/records/states/1",
        {"webRecordConfig": {"onhold": True}},
    ),
    ("list_recordings", R, "GET", f"{V2}/records", None),
    ("list_recordings", {**R, "next_id": "a b&c"}, "GET", f"{V2}/records?nextId=a+b%26c", None),
    ("put_resource", {**R, **FILE}, "PUT", f"{V1}/resources/f1", WIRE_FILE),
    (
        "put_resource",
        {**R, **FILE, "conversion": Conversion(type="static", scale=2)},
        "PUT",
        f"{V1}/resources/f1",
        {**WIRE_FILE, "conversion": {"type": "static", "scale": 2}},
    ),
    (
        "delete_resources",
        {**R, "resource_uuids": ["f1"]},
        "DELETE",
        f"{V1}/resources",
        {"resourceUuids": ["f1"]},
    ),
    ("list_resources", R, "GET", f"{V1}/resources", None),
    ("room_sequences", R, "GET", f"{V2}/sequences", None),
    ("room_sequences", {**R, "next_id": 6, "cmd": 20}, "GET", f"{V2}/sequences?nextId=6&cmd=20", None),
    ("room_sequences_raw", {**R, "next_id": "6"}, "GET", f"{V2}/sequences?nextId=6", None),
    ("polled_sequences", {}, "GET", f"/eu/edu/polling/apps/{APP_ID}/v2/rooms/sequences", None),
    ("polled_sequences_raw", {}, "GET", f"/eu/edu/polling/apps/{APP_ID}/v2/rooms/sequences", None),
    ("put_room_properties", {**R, **PROPS}, "PUT", f"{V2}/properties", PROPS),
    ("delete_room_properties", {**R, **NAMES}, "DELETE", f"{V2}/properties", WIRE_NAMES),
    ("put_user_properties", {**U, **PROPS}, "PUT", f"{V2}/users/u1/properties", PROPS),
    ("delete_user_properties", {**U, **NAMES}, "DELETE", f"{V2}/users/u1/properties", WIRE_NAMES),
    ("put_ext_app_properties", {**X, **PROPS}, "PUT", f"{V2}/extApps/x1/properties", PROPS),
    (
        "put_ext_app_properties",
        {**X, "properties": {}, "common_state": 1},
        "PUT",
        f"{V2}/extApps/x1/properties",
        {"properties": {}, "common": {"state": 1}},
    ),
    ("delete_ext_app_properties", {**X, **NAMES}, "DELETE", f"{V2}/extApps/x1/properties", WIRE_NAMES),
    (
        "quiz_sequences",
        {**R, "next_id": 2, "count": 50},
        "GET",
        f"{WIDGETS}/popupQuiz/sequences?nextId=2&count=50",
        None,
    ),
    ("quiz_sequences_raw", R, "GET", f"{WIDGETS}/popupQuiz/sequences", None),
    ("poll_sequences", {**R, "count": 100}, "GET", f"{WIDGETS}/poll/sequences?count=100", None),
    ("poll_sequences_raw", R, "GET", f"{WIDGETS}/poll/sequences", None),
    (
        "create_room",
        {**R, "room_type": 4, "room_name": "Maths"},
        "POST",
        V2,
        {"roomType": 4, "roomName": "Maths"},
    ),
    (
        "create_room",
        {
            **R,
            "room_type": 10,
            "room_name": "数学",
            "schedule": Schedule(start_time=1_800_000_000_000, duration=3600, close_delay=60),
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
    ("read_room", R, "GET", V2, None),
    ("read_user", U, "GET", f"{V2}/users/u1", None),
    (
        "set_groups",
        {**R, "groups": [Group(group_name="Red", users=["u1"])]},
        "PUT",
        f"{V2}/groups/states/1",
        {"groups": [{"groupName": "Red", "users": [{"userUuid": "u1"}]}]},
    ),
    ("remove_groups", R, "PUT", f"{V2}/groups/states/0", {"groups": []}),
]


@pytest.mark.parametrize(("method", "arguments", "verb", "target", "body"), WIRE)
def test_what_goes_on_the_wire(make_client, method, arguments, verb, target, body):
    with running_cloud(answer({})) as cloud:
        client = make_client(cloud.url).client
        getattr(client, method)(**arguments, deadline_s=20)
        (asked,) = cloud.asked
        assert (asked.method, asked.target) == (verb, target)
        assert (asked.json if asked.body else None) == body
        assert asked.headers["content-type"] == "application/json"


def test_every_call_of_the_table_was_sent_above():
    sent = {method.removesuffix("_raw") for method, *_rest in WIRE}
    same_call = {"set_recording_state": "start_recording"}
    assert {same_call.get(call.name, call.name) for call in calls.ALL} <= sent
    assert len({(call.method, call.template, call.repeat) for call in calls.ALL}) == len(calls.ALL)


def test_nothing_is_repeated_that_says_so():
    """The table, once more in short: changing what is repeated must be meant."""
    never = {call.name for call in calls.ALL if not call.repeat}
    assert never == {
        *("polled_sequences", "kick_user", "set_class_state", "set_recording_state", "update_recording"),
        *("put_resource", "create_room", "set_groups"),  # put_resource: with a conversion
    }
    assert calls.PUT_RESOURCE.repeat
    assert [call.name for call in calls.ALL if not call.patient] == ["polled_sequences"]
    assert all(call.why for call in calls.ALL)


def test_recording_settings_can_be_sent_by_put(make_client):
    with running_cloud(answer()) as cloud:
        client = make_client(cloud.url, record_update_method="PUT").client
        client.update_recording(room_uuid="r1", web_config={"onhold": False})
        assert cloud.asked[0].method == "PUT"


ALLOWED = "abcXYZ019 !#$%&()+-:;<=.>?@[]^_{}|~,"
IDS = st.text(alphabet=ALLOWED, min_size=1, max_size=63).filter(lambda text: text not in (".", ".."))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(room=IDS, user=IDS)
def test_ids_arrive_as_they_were_given(shared_cloud, room, user):
    client, cloud = shared_cloud
    client.read_user(room_uuid=room, user_uuid=user)
    parts = cloud.asked[-1].target.split("/")
    assert (unquote(parts[7]), unquote(parts[9]), len(parts)) == (room, user, 10)
    assert "?" not in cloud.asked[-1].target


@pytest.fixture
def shared_cloud(make_client):
    with running_cloud(answer({})) as cloud:
        yield make_client(cloud.url, requests_per_second=0).client, cloud


@given(st.text(max_size=40))
def test_a_part_of_a_path_stays_one_part(text):
    call = calls.Call(name="n", method="GET", template="/a/{part}/b", repeat=True, why="")
    path = call.path({"part": text.encode("utf-8", "ignore").decode()})
    assert path.count("/") == 3
    assert path.isascii()


@pytest.mark.parametrize(
    ("method", "arguments", "field"),
    [
        ("read_room", {"room_uuid": ".."}, "roomUuid"),
        ("kick_user", {"room_uuid": "r", "user_uuid": ""}, "userUuid"),
        ("set_class_state", {**R, "state": 4}, "state"),
        ("set_class_state", {**R, "state": True}, "state"),
        ("start_recording", {**R, "mode": "mix"}, "mode"),
        ("start_recording", {**R, "mode": "web"}, "webRecordConfig"),
        ("start_recording", {**R, "web_config": PAGE}, "webRecordConfig"),
        ("start_recording", {**R, "retry_timeout_s": 0}, "retryTimeout"),
        ("update_recording", {**R, "web_config": {}}, "webRecordConfig"),
        ("put_resource", {**R, **FILE, "resource_uuid": "a/b"}, "resourceUuid"),
        ("delete_resources", {**R, "resource_uuids": []}, "resourceUuids"),
        ("delete_resources", {**R, "resource_uuids": "f1"}, "resourceUuids"),
        ("put_room_properties", {**R, "properties": {}}, "properties"),
        ("put_room_properties", {**R, "properties": {"a": 1}, "cause": "because"}, "cause"),
        ("put_ext_app_properties", {**X, "properties": {}}, "properties"),
        ("put_ext_app_properties", {**X, "properties": {"a": 1}, "common_state": 2}, "common.state"),
        ("put_ext_app_properties", {**X, "ext_app_uuid": "ü", "properties": {"a": 1}}, "extAppUuid"),
        ("room_sequences", {**R, "cmd": "20"}, "cmd"),
        ("room_sequences", {**R, "next_id": -1}, "nextId"),
        ("quiz_sequences", {**R, "count": 101}, "count"),
        ("create_room", {**R, "room_type": 1, "room_name": "x"}, "roomType"),
        ("create_room", {**R, "room_type": 0, "room_name": "x" * 65}, "roomName"),
        ("create_room", {**R, "room_type": 0, "room_name": "x", "max_on_stage": -1}, "handsUp.maxAccept"),
        ("set_groups", {**R, "groups": []}, "groups"),
    ],
)
def test_wrong_arguments_are_named_and_nothing_is_sent(make_client, method, arguments, field):
    with running_cloud() as cloud:
        with pytest.raises(InvalidArgument) as caught:
            getattr(make_client(cloud.url).client, method)(**arguments)
        assert caught.value.field == field
        assert str(caught.value).startswith(field)
        assert cloud.asked == []


def test_what_recordings_give_back(make_client):
    streaming = {"rtmp": "rtmp://x", "flv": "f", "hls": "h"}
    data = {
        "recordId": "rec",
        "state": "1",
        "startTime": "1800000000000",
        "streamingUrl": streaming,
        "extra": 1,
    }
    with running_cloud(answer(data), answer(None), answer({"streamingUrl": "odd"})) as cloud:
        client = make_client(cloud.url).client
        started = client.start_recording(room_uuid="r1")
        assert (started.record_id, started.state, started.start_time) == ("rec", 1, 1_800_000_000_000)
        assert started.streaming_url.hls == "h"
        assert started.model_extra == {"extra": 1}
        assert client.stop_recording(room_uuid="r1").record_id is None
        assert client.stop_recording(room_uuid="r1").streaming_url is None


def test_recordings_are_gone_through_batch_by_batch(make_client):
    first = {"total": 3, "count": 2, "list": [{"recordId": "a"}, 7, {"recordId": "b"}], "nextId": 100}
    last = {"total": 3, "count": 1, "list": [{"recordId": "c"}], "nextId": None}
    with running_cloud(answer(first), answer(last)) as cloud:
        client = make_client(cloud.url).client
        assert [item.record_id for item in client.iter_recordings(room_uuid="r1")] == ["a", "b", "c"]
        assert [asked.target.partition("?")[2] for asked in cloud.asked] == ["", "nextId=100"]
    with running_cloud(answer(first)) as cloud:
        client = make_client(cloud.url).client
        page = client.list_recordings(room_uuid="r1")
        assert (page.next_id, page.total, page.count, [raw for _, raw in page.unreadable]) == (
            "100",
            3,
            2,
            [7],
        )
        assert len(list(client.iter_recordings(room_uuid="r1"))) == 4, "a nextId that stands still ends it"


@pytest.mark.parametrize(
    "data", [[{"resourceUuid": "a"}, 7], {"list": [{"resourceUuid": "a"}]}, {"resourceUuid": "a"}]
)
def test_resources_in_all_their_shapes(make_client, data):
    with running_cloud(answer(data)) as cloud:
        (item,) = make_client(cloud.url).client.list_resources(room_uuid="r1")
        assert item.resource_uuid == "a"


def test_raw_and_read_events_agree(make_client):
    data = {"list": [{"cmd": 1}], "nextId": 2, "total": 5, "count": 1}
    with running_cloud(answer(data)) as cloud:
        client = make_client(cloud.url).client
        raw = client.room_sequences_raw(room_uuid="r1")
        read = read_events_answer(raw.body)
        page = client.room_sequences(room_uuid="r1")
        assert (page.events, page.next_id, page.total, page.count) == ([{"cmd": 1}], "2", 5, 1)
        assert (read.events, read.next_id, read.total, read.count) == ([{"cmd": 1}], "2", 5, 1)
        assert raw.path == f"{V2}/sequences"
        assert raw.received_at_ms == 1_800_000_000_000
        assert json.loads(raw.body)["data"] == data


def test_refusals_by_meaning(make_client):
    with running_cloud(answer(status=404, code=20404200), answer(status=409, code=20409000)) as cloud:
        client = make_client(cloud.url).client
        with pytest.raises(UserNotFound):
            client.read_user(room_uuid="r1", user_uuid="u1")
        with pytest.raises(Conflict):
            client.create_room(room_uuid="r1", room_type=0, room_name="x")


def test_client_makes_its_own_transport():
    client = Client(CloudConfig(region="eu", app_id=APP_ID, app_certificate=CERTIFICATE, uid="u"))
    assert client.transport.clock_offset_ms is None
    client.close()
