"""Commands that create, start, end or close a class."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from classroom_admin.accounts.models import User
from classroom_admin.actions import recordings, runner
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.runner import READ_S, Command, Confirms, Detail, valid
from classroom_admin.agora.calls import CreateRoom, ReadRoom, SetClassState
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import Conflict
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common.problems import Problem
from classroom_admin.common.redaction import shown_properties
from classroom_admin.events import EventKind
from classroom_admin.rooms import registry
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import RoomState

STUDENT: Final = "2"  # the cloud's number of this role, as text
CLOSE_DELAY_S: Final = 600  # seconds; the cloud's default


def start_class(access: ClassAccess) -> Entry:
    """Start the class before or after its planned start (class state 1). Event 1 confirms the command."""
    return _set_state(access, "class.start", RoomState.STARTED)


def end_class(access: ClassAccess) -> Entry:
    """End the class (class state 2). People may stay until the close delay is over."""
    return _set_state(access, "class.end", RoomState.ENDED)


def end_class_and_recording(access: ClassAccess) -> tuple[Entry, Entry | None]:
    """End the class, then stop its recording. Return the entries of both commands.

    If the cloud does not accept the end, the recording continues and the second entry is None.
    """
    ended = end_class(access)
    accepted = ended.steps.filter(kind__in=(Step.Kind.ACCEPTED, Step.Kind.CONFIRMED)).exists()
    return ended, recordings.stop_recording(access) if accepted else None


def decisive(ended: Entry, stopped: Entry | None) -> Entry:
    """Return ``stopped`` if it failed, otherwise ``ended``. This is the entry to show to the person."""
    return stopped if stopped is not None and runner.has_failed(stopped) else ended


def close_class(access: ClassAccess) -> Entry:
    """Close the room permanently (class state 3). Everyone is removed, and no one can enter."""
    return _set_state(access, "class.close", RoomState.CLOSED)


def create_class(person: User, *, room_uuid: str | None = None, attempt: int = 1, **asked: Any) -> Entry:
    """Create a class. A read of the room confirms the command.

    ``asked`` contains the fields of ``NewClass``. Only scheduled classes need ``room_uuid`` and ``attempt``.
    If ``attempt`` is greater than 1 and the room exists, the command counts as successful.

    If the cloud accepts the command, the room is registered here. A class that a teacher creates is assigned
    to them. Raise ``NotYours`` if ``person`` is deactivated.
    """
    wanted = NewClass(room_uuid=room_uuid or uuid4().hex, **asked)

    def read_back(cloud: Client) -> Detail | None:
        info = cloud.send(ReadRoom(room_uuid=wanted.room_uuid), deadline_s=READ_S)
        wanted.register(created_by=person)  # the response to the creation may have been lost
        return {"name": info.room_name, "state": info.class_state}

    command = Command(
        action="class.create",
        call=wanted.creation(),
        target_name=wanted.name,
        params=wanted.shown(),
        # Without room_uuid, two submissions of one form create different ids but are the same command. With
        # room_uuid, equal classes of two series are different commands.
        same_as={**asdict(wanted), "room_uuid": room_uuid or "", "attempt": attempt},
        facts=lambda _answer: wanted.register(created_by=person),
        already_done=() if attempt == 1 else (Conflict,),
        read_back=read_back,
    )
    return runner.create(person, command, room_uuid=wanted.room_uuid)


def check_class(**asked: Any) -> None:
    """Validate the fields of a ``NewClass`` without calling the cloud.

    Raise ``ActionRefused`` for the first invalid field. Its ``field`` has the cloud's name for it.
    """
    NewClass(room_uuid=uuid4().hex, **asked).creation()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClass:
    """The arguments of a new class.

    ``room_type`` is 0 (one-to-one), 2 (lecture hall), 4 (small) or 10 (small cloud). ``starts_at`` is aware.
    If it is None, the class waits until a person starts it. ``duration_s`` is at most a day. ``pupil_limit``
    is the largest number of students. It is None if there is no limit. ``max_on_stage`` and ``stage_role``
    are maxAccept and defaultAcceptRole of handsUp. ``widgets`` is, for example, ``{"netlessBoard": {"state":
    1}}``. ``roles`` is the cloud's roleConfig, for example ``{"2": {"limit": 30, "defaultStream": {"state":
    1}}}``.
    """

    room_uuid: str
    name: str
    room_type: int
    starts_at: datetime | None = None
    duration_s: int | None = None
    close_delay_s: int | None = None
    pupil_limit: int | None = None
    max_on_stage: int | None = None
    stage_role: str | None = None
    widgets: Mapping[str, Any] | None = None
    flex_properties: Mapping[str, Any] | None = None
    roles: Mapping[str, Any] | None = None

    @property
    def role_config(self) -> Mapping[str, Any] | None:
        """Return the cloud's roleConfig, including the limit of students."""
        if self.pupil_limit is None:
            return self.roles
        roles = dict(self.roles or {})
        return {**roles, STUDENT: {**roles.get(STUDENT, {}), "limit": self.pupil_limit}}

    def creation(self) -> CreateRoom:
        """Return the cloud call that creates the class. Raise ``ActionRefused`` if an argument is invalid."""
        if self.starts_at is not None and self.starts_at.tzinfo is None:
            raise ActionRefused(Problem("start_time_without_zone"), field="schedule.startTime")
        plan = {
            "startTime": None if self.starts_at is None else int(self.starts_at.timestamp() * 1000),
            "duration": self.duration_s,
            "closeDelay": self.close_delay_s,
        }
        return valid(
            CreateRoom,
            room_uuid=self.room_uuid,
            room_type=self.room_type,
            room_name=self.name,
            schedule=_given(plan) or None,
            max_on_stage=self.max_on_stage,
            stage_role=self.stage_role,
            flex_properties=self.flex_properties,
            widgets=self.widgets,
            role_config=self.role_config,
        )

    def register(self, *, created_by: User) -> None:
        """Register the room here with its scheduled times."""
        ends_at = closes_at = None
        if self.starts_at is not None and self.duration_s is not None:
            delay_s = CLOSE_DELAY_S if self.close_delay_s is None else self.close_delay_s
            ends_at = self.starts_at + timedelta(seconds=self.duration_s)
            closes_at = ends_at + timedelta(seconds=delay_s)
        registry.register(
            room_uuid=self.room_uuid,
            name=self.name,
            room_type=self.room_type,
            planned_start_at=self.starts_at,
            planned_end_at=ends_at,
            planned_close_at=closes_at,
            created_by=created_by,
        )

    def shown(self) -> dict[str, Any]:
        """Return the parameters to show in the audit log."""
        return _given(
            {
                "name": self.name,
                "room_type": self.room_type,
                "starts_at": None if self.starts_at is None else self.starts_at.isoformat(),
                "duration_s": self.duration_s,
                "close_delay_s": self.close_delay_s,
                "pupil_limit": self.pupil_limit,
                "max_on_stage": self.max_on_stage,
                "stage_role": self.stage_role,
                "widgets": shown_properties(self.widgets) or None,
                "flex_properties": shown_properties(self.flex_properties) or None,
                "roles": self.roles,
            }
        )


def _given(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value is not None}


def _set_state(access: ClassAccess, action: str, state: RoomState) -> Entry:
    number = int(state)
    command = Command(
        action=action,
        target_name=access.room.name,
        call=valid(SetClassState, room_uuid=access.room.room_uuid, state=number),
        confirmed_by=Confirms(event=EventKind.CLASS_STATE, match={"state": number}),
    )
    return runner.run(access, command)
