"""Decode and project the rewards that people get (cmd 1101)."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events.event import Event, EventKind, EventType, Match
from classroom_admin.events.people import Person, participant, touch
from classroom_admin.events.rows import Rows
from classroom_admin.events.sentences import Names, Sentence
from classroom_admin.events.times import EventTime
from classroom_admin.events.values import SMALL, Raw, each, identifier, whole


@dataclass(slots=True)
class Reward:
    user_uuid: str
    changed: int | None = None
    total: int | None = None


@dataclass(slots=True)
class Rewards:
    rewards: list[Reward]


def decode(data: Raw, odd: list[str]) -> Rewards:
    return Rewards(each(data.get("rewardDetails"), _reward, odd, "rewardDetails"))


def _reward(raw: Raw) -> Reward | None:
    user_uuid = identifier(raw.get("userUuid"))
    if user_uuid is None:
        return None
    total = whole(raw.get("total"), SMALL)
    if total is None:
        total = whole(raw.get("totalReward"), SMALL)
    changed = whole(raw.get("changedReward"), SMALL)
    if changed is None:
        changed = whole(raw.get("changeReward"), SMALL)
    return Reward(user_uuid, changed, total)


def apply(event: Event[Rewards], time: EventTime, rows: Rows) -> None:
    """Set each person's total of rewards. If the event has no total, add its change to the stored total."""
    for reward in event.data.rewards:
        row = participant(rows, reward.user_uuid)
        total = row.rewards + (reward.changed or 0) if reward.total is None else reward.total
        total = max(-SMALL, min(SMALL, total))
        if total != row.rewards:
            row.rewards = total
            touch(rows, row)


def sentence(data: Rewards, names: Names) -> Sentence:
    people = [Person(reward.user_uuid) for reward in data.rewards]
    return "award", (
        _("%(who)s got a reward") % {"who": names.whom(people)} if people else _("Rewards were given")
    )


def confirms(data: Rewards, match: Match) -> bool:
    """Return whether the event names all people in `match`. `match` is {"user_uuids": [..]}."""
    return set(match.get("user_uuids") or ("",)) <= {reward.user_uuid for reward in data.rewards}


TYPES = (
    EventType(
        kinds=(EventKind.REWARDS,),
        decode=decode,
        needs=lambda event, needed: needed.participants.update(
            reward.user_uuid for reward in event.data.rewards
        ),
        apply=apply,
        sentence=sentence,
        name="rewards",
        label=gettext_lazy("Rewards"),
        confirms=confirms,
    ),
)
