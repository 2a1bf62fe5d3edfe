"""The commands that `POST /classes/{key}/commands` takes. Their names are those of the audit log.

`run` sends a command with the same function as the button on the page.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from ninja import Field

from classroom_admin.actions import (
    breakout_rooms,
    class_state,
    classroom_tools,
    countdown,
    media,
    messages,
    participants,
    quizzes_polls,
    recordings,
    rewards,
    stage,
)
from classroom_admin.actions.classroom_tools import Tool
from classroom_admin.actions.media import Device, Whom
from classroom_admin.actions.messages import Audience
from classroom_admin.agora.classroom_calls import LONGEST_MESSAGE
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Participant, Poll, Quiz
from classroom_admin.web.api.v1.problems import invalid
from classroom_admin.web.api.v1.schemas import In, RowId

UserId = Annotated[str, Field(min_length=1, max_length=255, description="The cloud's user id of the person.")]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST_MESSAGE)]
Items = Annotated[list[Annotated[str, Field(min_length=1, max_length=100)]], Field(max_length=20)]
TOOLS: Final = {"whiteboard": Tool.WHITEBOARD, "chat": Tool.CHAT, "timer": Tool.TIMER}
_OF_CLASS: Final[dict[str, Any]] = {
    "class.start": class_state.start_class,
    "class.close": class_state.close_class,
    "chat.mute": lambda access: messages.mute_class_chat(access, muted=True),
    "chat.unmute": lambda access: messages.mute_class_chat(access, muted=False),
    "stage.lower_hands": stage.lower_all_hands,
    "stage.open_hands": lambda access: stage.open_hands(access, opened=True),
    "stage.close_hands": lambda access: stage.open_hands(access, opened=False),
    "stage.clear": stage.clear_stage,
    "tool.stop_carousel": classroom_tools.stop_carousel,
    "tool.stop_video_wall": classroom_tools.stop_video_wall,
    "countdown.pause": countdown.pause_countdown,
    "countdown.continue": countdown.continue_countdown,
    "countdown.stop": countdown.stop_countdown,
    "recording.stop": recordings.stop_recording,
    "recording.pause": recordings.pause_recording,
    "recording.resume": recordings.resume_recording,
    "recording.ready": recordings.report_page_ready,
}
_OF_PERSON: Final[dict[str, Any]] = {
    "participant.microphone_off": lambda access, one: _media(access, one, Device.MICROPHONE, on=False),
    "participant.microphone_on": lambda access, one: _media(access, one, Device.MICROPHONE, on=True),
    "participant.camera_off": lambda access, one: _media(access, one, Device.CAMERA, on=False),
    "participant.camera_on": lambda access, one: _media(access, one, Device.CAMERA, on=True),
    "participant.stage_on": lambda access, one: stage.bring_on_stage(access, participant=one),
    "participant.stage_off": lambda access, one: stage.take_off_stage(access, participant=one),
    "participant.lower_hand": lambda access, one: stage.lower_hand(access, participant=one),
    "participant.mute_chat": lambda access, one: messages.mute_chat_of(access, participant=one, muted=True),
    "participant.unmute_chat": lambda access, one: messages.mute_chat_of(
        access, participant=one, muted=False
    ),
    "participant.stop_screen": lambda access, one: classroom_tools.stop_screen_share(access, participant=one),
}


def _media(access: ClassAccess, participant: Participant, device: Device, *, on: bool) -> Entry:
    return media.set_media(access, participant=participant, device=device, on=on)


class OfClass(In):
    """A command to the whole class, without parameters."""

    command: Literal[
        "class.start", "class.close", "chat.mute", "chat.unmute", "stage.lower_hands", "stage.open_hands",
        "stage.close_hands", "stage.clear", "tool.stop_carousel", "tool.stop_video_wall", "countdown.pause",
        "countdown.continue", "countdown.stop", "recording.stop", "recording.pause", "recording.resume",
        "recording.ready",
    ]  # fmt: skip

    def run(self, access: ClassAccess) -> Entry:
        entry: Entry = _OF_CLASS[self.command](access)
        return entry


class EndClass(In):
    command: Literal["class.end"]
    and_recording: bool = Field(False, description="Also stop the recording.")

    def run(self, access: ClassAccess) -> Entry:
        if self.and_recording:
            return class_state.decisive(*class_state.end_class_and_recording(access))
        return class_state.end_class(access)


class OfPerson(In):
    """A command to one person, without further parameters."""

    command: Literal[
        "participant.microphone_off", "participant.microphone_on", "participant.camera_off",
        "participant.camera_on", "participant.stage_on", "participant.stage_off", "participant.lower_hand",
        "participant.mute_chat", "participant.unmute_chat", "participant.stop_screen",
    ]  # fmt: skip
    user_id: UserId

    def run(self, access: ClassAccess) -> Entry:
        entry: Entry = _OF_PERSON[self.command](access, person(access, self.user_id))
        return entry


class _Ban(In):
    user_id: UserId
    ban_s: int | None = Field(None, ge=1, le=10**9, description="Ban the person for so many seconds.")
    for_the_class: bool = Field(False, description="Ban the person until the class closes.")
    for_good: bool = Field(False, description="Ban the person permanently.")
    reason: str = Field("", max_length=200, description="For the audit log only.")

    @property
    def arguments(self) -> dict[str, Any]:
        return {
            "duration_s": self.ban_s, "for_the_class": self.for_the_class, "for_good": self.for_good,
        }  # fmt: skip


class Remove(_Ban):
    """Remove a person now. Send at most one of `ban_s`, `for_the_class` and `for_good`."""

    command: Literal["participant.remove"]

    def run(self, access: ClassAccess) -> Entry:
        one = person(access, self.user_id)
        return participants.remove_participant(access, participant=one, reason=self.reason, **self.arguments)


class PlanRemoval(_Ban):
    """Remove a person later."""

    command: Literal["participant.plan_removal"]
    after_s: int = Field(ge=5, le=10_800, description="In how many seconds.")

    def run(self, access: ClassAccess) -> Entry:
        one = person(access, self.user_id)
        span = {name: value for name, value in self.arguments.items() if value}
        participants.schedule_removal(
            access, participant=one, after_s=self.after_s, reason=self.reason, **span
        )
        return _newest(access, self.command, self.user_id)


class CancelRemoval(In):
    """Cancel a scheduled removal."""

    command: Literal["participant.call_off_removal"]
    user_id: UserId

    def run(self, access: ClassAccess) -> Entry:
        waiting = participants.scheduled_removals(access.room).filter(key=self.user_id).order_by("-pk")
        removal = waiting.first()
        if removal is None or not participants.cancel_removal(access, command=removal):
            raise invalid("user_id", "No removal of this person is scheduled.")
        return _newest(access, self.command, self.user_id)


class Unban(In):
    """Unban a person. The cloud does not report whether this worked."""

    command: Literal["participant.let_back"]
    user_id: UserId

    def run(self, access: ClassAccess) -> Entry:
        return participants.unban(access, user_uuid=self.user_id)


class MediaOff(In):
    """Mute microphones or turn cameras off."""

    command: Literal["class.microphones_off", "class.cameras_off"]
    whom: Literal["students", "off_stage"] = "students"

    def run(self, access: ClassAccess) -> Entry:
        device = Device.CAMERA if self.command == "class.cameras_off" else Device.MICROPHONE
        whom = Whom.STUDENTS if self.whom == "students" else Whom.OFF_STAGE
        return media.set_media_of_many(access, device=device, on=False, whom=whom)


class SetTool(In):
    """Turn a classroom tool on or off."""

    command: Literal["tool.on", "tool.off"]
    tool: Literal["whiteboard", "chat", "timer"]

    def run(self, access: ClassAccess) -> Entry:
        return classroom_tools.set_tool(access, tool=TOOLS[self.tool], on=self.command == "tool.on")


class Announce(In):
    """Send an announcement to the chat of the class."""

    command: Literal["chat.announce"]
    text: Text
    and_breakout_rooms: bool = False

    def run(self, access: ClassAccess) -> Entry:
        to = Audience.ALL if self.and_breakout_rooms else Audience.CLASS
        return messages.announce(access, text=self.text, to=to, groups=())


class Message(In):
    """Send a message that only one person sees."""

    command: Literal["participant.message"]
    user_id: UserId
    text: Text

    def run(self, access: ClassAccess) -> Entry:
        return messages.message_person(access, participant=person(access, self.user_id), text=self.text)


class Reward(In):
    command: Literal["participant.reward"]
    user_id: UserId
    count: int = Field(1, ge=1, le=10)

    def run(self, access: ClassAccess) -> Entry:
        return rewards.give_rewards(access, participants=[person(access, self.user_id)], count=self.count)


class Block(In):
    """Stop a person from publishing for some minutes. The block can't be ended early."""

    command: Literal["participant.block_publishing"]
    user_id: UserId
    minutes: int = Field(10, ge=1, le=1440)
    microphone: bool = True
    camera: bool = True

    def run(self, access: ClassAccess) -> Entry:
        return media.block_publishing(
            access,
            participant=person(access, self.user_id),
            minutes=self.minutes,
            microphone=self.microphone,
            camera=self.camera,
        )


class Move(In):
    """Move a person to a breakout room, or back to the class."""

    command: Literal["groups.move"]
    user_id: UserId
    group: str | None = Field(None, max_length=255, description="The cloud's id. Null: back to the class.")

    def run(self, access: ClassAccess) -> Entry:
        return breakout_rooms.move_to_group(
            access, participant=person(access, self.user_id), group_uuid=self.group
        )


class StartQuiz(In):
    command: Literal["quiz.start"]
    items: Items
    correct: Items

    def run(self, access: ClassAccess) -> Entry:
        return quizzes_polls.start_quiz(access, items=self.items, correct=self.correct)


class StartPoll(In):
    command: Literal["poll.start"]
    items: Items
    multiple: bool = Field(False, description="Whether people may choose several answers.")

    def run(self, access: ClassAccess) -> Entry:
        return quizzes_polls.start_poll(access, items=self.items, multiple=self.multiple)


class EndQuestion(In):
    """End a quiz or a poll."""

    command: Literal["quiz.stop", "poll.stop"]
    id: RowId

    def run(self, access: ClassAccess) -> Entry:
        if self.command == "quiz.stop":
            quiz = Quiz.objects.filter(room=access.room, pk=self.id).first()
            if quiz is not None:
                return quizzes_polls.stop_quiz(access, quiz=quiz)
        else:
            poll = Poll.objects.filter(room=access.room, pk=self.id).first()
            if poll is not None:
                return quizzes_polls.stop_poll(access, poll=poll)
        raise invalid("id", "This class has no such quiz or poll.")


class StartCountdown(In):
    command: Literal["countdown.start"]
    seconds: int = Field(ge=1, le=3_659)

    def run(self, access: ClassAccess) -> Entry:
        return countdown.start_countdown(access, seconds=self.seconds)


class StartRecording(In):
    """Start recording. Without `mode`, the cloud combines the streams of all people."""

    command: Literal["recording.start"]
    mode: Literal["web"] | None = None
    web_config: dict[str, Any] | None = Field(
        None, description="For `web`: the cloud's settings, such as `rootUrl` and `videoBitrate`."
    )

    def run(self, access: ClassAccess) -> Entry:
        return recordings.start_recording(access, mode=self.mode, web_config=self.web_config)


class ChangeRecording(In):
    """Change a running web recording. Send every setting that should apply."""

    command: Literal["recording.change"]
    web_config: dict[str, Any]

    def run(self, access: ClassAccess) -> Entry:
        return recordings.change_recording(access, web_config=self.web_config)


AnyCommand = (
    OfClass | EndClass | OfPerson | Remove | PlanRemoval | CancelRemoval | Unban | MediaOff | SetTool
    | Announce | Message | Reward | Block | Move | StartQuiz | StartPoll | EndQuestion | StartCountdown
    | StartRecording | ChangeRecording
)  # fmt: skip


def person(access: ClassAccess, user_id: str) -> Participant:
    """Return the person of the class with this id of the cloud. Raise ``ApiProblem`` 422 if there is none."""
    found = Participant.objects.filter(room=access.room, user_uuid=user_id).first()
    if found is None:
        raise invalid("user_id", "Nobody in this class has this id.")
    return found


def _newest(access: ClassAccess, action: str, target: str) -> Entry:
    entries = Entry.objects.filter(room_uuid=access.room.room_uuid, action=action, target=target)
    newest: Entry = entries.order_by("-pk")[0]
    return newest
