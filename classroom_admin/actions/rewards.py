"""Commands that give rewards."""

from collections.abc import Sequence
from typing import Final

from classroom_admin.actions import runner
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.runner import Command, Confirms, valid
from classroom_admin.actions.targets import require_in_class
from classroom_admin.agora.classroom_calls import GiveRewards
from classroom_admin.audit.models import Entry
from classroom_admin.common.problems import Problem
from classroom_admin.events import EventKind
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Participant

MOST_AT_ONCE: Final = 10


def give_rewards(access: ClassAccess, *, participants: Sequence[Participant], count: int = 1) -> Entry:
    """Give each person ``count`` rewards (1 to 10). Event 1101 confirms the command.

    The cloud may report several people in one event or in one each, so the last person's event is enough.
    Raise ``ActionRefused`` if there are no people, if a person is not in the class, or if ``count`` is out of
    range.
    """
    if not participants:
        raise ActionRefused(Problem("nobody_to_change"))
    if not 1 <= count <= MOST_AT_ONCE:
        raise ActionRefused(Problem("reward_count_wrong", {"most": MOST_AT_ONCE}), field="changeReward")
    for participant in participants:
        require_in_class(access, participant)
    user_uuids = list(dict.fromkeys(participant.user_uuid for participant in participants))
    one = participants[0] if len(user_uuids) == 1 else None
    command = Command(
        action="participant.reward" if one else "rewards.give",
        target=one.user_uuid if one else "",
        target_name=one.name if one else access.room.name,
        params={"count": count, **({} if one else {"people": len(user_uuids)})},
        same_as={"count": count, "people": user_uuids},
        call=valid(
            GiveRewards,
            room_uuid=access.room.room_uuid,
            reward_details=[{"userUuid": user_uuid, "changeReward": count} for user_uuid in user_uuids],
        ),
        confirmed_by=Confirms(event=EventKind.REWARDS, match={"user_uuids": user_uuids[-1:]}),
    )
    return runner.run(access, command)
