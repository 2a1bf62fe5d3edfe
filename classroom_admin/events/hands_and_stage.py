"""Decode and project the people on stage (cmd 1501) and raised hands (cmd 1502).

An event names the people who were added and removed, and may contain the full list. All three lists are
applied. The full list may still contain people who have left the class: ignore them, unless the event also
names them as added.

The property `processes` contains full lists, too: raised hands in `waveArm.progress`, and the people on stage
in `accepted` of any process. Invitations to the stage are in `handsUp.progress` and change no row.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from classroom_admin.events.event import Event, EventKind, EventType, Match
from classroom_admin.events.people import Person, gone, participant, touch
from classroom_admin.events.property_changes import (
    ANY,
    Applied,
    Change,
    PropertyTopic,
    touches,
    values_at,
)
from classroom_admin.events.rows import Needs, ParticipantRow, Rows
from classroom_admin.events.sentences import Names, Sentence
from classroom_admin.events.times import EventTime
from classroom_admin.events.values import Json, Raw, Undecodable, each, identifier

ROOT: Final = "processes"
HANDS: Final = (ROOT, "waveArm", "progress")
INVITED: Final = (ROOT, "handsUp", "progress")
STAGE: Final = (ROOT, ANY, "accepted")


@dataclass(slots=True)
class ListChange:
    """Changes to a list of people. `all` is the full list, or None if the event does not contain it."""

    all: list[str] | None
    added: list[str]
    removed: list[str]


def decode(data: Raw, odd: list[str], *, users: str) -> ListChange:
    """Decode the full list, the added people and the removed people.

    `users` is the common part of the fields' names, for example in `addUsers` and `removeUsers`.
    """
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
    """Set whether a person is on stage. Update the person's last time on stage and the room's counter."""
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
    """Raise a person's hand at the time `at`. If `at` is None, lower it.

    If the hand is already raised, its time stays.
    """
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
    changed = _change_stage(event.data, rows, time)
    event.repeats = not changed and _lists(rows, "accepted")


def apply_hands(event: Event[ListChange], time: EventTime, rows: Rows) -> None:
    changed = _change_hands(event.data, rows, time)
    event.repeats = not changed and _lists(rows, "progress")


def _lists(rows: Rows, name: str) -> bool:
    """Return whether the room's property `processes` has lists with this name."""
    processes = rows.room.properties.get(ROOT)
    return isinstance(processes, dict) and any(
        isinstance(process, dict) and name in process for process in processes.values()
    )


def _change_stage(data: ListChange, rows: Rows, time: EventTime) -> bool:
    before = set(rows.staged)
    _apply(data, rows, before, lambda row, up: set_stage(rows, row, up, time.at))
    return before != rows.staged


def _change_hands(data: ListChange, rows: Rows, time: EventTime) -> bool:
    before = set(rows.hands)
    _apply(data, rows, before, lambda row, up: set_hand(rows, row, time.at if up else None))
    return before != rows.hands


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
    """Return the people to add and the people to remove.

    The dict of people to add has True for those named as added, and False for those only in the full list.
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


def needs_lists(changes: list[Change], sequence: int, needed: Needs) -> None:
    for path in (HANDS, STAGE):
        if any(touches(change, *path) for change in changes):
            needed.participants.update(_ids_at(changes, path))
            needed.hands = needed.hands or path is HANDS
            needed.on_stage = needed.on_stage or path is STAGE


def follow_lists(applied: Applied) -> bool | None:
    """Apply the lists in a property change. Return whether a person changed, or None if there is no list.

    Only people in the event are added. Others in a stored list may have left, and their rows may not be
    loaded. People who are in no stored list are removed.
    """
    rows, changes = applied.rows, applied.changes
    news: list[bool] = []
    stored = Change((ROOT,), rows.room.properties.get(ROOT))
    for path, up, change in ((HANDS, rows.hands, _change_hands), (STAGE, rows.staged, _change_stage)):
        if any(touches(one, *path) for one in changes):
            listed = _ids_at([stored], path)
            named = [user for user in _ids_at(changes, path) if user in listed]
            full = list(dict.fromkeys([*named, *sorted(up & set(listed))]))
            news.append(change(ListChange(full, [], []), rows, applied.time))
    return any(news) if news else None


def _ids_at(changes: Iterable[Change], path: tuple[str, ...]) -> list[str]:
    """Return the user ids in the lists at `path`. An item is an id, or an object with `userUuid`."""
    found: dict[str, None] = {}
    for change in changes:
        for value in values_at(change, *path):
            found |= dict.fromkeys(_ids_in(value))
    return list(found)


def _ids_in(value: Json) -> list[str]:
    if isinstance(value, Mapping):
        value = [value] if "userUuid" in value else [{"userUuid": key} for key in value]
    items = value if isinstance(value, list) else ()
    ids = (item.get("userUuid") if isinstance(item, Mapping) else item for item in items)
    return [read for one in ids if (read := _id(one))]


def _id(value: Json) -> str | None:
    try:
        return identifier(value)
    except Undecodable:
        return None


def lists_sentence(name: str, value: Json, names: Names) -> str:
    """Return a sentence that names the people in the lists, or "" if there is no list."""
    for path, some, none in (
        (HANDS, _("Raised hands: %(names)s"), _("No hands are raised")),
        (STAGE, _("On stage: %(names)s"), _("No one is on stage")),
        (INVITED, _("Invited to the stage: %(names)s"), _("No one is invited to the stage")),
    ):
        change = Change((ROOT,), value)
        if values_at(change, *path):
            people = [Person(user) for user in _ids_at([change], path)]
            return some % {"names": names.whom(people)} if people else none
    return ""


def stage_sentence(data: ListChange, names: Names) -> Sentence:
    if data.added:
        words = ngettext("%(who)s went on stage", "%(who)s went on stage", len(data.added))
        return "presentation", words % {"who": names.several(data.added)}
    if data.removed:
        words = ngettext("%(who)s left the stage", "%(who)s left the stage", len(data.removed))
        return "presentation", words % {"who": names.several(data.removed)}
    return "presentation", _("The stage changed")


def quiet_stage(data: ListChange, names: Names) -> Sentence:
    return "presentation", _("The stage changed")


def quiet_hands(data: ListChange, names: Names) -> Sentence:
    return "hand", _("Raised hands changed")


def hands_sentence(data: ListChange, names: Names) -> Sentence:
    if data.added:
        words = ngettext("%(who)s raised a hand", "%(who)s raised their hands", len(data.added))
        return "hand", words % {"who": names.several(data.added)}
    if data.removed:
        words = ngettext("%(who)s lowered their hand", "%(who)s lowered their hands", len(data.removed))
        return "hand", words % {"who": names.several(data.removed)}
    return "hand", _("Raised hands changed")


def confirms(data: ListChange, match: Match) -> bool:
    """Return whether the event adds a person to the list, or shows that they are not in it.

    `match` is {"user_uuid": id, "up": bool}. If "up" is False and the id is empty, the list must be empty.
    """
    user_uuid = match.get("user_uuid")
    if match.get("up"):
        return user_uuid in data.added or user_uuid in (data.all or ())
    if not user_uuid:
        return data.all == []
    return user_uuid in data.removed or (data.all is not None and user_uuid not in data.all)


PROPERTIES = (
    PropertyTopic(
        root=ROOT,
        open_levels=2,
        label=gettext_lazy("rules for raised hands and the stage"),
        sentence=lists_sentence,
        icon="hand",
        follow=follow_lists,
        needs=needs_lists,
    ),
)
TYPES = (
    EventType(
        kinds=(EventKind.HANDS,),
        decode=partial(decode, users="ProgressUsers"),
        needs=needs_hands,
        apply=apply_hands,
        sentence=hands_sentence,
        quiet=quiet_hands,
        name="hands",
        label=gettext_lazy("Raised hands"),
        confirms=confirms,
        mark=lambda data: "hand" if data.added else "",
    ),
    EventType(
        kinds=(EventKind.STAGE,),
        decode=partial(decode, users="AcceptedUsers"),
        needs=needs_stage,
        apply=apply_stage,
        sentence=stage_sentence,
        quiet=quiet_stage,
        name="stage",
        label=gettext_lazy("Stage"),
        confirms=confirms,
    ),
)
