"""A running class at the simulator with a teacher, students, streams and a hand, read by the real sync."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from classroom_admin import agora
from classroom_admin.actions import breakout_rooms as groups
from classroom_admin.actions import classroom_tools as tools
from classroom_admin.actions import countdown, media, messages, quizzes_polls, rewards, stage
from classroom_admin.actions.classroom_tools import Tool
from classroom_admin.actions.media import Device, Whom
from classroom_admin.actions.messages import Audience
from classroom_admin.agora.config import CloudConfig
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Participant, Poll, Quiz, Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import tasks
from classroom_admin.sync.polling import Poller

STUDENTS = ("ada", "ben", "cy")


class Lesson:
    """A class in which commands are tried. ``who`` returns a person as the dashboard knows them."""

    def __init__(self, sim: RunningSimulator, room_uuid: str, config: CloudConfig) -> None:
        self.sim, self.room_uuid = sim, room_uuid
        self._poller = Poller(agora.client_for(config))

    def begin(self) -> None:
        """Let a teacher and three students enter with camera and microphone; two of them raise a hand."""
        self.sim.room(self.room_uuid, "state", state=1)
        self.do("enter", userUuid="tess", userName="Tess", role=1, stream=True)
        for user in STUDENTS:
            self.do("enter", userUuid=user, userName=user.title(), stream=True)
            self.do("stream", userUuid=user, streamUuid=self.stream_of(user), videoState=1, audioState=1)
        for user in ("ada", "ben"):
            self.do("wave", userUuid=user)
        self.sync()

    def do(self, action: str, **body: Any) -> Any:
        return self.sim.room(self.room_uuid, action, **body)

    def stream_of(self, user: str) -> str:
        return str(self.sim.do(lambda world: world.rooms[self.room_uuid].users[user].stream_uuid))

    def sync(self) -> None:
        """Read all events and project them."""
        polled = self._poller.poll()
        assert polled is not None
        assert polled.problems == []
        tasks.project_waiting(within_s=20)

    def truth(self) -> dict[str, Any]:
        found = self.sim.oracle(room=self.room_uuid)
        return next(row for row in found["rooms"] if row["roomUuid"] == self.room_uuid)

    def person(self, user: str) -> dict[str, Any]:
        return next(row for row in self.truth()["users"] if row["userUuid"] == user)

    def stream(self, user: str) -> dict[str, Any]:
        return next(row for row in self.person(user)["streams"] if row["videoSourceType"] != 2)

    def group(self, name: str) -> str:
        return next(uuid for uuid, group in self.truth()["groups"].items() if group["groupName"] == name)


def who(access: ClassAccess, user: str) -> Participant:
    return access.room.participants.get(user_uuid=user)


Run = Callable[[ClassAccess], Entry]
Prepare = Callable[[Lesson], object]
Effect = Callable[[Lesson], object]


class Case:
    """A command, what must be so before it, what is so at the cloud after it, and its words.

    ``route`` is the simulator's name of the call. ``confirmed`` is False if nothing can confirm the command.
    """

    def __init__(
        self,
        action: str,
        run: Run,
        effect: Effect,
        sentence: str,
        *,
        route: str,
        prepare: Prepare = lambda lesson: None,
        confirmed: bool = True,
    ) -> None:
        self.action, self.run, self.effect, self.sentence = action, run, effect, sentence
        self.route, self.prepare, self.confirmed = route, prepare, confirmed


def _silent(lesson: Lesson) -> None:
    for user in STUDENTS:
        lesson.do("stream", userUuid=user, streamUuid=lesson.stream_of(user), videoState=0, audioState=0)


def _two_groups(lesson: Lesson) -> None:
    lesson.sim.do(lambda world: _open(world, lesson.room_uuid))


def _open(world: Any, room_uuid: str) -> None:
    from classroom_admin.simulator.world import groups as world_groups

    rows = [
        {"groupUuid": "g1", "groupName": "Red", "users": [{"userUuid": "ada"}]},
        {"groupUuid": "g2", "groupName": "Blue", "users": [{"userUuid": "ben"}]},
    ]
    world_groups.open_groups(world, world.rooms[room_uuid], rows, operator=None)


def _share(lesson: Lesson) -> None:
    from classroom_admin.simulator.world import views

    def share(world: Any) -> None:
        room = world.rooms[lesson.room_uuid]
        views.share_screen(world, room, room.users["ada"], operator=None)

    lesson.sim.do(share)


def _view(name: str) -> Prepare:
    from classroom_admin.simulator.world import views

    def start(lesson: Lesson) -> None:
        change = getattr(views, name)
        lesson.sim.do(lambda world: change(world, world.rooms[lesson.room_uuid], {"state": 1}, operator=None))

    return start


def _count(lesson: Lesson, *, paused: bool = False) -> None:
    from classroom_admin.simulator.world import widget_settings

    def start(world: Any) -> None:
        room = world.rooms[lesson.room_uuid]
        timer = widget_settings.start_countdown(world, room, seconds=60, operator=None)
        if paused:
            widget_settings.change_countdown(world, room, timer.uuid, "pause", operator=None)

    lesson.sim.do(start)


def _quiz(lesson: Lesson) -> None:
    """Start a quiz in the class. Quizzes have their own stream, which these tests do not read."""
    lesson.do("quiz", userUuid="tess", items=["A", "B"], correctItems=["A"])
    quiz_id = lesson.truth()["quizzes"][-1]["id"]
    Quiz.objects.create(room=Room.objects.get(room_uuid=lesson.room_uuid), quiz_id=quiz_id, running=True)


def _poll(lesson: Lesson) -> None:
    lesson.do("poll", userUuid="tess", pollItems=["yes", "no"], mode=1)
    poll_id = lesson.truth()["polls"][-1]["id"]
    Poll.objects.create(room=Room.objects.get(room_uuid=lesson.room_uuid), poll_id=poll_id, running=True)


def _media(user: str, device: Device, on: bool) -> Run:
    return lambda access: media.set_media(access, participant=who(access, user), device=device, on=on)


def _many(device: Device, on: bool, whom: Whom, chosen: tuple[str, ...] = ()) -> Run:
    return lambda access: media.set_media_of_many(access, device=device, on=on, whom=whom, chosen=chosen)


def _audio(lesson: Lesson) -> list[int]:
    return [lesson.stream(user)["audioState"] for user in STUDENTS]


def _video(lesson: Lesson) -> list[int]:
    return [lesson.stream(user)["videoState"] for user in STUDENTS]


def _members(lesson: Lesson) -> dict[str, list[str]]:
    known = lesson.truth()["groups"]
    return {group["groupName"]: [user["userUuid"] for user in group["users"]] for group in known.values()}


def _countdown_state(lesson: Lesson) -> list[str]:
    return [each["state"] for each in lesson.truth()["countdowns"]]


def _stage(lesson: Lesson) -> list[str]:
    return list(lesson.truth()["stage"])


CASES = (
    Case(
        "participant.microphone_off",
        _media("ada", Device.MICROPHONE, False),
        lambda lesson: _audio(lesson) == [0, 1, 1] and _video(lesson) == [1, 1, 1],
        "Muted the microphone of Ada",
        route="put_stream",
    ),
    Case(
        "participant.microphone_on",
        _media("ada", Device.MICROPHONE, True),
        lambda lesson: _audio(lesson) == [1, 0, 0],
        "Unmuted the microphone of Ada",
        route="put_stream",
        prepare=_silent,
    ),
    Case(
        "participant.camera_off",
        _media("ben", Device.CAMERA, False),
        lambda lesson: _video(lesson) == [1, 0, 1] and _audio(lesson) == [1, 1, 1],
        "Turned off the camera of Ben",
        route="put_stream",
    ),
    Case(
        "participant.camera_on",
        _media("ben", Device.CAMERA, True),
        lambda lesson: _video(lesson) == [0, 1, 0],
        "Turned on the camera of Ben",
        route="put_stream",
        prepare=_silent,
    ),
    Case(
        "class.microphones_off",
        _many(Device.MICROPHONE, False, Whom.STUDENTS),
        lambda lesson: _audio(lesson) == [0, 0, 0] and lesson.stream("tess")["audioState"] == 1,
        "Muted the microphones of all students",
        route="put_streams",
    ),
    Case(
        "class.microphones_on",
        _many(Device.MICROPHONE, True, Whom.STUDENTS),
        lambda lesson: _audio(lesson) == [1, 1, 1],
        "Unmuted the microphones of all students",
        route="put_streams",
        prepare=_silent,
    ),
    Case(
        "class.cameras_off",
        _many(Device.CAMERA, False, Whom.OFF_STAGE),
        lambda lesson: _video(lesson) == [1, 0, 0],
        "Turned off the cameras of all students who are not on stage",
        route="put_streams",
        prepare=lambda lesson: lesson.do("stage", userUuid="ada"),
    ),
    Case(
        "class.cameras_on",
        _many(Device.CAMERA, True, Whom.CHOSEN, ("ada", "cy")),
        lambda lesson: _video(lesson) == [1, 0, 1],
        "Turned on the cameras of selected people",
        route="put_streams",
        prepare=_silent,
    ),
    Case(
        "participant.block_publishing",
        lambda access: media.block_publishing(access, participant=who(access, "ada"), minutes=5),
        lambda lesson: lesson.stream("ada")["audioState"] == 0,
        "Blocked microphone and camera of Ada for 5 minutes",
        route="add_kicking_rule",
    ),
    Case(
        "participant.mute_chat",
        lambda access: messages.mute_chat_of(access, participant=who(access, "ada"), muted=True),
        lambda lesson: lesson.person("ada")["muteChat"] == 1,
        "Muted Ada in the chat",
        route="",
    ),
    Case(
        "participant.unmute_chat",
        lambda access: messages.mute_chat_of(access, participant=who(access, "ada"), muted=False),
        lambda lesson: lesson.person("ada")["muteChat"] == 0,
        "Unmuted Ada in the chat",
        route="",
        prepare=lambda lesson: lesson.do("mute", userUuid="ada", muteChat=1),
    ),
    Case(
        "chat.mute",
        lambda access: messages.mute_class_chat(access, muted=True),
        lambda lesson: lesson.truth()["muteChat"] == 1,
        "Muted the chat of the class",
        route="mute_room",
    ),
    Case(
        "chat.unmute",
        lambda access: messages.mute_class_chat(access, muted=False),
        lambda lesson: lesson.truth()["muteChat"] == 0,
        "Unmuted the chat of the class",
        route="mute_room",
        prepare=lambda lesson: lesson.do("mute", muteChat=1),
    ),
    Case(
        "chat.announce",
        lambda access: messages.announce(access, text="Fire drill at ten"),
        lambda lesson: lesson.truth()["announcements"][-1]["msg"] == "Fire drill at ten",
        "Sent an announcement to the class",
        route="announce",
    ),
    Case(
        "participant.message",
        lambda access: messages.message_person(
            access, participant=who(access, "ada"), text="Please call home"
        ),
        lambda lesson: "Please call home" in str(lesson.sim.oracle(events=0)["peerMessages"][-1]),
        "Sent a message to Ada",
        route="message_user",
        confirmed=False,
    ),
    Case(
        "participant.stage_on",
        lambda access: stage.bring_on_stage(access, participant=who(access, "cy")),
        lambda lesson: _stage(lesson) == ["cy"],
        "Brought Cy onto the stage",
        route="stage_on",
    ),
    Case(
        "participant.stage_off",
        lambda access: stage.take_off_stage(access, participant=who(access, "cy")),
        lambda lesson: _stage(lesson) == [],
        "Took Cy off the stage",
        route="stage_off",
        prepare=lambda lesson: lesson.do("stage", userUuid="cy"),
    ),
    Case(
        "stage.clear",
        stage.clear_stage,
        lambda lesson: _stage(lesson) == [],
        "Cleared the stage",
        route="stage_clear_all",
        prepare=lambda lesson: [lesson.do("stage", userUuid=user) for user in ("ada", "cy")],
    ),
    Case(
        "participant.lower_hand",
        lambda access: stage.lower_hand(access, participant=who(access, "ada")),
        lambda lesson: lesson.truth()["hands"] == ["ben"],
        "Lowered the hand of Ada",
        route="lower_hand",
    ),
    Case(
        "stage.lower_hands",
        stage.lower_all_hands,
        lambda lesson: lesson.truth()["hands"] == [],
        "Lowered all hands",
        route="lower_hand",
    ),
    Case(
        "stage.close_hands",
        lambda access: stage.open_hands(access, opened=False),
        lambda lesson: not lesson.truth()["takesHands"],
        "Disabled raising hands",
        route="allow_hands",
    ),
    Case(
        "stage.open_hands",
        lambda access: stage.open_hands(access, opened=True),
        lambda lesson: lesson.truth()["takesHands"],
        "Allowed raising hands",
        route="allow_hands",
    ),
    Case(
        "groups.move",
        lambda access: groups.move_to_group(access, participant=who(access, "ada"), group_uuid="g2"),
        lambda lesson: _members(lesson) == {"Red": [], "Blue": ["ben", "ada"]},
        "Moved Ada to the breakout room “Blue”",
        route="move_group_users",
        prepare=_two_groups,
    ),
    Case(
        "groups.rename",
        lambda access: groups.rename_group(access, group_uuid="g1", name="Green"),
        lambda lesson: set(_members(lesson)) == {"Green", "Blue"},
        "Renamed the breakout room “Red” to “Green”",
        route="rename_groups",
        prepare=_two_groups,
    ),
    Case(
        "groups.close_one",
        lambda access: groups.close_group(access, group_uuid="g1"),
        lambda lesson: set(_members(lesson)) == {"Blue"},
        "Closed the breakout room “Red”",
        route="delete_groups",
        prepare=_two_groups,
    ),
    Case(
        "tool.on",
        lambda access: tools.set_tool(access, tool=Tool.WHITEBOARD, on=True),
        lambda lesson: lesson.truth()["widgets"]["netlessBoard"]["state"] == 1,
        "Turned on: whiteboard",
        route="put_widget",
    ),
    Case(
        "tool.off",
        lambda access: tools.set_tool(access, tool=Tool.CHAT, on=False),
        lambda lesson: lesson.truth()["widgets"]["easemobIM"]["state"] == 0,
        "Turned off: chat",
        route="put_widget",
    ),
    Case(
        "participant.stop_screen",
        lambda access: tools.stop_screen_share(access, participant=who(access, "ada")),
        lambda lesson: lesson.truth()["screen"]["state"] == 0,
        "Stopped the screen sharing of Ada",
        route="set_screen",
        prepare=_share,
    ),
    Case(
        "tool.stop_carousel",
        tools.stop_carousel,
        lambda lesson: lesson.truth()["carousel"]["state"] == 0,
        "Stopped the stage rotation",
        route="set_carousel",
        prepare=_view("set_carousel"),
    ),
    Case(
        "tool.stop_video_wall",
        tools.stop_video_wall,
        lambda lesson: lesson.truth()["expandedScope"]["state"] == 0,
        "Turned off the video wall",
        route="set_expanded_scope",
        prepare=_view("set_expanded_scope"),
    ),
    Case(
        "participant.reward",
        lambda access: rewards.give_rewards(access, participants=[who(access, "ada")], count=2),
        lambda lesson: lesson.person("ada")["rewards"] == 2,
        "Gave Ada 2 rewards",
        route="rewards_v3",
    ),
    Case(
        "rewards.give",
        lambda access: rewards.give_rewards(
            access, participants=[who(access, user) for user in ("ada", "ben")]
        ),
        lambda lesson: [lesson.person(user)["rewards"] for user in STUDENTS] == [1, 1, 0],
        "Gave 1 reward each",
        route="rewards_v3",
    ),
    Case(
        "quiz.start",
        lambda access: quizzes_polls.start_quiz(access, items=["A", "B", "C"], correct=["B"]),
        lambda lesson: lesson.truth()["quizzes"][-1]["running"],
        "Started a quiz",
        route="start_quiz",
    ),
    Case(
        "quiz.stop",
        lambda access: quizzes_polls.stop_quiz(access, quiz=access.room.quizzes.get(running=True)),
        lambda lesson: not lesson.truth()["quizzes"][-1]["running"],
        "Ended a quiz",
        route="stop_quiz",
        prepare=_quiz,
    ),
    Case(
        "poll.start",
        lambda access: quizzes_polls.start_poll(access, items=["yes", "no"], multiple=True),
        lambda lesson: lesson.truth()["polls"][-1]["mode"] == 2,
        "Started a poll",
        route="start_poll",
    ),
    Case(
        "poll.stop",
        lambda access: quizzes_polls.stop_poll(access, poll=access.room.polls.get(running=True)),
        lambda lesson: not lesson.truth()["polls"][-1]["running"],
        "Ended a poll",
        route="stop_poll",
        prepare=_poll,
    ),
    Case(
        "countdown.start",
        lambda access: countdown.start_countdown(access, seconds=300),
        lambda lesson: _countdown_state(lesson) == ["running"],
        "Started a countdown of 5 minutes",
        route="start_countdown",
    ),
    Case(
        "countdown.pause",
        countdown.pause_countdown,
        lambda lesson: _countdown_state(lesson) == ["paused"],
        "Paused the countdown",
        route="change_countdown",
        prepare=_count,
    ),
    Case(
        "countdown.continue",
        countdown.continue_countdown,
        lambda lesson: _countdown_state(lesson) == ["running"],
        "Resumed the countdown",
        route="change_countdown",
        prepare=lambda lesson: _count(lesson, paused=True),
    ),
    Case(
        "countdown.stop",
        countdown.stop_countdown,
        lambda lesson: _countdown_state(lesson) == ["stopped"],
        "Stopped the countdown",
        route="change_countdown",
        prepare=_count,
    ),
)
ANNOUNCED_TO_ALL = Case(
    "chat.announce",
    lambda access: messages.announce(access, text="Back in five minutes", to=Audience.ALL),
    lambda lesson: lesson.truth()["announcements"][-1]["range"] == 3,
    "Sent an announcement to the class and all breakout rooms",
    route="announce",
)
