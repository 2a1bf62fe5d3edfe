"""Run commands against the cloud: authorise, record, send, record the outcome.

1. The call to the cloud is checked when it is made: ``valid`` names the wrong field (``ActionRefused``).
2. ``authorise``: the room must be this person's, else ``NotYours``.
3. The idempotency key is stored, and with it in one commit the entry, *requested* and the event that will
   confirm the command. A second press of the same button finds the key and gets the entry of the first.
4. The cloud is called outside of any transaction.
5. *accepted* is recorded, or *failed* with the cloud's reason. A time-out is a *failed* with unknown outcome:
   the event may still confirm the command.
6. Where no event confirms the command, the cloud is read once.

A crash leaves the *requested* of step 3, and an idempotency key that expires by itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, ParamSpec, TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from classroom_admin.accounts.models import User
from classroom_admin.actions import refusals
from classroom_admin.actions.errors import ActionRefused, NotYours
from classroom_admin.agora import client_for
from classroom_admin.agora.call import CloudCall
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError, InvalidArgument
from classroom_admin.audit.models import Claim, Entry, PendingConfirmation, Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem
from classroom_admin.events import EventKind
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.models import Room

COMMAND_S: Final = 15.0
"""Deadline of a command, for which a person waits: all hosts, retries and waits together."""
READ_S: Final = 5.0
"""Deadline of a read."""
KEY_LEASE: Final = timedelta(seconds=60)
"""Longer than a call may take: the key that a crash leaves behind expires after it."""
_KEY_KEPT: Final = timedelta(seconds=2)  # for a second click after the first command has ended
_KEY_KEPT_AFTER_REFUSAL: Final = timedelta(milliseconds=500)  # nothing was done: a retry is meant
_ATTEMPTS: Final = 5

Detail = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirms:
    """The event that confirms a command and what it must carry, as in ``audit.PendingConfirmation``."""

    event: EventKind
    match: dict[str, Any]

    @property
    def cmd(self) -> int:
        assert self.event.cmd is not None, "events of quizzes and polls confirm nothing"
        return self.event.cmd


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command, ready to be run.

    ``call`` was checked when it was made. ``facts`` picks what to record from its answer (a recording's id).
    ``already_done``: errors that prove an earlier attempt succeeded; ``facts`` gets None then.

    The command is confirmed by the event ``confirmed_by`` or by ``read_back``, which reads the cloud and
    returns what it saw, or None while nothing shows yet. With neither, *accepted* is final.
    ``shows_by_itself``: whether what ``read_back`` saw proves the command even where its answer was lost.

    ``same_as`` is what makes a second press the same command (by default target and params): without ids and
    seconds that each press makes anew. It is hashed, never stored, so it may hold what ``params`` must not.
    """

    action: str
    room_uuid: str
    call: CloudCall[Any]
    facts: Callable[[Any], Detail | None] | None = None
    already_done: tuple[type[CloudError], ...] = ()
    target: str = ""
    target_name: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    same_as: Mapping[str, Any] | None = None
    confirmed_by: Confirms | None = None
    read_back: Callable[[Client], Detail | None] | None = None
    shows_by_itself: bool = True


def run(*, actor: User, room: Room | None, command: Command) -> Entry:
    """Run a command and return its entry; ``entry.steps`` tell how it went.

    ``room`` is None only for a command that creates a room. Raises ``NotYours`` and ``ActionRefused``; a
    refusal by the cloud is no exception but a *failed* step.
    """
    authorise(actor, room)
    cloud = client()
    entry, is_ours = _start(actor=actor, room=room, command=command)
    if is_ours:
        _send(entry, command=command, cloud=cloud)
        _expire_key(entry)
    return entry


def authorise(actor: User, room: Room | None) -> None:
    """Raise ``NotYours`` unless ``actor`` may act on ``room``: teachers on theirs, administrators on all."""
    if not actor.is_active or (room is not None and not visible_rooms(actor).filter(pk=room.pk).exists()):
        raise NotYours


def client() -> Client:
    """Return the client of the configured project (thread-safe, connections pooled).

    Raises ``ActionRefused`` where the connection is not set up.
    """
    problems = settings.AGORA.problems()
    if problems:
        raise ActionRefused(Problem("connection_not_set_up", {"problems": problems}))
    return client_for(settings.AGORA)


def valid(call: Callable[P, T], *args: P.args, **parameters: P.kwargs) -> T:
    """Make a call to the cloud; nothing is sent. ``ActionRefused`` names the wrong field."""
    try:
        return call(*args, **parameters)
    except InvalidArgument as error:
        wrong = Problem("argument", {"field": error.field, "problem": error.problem})
        raise ActionRefused(wrong, field=error.field) from error


# --- the idempotency key ------------------------------------------------------------------------------------


def _start(*, actor: User, room: Room | None, command: Command) -> tuple[Entry, bool]:
    """Store the key and the record in one commit. Return the entry and whether it is ours to send: False
    where another press, in any process, was first.
    """
    key = _key(actor=actor, room=room, command=command)
    for attempt in range(_ATTEMPTS):
        try:
            with transaction.atomic(durable=True):
                now = clock.now()
                valid = Claim.objects.filter(dedupe_key=key, expires_at__gt=now)
                first = valid.select_related("entry").first()
                return (first.entry, False) if first else (_store(key, actor=actor, command=command), True)
        except IntegrityError:
            # Another press was quicker; its key is committed now, or has expired again.
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("the loop above returns or raises")


def _key(*, actor: User, room: Room | None, command: Command) -> str:
    """Return what two presses of one button have in common, hashed."""
    same = command.same_as
    if same is None:
        same = {"target": command.target, "params": dict(command.params)}
    parts = [actor.pk, command.action, room.room_uuid if room else "", dict(same)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _store(key: str, *, actor: User, command: Command) -> Entry:
    now = clock.now()
    Claim.objects.filter(dedupe_key=key, expires_at__lte=now).delete()
    entry = record(
        actor=actor,
        action=command.action,
        room_uuid=command.room_uuid,
        target=command.target,
        target_name=command.target_name,
        params=command.params,
    )
    Claim.objects.create(dedupe_key=key, entry=entry, expires_at=now + KEY_LEASE)
    add_step(entry, Step.Kind.REQUESTED)
    if command.confirmed_by is not None:
        known = Room.objects.filter(room_uuid=command.room_uuid)
        PendingConfirmation.objects.create(
            entry=entry,
            room_uuid=command.room_uuid,
            cmd=command.confirmed_by.cmd,
            match=command.confirmed_by.match,
            since_sequence=known.values_list("last_sequence", flat=True).first() or 0,
            created_at=now,
        )
    _delete_ended_keys(key, room_uuid=command.room_uuid)
    return entry


def _delete_ended_keys(key: str, *, room_uuid: str) -> None:
    """Delete expired keys and those of ended commands of this room: pause, resume, pause are three."""
    now = clock.now()
    ended = Q(entry__room_uuid=room_uuid, expires_at__lte=now + _KEY_KEPT)
    stale = (
        Claim.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(Q(expires_at__lte=now) | ended)
        .exclude(dedupe_key=key)
    )
    Claim.objects.filter(pk__in=[claim.pk for claim in stale]).delete()


def _expire_key(entry: Entry) -> None:
    """Keep the key of an ended command only for as long as a second click may take."""
    last = entry.steps.values_list("kind", "detail").last()
    refused = last is not None and last[0] == Step.Kind.FAILED and not last[1].get("unknown_outcome")
    kept = _KEY_KEPT_AFTER_REFUSAL if refused else _KEY_KEPT
    Claim.objects.filter(entry=entry).update(expires_at=clock.now() + kept)


# --- sending, and the outcome -------------------------------------------------------------------------------
# The event that confirms a command may be projected before the cloud's answer is read. The row of the pending
# confirmation is the mutex: the transaction that deletes it confirms. Once it is gone, *confirmed* is on
# record, and neither *accepted* nor a time-out may be recorded after it.


def _send(entry: Entry, *, command: Command, cloud: Client) -> None:
    """Call the cloud once and record the outcome."""
    try:
        answer = cloud.send(command.call, deadline_s=COMMAND_S)
    except command.already_done:
        answer = None
    except CloudError as error:
        _record_failed(entry, command=command, error=error)
        if refusals.outcome_is_unknown(error) and command.shows_by_itself:
            _read_back(entry, command=command, cloud=cloud)
        return
    detail = command.facts(answer) if command.facts is not None else None
    _record_accepted(entry, command=command, detail=detail)
    _read_back(entry, command=command, cloud=cloud)


def _read_back(entry: Entry, *, command: Command, cloud: Client) -> None:
    """Read the cloud where no event confirms. What can't be seen now stays *accepted* (or unknown)."""
    if command.read_back is None:
        return
    try:
        seen = command.read_back(cloud)
    except CloudError:
        return
    if seen is not None:
        record_confirmed(entry, detail=seen)


def _record_accepted(entry: Entry, *, command: Command, detail: Detail | None) -> None:
    """Record *accepted*, unless the event was quicker. ``final``: no *confirmed* will follow."""
    facts = dict(detail or {})
    if command.confirmed_by is None and command.read_back is None:
        facts["final"] = True
    with transaction.atomic():
        if command.confirmed_by is None or _lock(entry):
            add_step(entry, Step.Kind.ACCEPTED, facts)


def _record_failed(entry: Entry, *, command: Command, error: CloudError) -> None:
    """Record *failed* with the cloud's reason and a problem for people.

    Where the outcome is unknown the pending confirmation stays: an event may still confirm the command.
    """
    unknown = refusals.outcome_is_unknown(error)
    with transaction.atomic():
        waiting = _lock(entry)
        if unknown and command.confirmed_by is not None and not waiting:
            return
        if not unknown:
            PendingConfirmation.objects.filter(entry=entry).delete()
        add_step(entry, Step.Kind.FAILED, refusals.detail_of(error, action=command.action))


def record_confirmed(entry: Entry, *, detail: Detail) -> None:
    """Record *confirmed* by a read of the cloud, unless it is confirmed already."""
    with transaction.atomic():
        deleted, _ = PendingConfirmation.objects.filter(entry=entry).delete()
        if deleted or not entry.steps.filter(kind=Step.Kind.CONFIRMED).exists():
            add_step(entry, Step.Kind.CONFIRMED, {"read_back": detail})


def _lock(entry: Entry) -> bool:
    """Whether the command still waits for its event; if so, nobody else confirms it before we commit."""
    return PendingConfirmation.objects.select_for_update().filter(entry=entry).first() is not None
