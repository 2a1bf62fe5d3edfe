"""Calls about the tools of a classroom: whiteboard, chat, quiz, poll and countdown.

The cloud calls these tools widgets. A change of the property `widgets` (event 4, 5 or 1110) confirms a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final

from pydantic import BeforeValidator, Field, model_validator

from classroom_admin.agora import fields
from classroom_admin.agora.call import OnceCall, SameCall
from classroom_admin.agora.calls import ROOM
from classroom_admin.agora.fields import Id, Switch, Wrong
from classroom_admin.agora.models import read_object, read_text

FEWEST_OPTIONS: Final = 2
MOST_OPTIONS: Final = 8
LONGEST_OPTION: Final = 100
LONGEST_COUNTDOWN_S: Final = 3600
Options = Annotated[
    Sequence[str],
    BeforeValidator(fields.texts(fewest=FEWEST_OPTIONS, most=MOST_OPTIONS, longest=LONGEST_OPTION)),
]


class SetWidget(SameCall[None]):
    """Turn a tool of the classroom on (1) or off (0)."""

    method = "PUT"
    template = f"{ROOM}/widgets/{{widgetUuid}}"
    capability = "widgets"

    room_uuid: Id
    widget_uuid: Id
    state: Switch

    def body(self) -> Any:
        return {"state": self.state}


class _Started(OnceCall[str | None]):
    """A call that starts a quiz, poll or countdown.

    The result is its id, or None if the response has no id.
    """

    method = "POST"
    id_name: ClassVar[str] = ""

    def answer(self, data: Any) -> str | None:
        return read_text(read_object(data).get(self.id_name))


class StartQuiz(_Started):
    """Start a quiz. Raise `Conflict` if a quiz is running."""

    template = f"{ROOM}/widgets/popupQuizs/start"
    capability = "quiz"
    why = "a second quiz would start"
    id_name = "popupQuizId"

    room_uuid: Id
    items: Options
    correct_items: Annotated[
        Sequence[str],
        BeforeValidator(fields.texts(fewest=1, most=MOST_OPTIONS, longest=LONGEST_OPTION)),
    ]

    @model_validator(mode="after")
    def _correct_ones_are_options(self) -> StartQuiz:
        if not set(self.correct_items) <= set(self.items):
            raise Wrong("not_among_options", at="correctItems")
        return self

    def body(self) -> Any:
        return {"items": list(self.items), "correctItems": list(self.correct_items)}


class StopQuiz(OnceCall[None]):
    """End a quiz."""

    method = "POST"
    template = f"{ROOM}/widgets/popupQuizs/{{popupQuizId}}/stop"
    capability = "quiz"
    why = "a second call is answered 409, which would hide that the first one worked"

    room_uuid: Id
    quiz_id: Annotated[Id, Field(serialization_alias="popupQuizId")]


class StartPoll(_Started):
    """Start a poll. `mode` is 1 (one choice) or 2 (several). Raise `Conflict` if a poll is running."""

    template = f"{ROOM}/widgets/polls/start"
    capability = "poll"
    why = "a second poll would start"
    id_name = "pollId"

    room_uuid: Id
    mode: Annotated[int, BeforeValidator(fields.one_of(1, 2))]
    items: Annotated[Options, Field(serialization_alias="pollItems")]

    def body(self) -> Any:
        return {"mode": self.mode, "pollItems": list(self.items)}


class StopPoll(OnceCall[None]):
    """End a poll."""

    method = "POST"
    template = f"{ROOM}/widgets/polls/{{pollId}}/stop"
    capability = "poll"
    why = "a second call is answered 409, which would hide that the first one worked"

    room_uuid: Id
    poll_id: Id


class StartCountdown(_Started):
    """Start a countdown. Its duration is in seconds."""

    template = f"{ROOM}/widgets/countdownTimer/start"
    capability = "countdown"
    why = "the countdown would start again"
    id_name = "countdownTimerId"

    room_uuid: Id
    seconds: Annotated[
        int,
        BeforeValidator(fields.whole(1, LONGEST_COUNTDOWN_S)),
        Field(serialization_alias="duration"),
    ]

    def body(self) -> Any:
        return {"duration": self.seconds}


class ChangeCountdown(OnceCall[None]):
    """Pause, continue or stop a countdown."""

    method = "PUT"
    template = f"{ROOM}/widgets/countdownTimer/{{countdownTimerId}}/{{what}}"
    capability = "countdown"
    why = "another person may have changed the countdown in between"

    room_uuid: Id
    timer_id: Annotated[Id, Field(serialization_alias="countdownTimerId")]
    what: Annotated[str, BeforeValidator(fields.one_of("pause", "continue", "stop"))]
