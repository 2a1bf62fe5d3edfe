"""What was asked for and has now happened: events confirm the commands that wait for them.

`audit.Expectation` lists what `match` may hold for each kind of event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from classroom_admin.audit.models import Expectation, Step
from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.rooms.models import Room
from classroom_admin.sync.decode import Event, Stream
from classroom_admin.sync.decode.kinds import (
    Change,
    ClassState,
    Movement,
    RecordingChange,
    Resources,
    RoomProperties,
    UserProperties,
)

Match = Mapping[str, Any]
WAITED_FOR: Final = timedelta(days=1)
"""An event comes within seconds, or by the last sweep of its room."""


def waiting(rooms: Iterable[Room]) -> dict[str, list[Expectation]]:
    """The commands that wait for an event, by the room's uuid; rooms for which none waits are left out."""
    found: dict[str, list[Expectation]] = {}
    for chunk in chunks(room.room_uuid for room in rooms):
        expected = Expectation.objects.filter(room_uuid__in=chunk)
        for expectation in expected.select_related("entry").order_by("id"):
            found.setdefault(expectation.room_uuid, []).append(expectation)
    return found


def confirm(expected: list[Expectation], events: Iterable[Event]) -> int:
    """Confirm the commands that one of these events shows to have happened; takes them out of `expected`.

    Call it in the transaction that folds the events. Whoever deletes the expectation writes the step:
    only once.
    """
    if not expected:
        return 0
    confirmed = 0
    for event in events:
        for expectation in [each for each in expected if shows(event, each)]:
            expected.remove(expectation)
            deleted, _by_model = Expectation.objects.filter(pk=expectation.pk).delete()
            if deleted:
                took = clock.now() - expectation.entry.at
                Step.objects.create(
                    entry=expectation.entry,
                    kind=Step.Kind.CONFIRMED,
                    room_uuid=expectation.room_uuid,
                    detail={"sequence": event.sequence, "took_ms": max(0, int(took.total_seconds() * 1000))},
                    at=clock.now(),
                )
                confirmed += 1
    return confirmed


def forget_old() -> int:
    """Stop waiting for events that did not come in a day; the record keeps what was last known of them."""
    old = Expectation.objects.filter(created_at__lt=clock.now() - WAITED_FOR)
    forgotten, _by_model = old.delete()
    return forgotten


def shows(event: Event, expectation: Expectation) -> bool:
    """Whether this event is the one that the command waits for. Pure."""
    if event.stream != Stream.ROOM or event.cmd not in ALSO.get(expectation.cmd, (expectation.cmd,)):
        return False
    matches = MATCHES.get(expectation.cmd)
    return (
        matches is not None
        and event.sequence > expectation.since_sequence
        and matches(event.data, expectation.match)
    )


def _class_state(data: object, match: Match) -> bool:
    return isinstance(data, ClassState) and data.state == match.get("state")


def _movement(data: object, match: Match) -> bool:
    return isinstance(data, Movement) and any(
        gone.person.user_uuid == match.get("offline") for gone in data.departures
    )


def _recording(data: object, match: Match) -> bool:
    return isinstance(data, RecordingChange) and data.running == (match.get("state") == 1)


def _resources(data: object, match: Match) -> bool:
    return (
        isinstance(data, Resources)
        and data.removed == (match.get("action") == 2)
        and set(match.get("resource_uuids", ())) <= {each.resource_uuid for each in data.resources}
    )


def _room_properties(data: object, match: Match) -> bool:
    if not isinstance(data, RoomProperties):
        return False
    if match.get("groups"):
        return any(change.path[:1] == ("groups",) for change in data.changes)
    under = ("extApps", str(match["ext_app"])) if "ext_app" in match else ()
    return _names_changed(data.changes, match, under=under)


def _user_properties(data: object, match: Match) -> bool:
    if not isinstance(data, UserProperties):
        return False
    return any(
        person.user_uuid == match.get("user_uuid") and _names_changed(changes, match)
        for person, changes in data.changes
    )


def _names_changed(changes: Iterable[Change], match: Match, *, under: tuple[str, ...] = ()) -> bool:
    """Whether all `property_names` are among the changes; a dotted name counts by its first part."""
    changed: set[str] = set()
    for change in changes:
        changed |= _names(change, under)
    return {str(name).split(".")[0] for name in match.get("property_names", ())} <= changed


def _names(change: Change, under: tuple[str, ...]) -> set[str]:
    """The names right below `under` that a change sets or deletes."""
    shared = min(len(change.path), len(under))
    if change.path[:shared] != under[:shared]:
        return set()
    if len(change.path) > len(under):
        return {change.path[len(under)]}
    value = change.value
    for name in under[shared:]:
        value = value.get(name) if isinstance(value, Mapping) else None
    return set(value) if isinstance(value, Mapping) else set()


ALSO: Final = {4: (4, 5), 22: (22, 23)}
"""The batch kinds that carry the same."""
MATCHES: Final[dict[int, Callable[[object, Match], bool]]] = {
    1: _class_state,
    4: _room_properties,
    20: _movement,
    22: _user_properties,
    1001: _recording,
    1003: _resources,
}
