"""Commands about the stage of a class and about raised hands.

Some projects report the stage and raised hands with events 1501 and 1502, others with the property
`processes`. Whichever comes first confirms a command.
"""

from typing import Any, Final

from classroom_admin.actions import runner
from classroom_admin.actions.effects import read_back
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.runner import Command, Confirms, valid
from classroom_admin.actions.targets import require_in_class
from classroom_admin.agora.classroom_calls import ClearStage, LowerHand, OpenHands, PutOnStage, TakeOffStage
from classroom_admin.agora.errors import CloudError, Conflict, NotOnStage, UserNotFound
from classroom_admin.audit.models import Entry
from classroom_admin.common.problems import Problem
from classroom_admin.events import EventKind
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Participant

MOST_HANDS: Final = 100
"""The largest number of hands that one command lowers. Each hand needs a call."""


def bring_on_stage(access: ClassAccess, *, participant: Participant) -> Entry:
    """Bring a person onto the stage. The event about the stage confirms the command."""
    require_in_class(access, participant)
    call = valid(PutOnStage, room_uuid=access.room.room_uuid, user_uuid=participant.user_uuid)
    return _run_stage(access, "participant.stage_on", call, participant, up=True)


def take_off_stage(access: ClassAccess, *, participant: Participant) -> Entry:
    """Take a person off the stage. The event about the stage confirms the command."""
    require_in_class(access, participant, present=False)
    call = valid(TakeOffStage, room_uuid=access.room.room_uuid, user_uuid=participant.user_uuid)
    return _run_stage(access, "participant.stage_off", call, participant, up=False)


def _run_stage(
    access: ClassAccess, action: str, call: PutOnStage, participant: Participant, *, up: bool
) -> Entry:
    user_uuid = participant.user_uuid
    command = Command(
        action=action,
        target=user_uuid,
        target_name=participant.name,
        call=call,
        confirmed_by=Confirms(
            event=EventKind.STAGE,
            match={"user_uuid": user_uuid, "up": up},
            also=(_process("handsUp", "accepted", **{"has" if up else "lacks": user_uuid}),),
        ),
        read_back=read_back(access, action, target=user_uuid) if participant.on_stage is up else None,
    )
    return runner.run(access, command)


def clear_stage(access: ClassAccess) -> Entry:
    """Take all people off the stage. An event about the stage confirms the command.

    If the stage seems to be empty already, a read confirms the command.
    """
    last = access.room.participants.filter(on_stage=True).order_by("pk").last()
    command = Command(
        action="stage.clear",
        target_name=access.room.name,
        call=valid(ClearStage, room_uuid=access.room.room_uuid),
        confirmed_by=Confirms(
            event=EventKind.STAGE,
            match={"user_uuid": last.user_uuid if last else "", "up": False},
            also=(_process("handsUp", "accepted", **({"lacks": last.user_uuid} if last else {})),),
        ),
        read_back=None if last else read_back(access, "stage.clear"),
    )
    return runner.run(access, command)


def lower_hand(access: ClassAccess, *, participant: Participant) -> Entry:
    """Lower the raised hand of a person. The event about the hands confirms the command."""
    require_in_class(access, participant, present=False)
    if not participant.hand_raised:
        raise ActionRefused(Problem("hand_not_raised"))
    return _lower(access, "participant.lower_hand", [participant], target=participant)


def lower_all_hands(access: ClassAccess) -> Entry:
    """Lower up to `MOST_HANDS` hands, one call each. The event about the last hand confirms the command.

    The cloud has no call for several hands. If the time limit ends the command, it tells how many are left.
    """
    raised = access.room.participants.filter(hand_raised=True).order_by("hand_raised_at", "pk")
    people = list(raised[:MOST_HANDS])
    if not people:
        raise ActionRefused(Problem("no_hands_raised"))
    return _lower(access, "stage.lower_hands", people)


def _lower(
    access: ClassAccess, action: str, people: list[Participant], *, target: Participant | None = None
) -> Entry:
    calls = [
        valid(LowerHand, room_uuid=access.room.room_uuid, user_uuid=person.user_uuid) for person in people
    ]
    params: dict[str, Any] = {} if target else {"people": len(people)}
    # If a student lowers their own hand or leaves meanwhile, still lower the others.
    already_done: tuple[type[CloudError], ...] = () if target else (Conflict, NotOnStage, UserNotFound)
    command = Command(
        action=action,
        target=target.user_uuid if target else "",
        target_name=target.name if target else access.room.name,
        params=params,
        call=calls[0],
        then=tuple(calls[1:]),
        already_done=already_done,
        confirmed_by=Confirms(
            event=EventKind.HANDS,
            match={"user_uuid": people[-1].user_uuid, "up": False},
            also=(_process("waveArm", "progress", lacks=people[-1].user_uuid),),
        ),
        read_back=None if target else read_back(access, action),
    )
    return runner.run(access, command)


def open_hands(access: ClassAccess, *, opened: bool) -> Entry:
    """Allow or forbid the students to raise their hands. A change of `processes` confirms the command."""
    command = Command(
        action="stage.open_hands" if opened else "stage.close_hands",
        target_name=access.room.name,
        call=valid(OpenHands, room_uuid=access.room.room_uuid, state=int(opened)),
        confirmed_by=_process("handsUp", "enabled", value=int(opened)),
    )
    return runner.run(access, command)


def _process(name: str, part: str, **wanted: Any) -> Confirms:
    return Confirms(event=EventKind.ROOM_PROPERTIES, match={"path": ["processes", name, part], **wanted})
