"""What newer documents of the cloud say about calls: each test is named for one row of that table."""

from __future__ import annotations

import pytest

from classroom_admin.agora import errors
from classroom_admin.agora.calls import CloseGroups, KickUser, OpenGroups, ReadRoom, UnbanUser
from classroom_admin.agora.classroom_calls import RemoveGroups
from classroom_admin.agora.errors import InvalidArgument, PathNotFound, RoomNotFound, StageFull
from classroom_admin.agora.event_calls import PollWidgetEvents, QuizEvents
from classroom_admin.agora.recording_and_file_calls import ReportPageReady, StartRecording, UpdateRecording
from classroom_admin.common.problem_texts import in_english
from classroom_admin.simulator.testing import running_simulator
from tests.agora.cloud import answer, running_cloud

WEB = {"rootUrl": "https://class.school.test/watch"}


def group(number: int, people: int = 0) -> dict[str, object]:
    return {"groupName": f"Group {number}", "users": [f"p{number}-{user}" for user in range(people)]}


# --- 9: breakout rooms


def test_closing_all_groups_sends_an_empty_body(make_client):
    with running_cloud(answer()) as cloud:
        make_client(cloud.url).client.send(CloseGroups(room_uuid="r1"))
    (asked,) = cloud.asked
    assert (asked.method, asked.target.rpartition("/r1")[2]) == ("PUT", "/groups/states/0")
    assert asked.body == b"{}"


def test_closing_named_groups_deletes_them_by_id(make_client):
    with running_cloud(answer()) as cloud:
        make_client(cloud.url).client.send(RemoveGroups(room_uuid="r1", group_uuids=["g1", "g2"]))
    (asked,) = cloud.asked
    assert (asked.method, asked.target.rpartition("/r1")[2]) == ("DELETE", "/groups/states/1")
    assert asked.body == b'{"removeGroupUuids": ["g1", "g2"]}'


def test_at_most_20_groups():
    OpenGroups(room_uuid="r1", groups=[group(number) for number in range(20)])
    with pytest.raises(InvalidArgument) as caught:
        OpenGroups(room_uuid="r1", groups=[group(number) for number in range(21)])
    assert caught.value.field == "groups"
    assert in_english(caught.value.problem) == "There are 21 breakout rooms, but the cloud allows at most 20."


def test_at_most_17_people_in_a_group():
    OpenGroups(room_uuid="r1", groups=[group(1, people=17)])
    with pytest.raises(InvalidArgument) as caught:
        OpenGroups(room_uuid="r1", groups=[group(1, people=17), group(2, people=18)])
    assert caught.value.field == "groups.users"
    assert "18 people in “Group 2”, but the cloud allows at most 17" in in_english(caught.value.problem)


# --- 11: web recordings


@pytest.mark.parametrize(
    ("width", "height", "fits"),
    [
        (1920, 1080, True),
        (1080, 1920, True),
        (480, 1920, True),
        (1920, 1081, False),
        (1921, 480, False),
        (479, 480, False),
    ],
)
def test_web_recording_has_at_most_1920_by_1080_pixels(width, height, fits):
    config = {**WEB, "videoWidth": width, "videoHeight": height}
    if fits:
        StartRecording(room_uuid="r1", mode="web", web_config=config)
        return
    with pytest.raises(InvalidArgument, match=r"^webRecordConfig\.video(Width|Height):"):
        StartRecording(room_uuid="r1", mode="web", web_config=config)


def test_changing_a_recording_requires_onhold():
    assert UpdateRecording(room_uuid="r1", web_config={"onhold": False}).body()
    with pytest.raises(InvalidArgument) as caught:
        UpdateRecording(room_uuid="r1", web_config={"videoFps": 30})
    assert caught.value.field == "webRecordConfig.onhold"
    assert in_english(caught.value.problem).startswith("The value is missing")


# --- 12: removing and unbanning


def test_ban_always_has_a_duration_and_a_removal_alone_has_no_state():
    assert KickUser(room_uuid="r1", user_uuid="u1").body() == {}
    assert KickUser(room_uuid="r1", user_uuid="u1", ban_s=-1).body() == {
        "dirty": {"state": 1, "duration": -1}
    }
    assert UnbanUser(room_uuid="r1", user_uuid="u1").body() == {"dirty": {"state": 0}}


# --- 14: the path of quizzes and polls


@pytest.mark.parametrize(("call", "widget"), [(QuizEvents, "popupQuiz"), (PollWidgetEvents, "poll")])
def test_quizzes_and_polls_try_the_path_with_the_region_and_remember_it(make_client, call, widget):
    with running_cloud(answer(status=404, code=404), answer([])) as cloud:
        client = make_client(cloud.url).client
        client.send(call(room_uuid="r1"))
        client.send(call(room_uuid="r1"))
    tail = f"/v2/rooms/r1/widgets/{widget}/sequences"
    paths = [asked.target.removesuffix(tail).split("/apps/")[0] for asked in cloud.asked]
    assert paths == ["/edu", "/eu/edu", "/eu/edu"]


def test_refusal_on_the_other_path_is_remembered_too(make_client):
    gone = answer(status=404, code=20404100)
    with running_cloud(answer(status=404, code=404), gone) as cloud:
        client = make_client(cloud.url).client
        for _ in range(2):
            with pytest.raises(RoomNotFound):
                client.send(QuizEvents(room_uuid="r1"))
    assert len(cloud.asked) == 3


def test_path_is_tried_again_next_time_if_neither_is_known(make_client):
    with running_cloud(answer(status=404, code=404)) as cloud:
        client = make_client(cloud.url).client
        for _ in range(2):
            with pytest.raises(PathNotFound):
                client.send(QuizEvents(room_uuid="r1"))
    assert [asked.target.startswith("/eu/") for asked in cloud.asked] == [False, True, False, True]


def test_other_calls_have_one_path(make_client):
    with running_cloud(answer(status=404, code=404)) as cloud, pytest.raises(PathNotFound):
        make_client(cloud.url).client.send(ReadRoom(room_uuid="r1"))
    assert len(cloud.asked) == 1


# --- 15: the recorded page has loaded


def test_recorded_page_can_be_reported_as_loaded(make_client):
    with running_simulator(plain=True) as sim:
        sim.make_room("r1", state=1)
        client = make_client(
            sim.base_url, app_id=sim.app_id, app_certificate=sim.app_certificate, real_time=True
        ).client
        client.send(StartRecording(room_uuid="r1", mode="web", web_config=WEB, retry_timeout_s=60))
        client.send(ReportPageReady(room_uuid="r1"))
        client.send(ReportPageReady(room_uuid="r1"))


# --- 16: more error codes


@pytest.mark.parametrize(
    ("status", "code", "cls"),
    [
        (400, 30400100, errors.BadParameter),
        (400, 30400412, errors.RecordingAddressMissing),
        (403, 20403001, errors.RoleFull),
        (403, 20403002, errors.RoomFull),
        (404, 30404462, errors.NotOnStage),
        (409, 30409103, errors.ScreenNotShared),
        (409, 30409104, errors.RoomTypeDiffers),
        (409, 30409460, errors.HandChanged),
        (409, 30409601, errors.AlreadyInvited),
        (410, 30410100, errors.ClassOver),
        (410, 20410100, errors.ClassOver),
        (409, 20410100, errors.ClassOver),
        (429, 30429461, errors.StageFull),
    ],
)
def test_newer_code_has_its_own_class(status, code, cls):
    assert type(errors.error_for(http_status=status, code=code, message="")) is cls


def test_full_stage_is_not_tried_again_although_its_status_is_429(make_client):
    with running_cloud(answer(status=429, code=30429461)) as cloud, pytest.raises(StageFull):
        make_client(cloud.url).client.send(ReadRoom(room_uuid="r1"))
    assert len(cloud.asked) == 1
