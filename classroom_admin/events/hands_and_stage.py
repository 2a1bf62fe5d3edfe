"""Decode and project the people on stage (cmd 1501) and raised hands (cmd 1502).

An event names the people who were added and removed, and may contain the full list. All three lists are
applied. The full list may still contain people who have left the class: ignore them, unless the event also
names them as added.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events.event import Event, EventKind, EventType
from classroom_admin.events.people import gone, participant, touch
from classroom_admin.events.rows import Needs, ParticipantRow, Rows
from classroom_admin.events.sentences import Names, Sentence
from classroom_admin.events.times import EventTime
from classroom_admin.events.values import Raw, each, identifier


@dataclass(slots=True)
class ListChange:
    """The people whom an event names. `all` is the full list, or None if the event does not contain it."""

    all: list[str] | None
    added: list[str]
    removed: list[str]


def decode(data: Raw, odd: list[str], *, users: str) -> ListChange:
    """Decode the three lists. `users` is the last part of their fields' names, after `add` and `remove`."""
    name = users[0].lower() + users[1:]
    full = data.get(name)
    return ListChange(
        _ids(full, odd, name) if isinstance(full, list) else None,
        _ids(data.get(f"add{users}"), odd, f"add{users}"),
        _ids(data.get(f"remove{users}"), odd, f"remove{users}"),
    )


def _ids(value: object, odd: list[str], what: str) -> list[str]:
    if isinstance(value, list):
        value = [{"userUuid": item} if isinstance(item, str) else item for item in value]
    return each(value, lambda raw: identifier(raw.get("userUuid")), odd, what)


def set_stage(rows: Rows, row: ParticipantRow, on_stage: bool, at: datetime) -> None:
    """Put a person on or off the stage. Update the person's last time on stage and the room's counter."""
    if row.on_stage == on_stage:
        return
    row.on_stage = on_stage
    if row.last_on_stage_at is None or at > row.last_on_stage_at:
        row.last_on_stage_at = at
    if on_stage:
        rows.staged.add(row.user_uuid)
    else:
        rows.staged.discard(row.user_uuid)
    rows.room.on_stage += 1 if on_stage else -1
    touch(rows, row)


def set_hand(rows: Rows, row: ParticipantRow, at: datetime | None) -> None:
    """Raise a person's hand at the time `at`, or lower it if `at` is None. Keep the time of a raised hand."""
    if row.hand_raised == (at is not None):
        return
    row.hand_raised = at is not None
    row.hand_raised_at = at
    if at is not None:
        rows.hands.add(row.user_uuid)
    else:
        rows.hands.discard(row.user_uuid)
    rows.room.hands_raised += 1 if at is not None else -1
    touch(rows, row)


def needs_stage(event: Event[ListChange], needed: Needs) -> None:
    needed.participants.update(event.data.all or (), event.data.added, event.data.removed)
    needed.on_stage = needed.on_stage or event.data.all is not None


def needs_hands(event: Event[ListChange], needed: Needs) -> None:
    needed.participants.update(event.data.all or (), event.data.added, event.data.removed)
    needed.hands = needed.hands or event.data.all is not None


def apply_stage(event: Event[ListChange], time: EventTime, rows: Rows) -> None:
    _apply(event.data, rows, rows.staged, lambda row, up: set_stage(rows, row, up, time.at))


def apply_hands(event: Event[ListChange], time: EventTime, rows: Rows) -> None:
    _apply(event.data, rows, rows.hands, lambda row, up: set_hand(rows, row, time.at if up else None))


def _apply(
    data: ListChange, rows: Rows, before: set[str], put: Callable[[ParticipantRow, bool], None]
) -> None:
    up, down = _moves(data, before)
    for user in down:
        if user in rows.participants:
            put(rows.participants[user], False)
    for user, named in up.items():
        row = participant(rows, user)
        if named or not gone(row):
            put(row, True)


def _moves(data: ListChange, before: set[str]) -> tuple[dict[str, bool], list[str]]:
    """Return the people to add, and the people to remove.

    The value of a person to add is True if the event names them as added, and False if only the full list
    does.
    """
    added, removed = set(data.added), set(data.removed)
    listed = set() if data.all is None else set(data.all)
    up = dict.fromkeys((user for user in data.all or () if user not in removed), False)
    # If the event names a person as both added and removed, the full list decides.
    up |= dict.fromkeys((user for user in data.added if user not in removed or user in listed), True)
    down = [user for user in data.removed if user not in up]
    if data.all is not None:
        down += sorted(before - listed - added)
    return up, down


def stage_sentence(data: ListChange, names: Names) -> Sentence:
    if data.added:
        return "presentation", names.several(data.added, _("went on stage"), _("went on stage"))
    words = names.several(data.removed, _("left the stage"), _("left the stage"))
    return "presentation", words if data.removed else _("The stage changed")


def hands_sentence(data: ListChange, names: Names) -> Sentence:
    if data.added:
        return "hand", names.several(data.added, _("raised a hand"), _("raised their hands"))
    words = names.several(data.removed, _("lowered their hand"), _("lowered their hands"))
    return "hand", words if data.removed else _("Raised hands changed")


TYPES = (
    EventType(
        kinds=(EventKind.HANDS,),
        decode=partial(decode, users="ProgressUsers"),
        needs=needs_hands,
        apply=apply_hands,
        sentence=hands_sentence,
        name="hands",
        label=gettext_lazy("Raised hands"),
        mark=lambda data: "hand" if data.added else "",
    ),
    EventType(
        kinds=(EventKind.STAGE,),
        decode=partial(decode, users="AcceptedUsers"),
        needs=needs_stage,
        apply=apply_stage,
        sentence=stage_sentence,
        name="stage",
        label=gettext_lazy("Stage"),
    ),
)
