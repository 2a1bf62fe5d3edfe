"""Run commands against the cloud: record, send, record the outcome.

1. ``valid`` builds the call and checks its arguments. Its ``ActionRefused`` names the invalid field.
2. ``run`` takes the person's ``ClassAccess``, which proves that the permission was checked.
3. One commit stores the idempotency key, the entry, the step *requested* and the pending confirmation. A
   second press of the same button finds the key and gets the entry of the first press.
4. The cloud is called outside of any transaction.
5. *accepted* is recorded, or *failed* with the cloud's reason. After a time-out, *failed* has an unknown
   outcome: the event may still confirm the command.
6. If the command has a ``read_back``, the cloud is read once to confirm it.

A crash after step 3 leaves *requested* and an idempotency key that expires after ``KEY_LEASE``.
"""

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
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.agora import client_for
from classroom_admin.agora.call import CloudCall
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError, InvalidArgument
from classroom_admin.audit.models import Claim, Entry, PendingConfirmation, Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem
from classroom_admin.events import EventKind
from classroom_admin.rooms.access import ClassAccess, NotYours
from classroom_admin.rooms.models import Room

COMMAND_S: Final = 15.0
"""The deadline of a command (s), including all retries and waits. A person waits for the outcome."""
READ_S: Final = 5.0
"""The deadline of a read (s)."""
KEY_LEASE: Final = timedelta(seconds=60)
"""How long a key stays valid if a crash leaves it behind. This is longer than a call may take."""
_KEY_KEPT: Final = timedelta(seconds=2)  # a second click may come after the first command has ended
_KEY_KEPT_AFTER_REFUSAL: Final = timedelta(milliseconds=500)  # a later press is a retry
_ATTEMPTS: Final = 5

Detail = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirms:
    """The event that confirms a command and the values it must carry, as in ``audit.PendingConfirmation``."""

    event: EventKind
    match: dict[str, Any]

    @property
    def cmd(self) -> int:
        assert self.event.cmd is not None, "events of quizzes and polls confirm nothing"
        return self.event.cmd


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command, ready to run.

    ``call`` is already valid. ``facts`` returns what to record from the cloud's response (a recording's id).
    ``already_done`` has errors that prove that an earlier attempt succeeded; ``facts`` then gets None.

    The event ``confirmed_by`` or the function ``read_back`` confirms the command. ``read_back`` reads the
    cloud and returns what to record, or None if no effect is visible yet. Without both, *accepted* is final.
    ``shows_by_itself`` is True if ``read_back`` proves the command even without the cloud's response.

    Two presses with an equal ``same_as`` (default: target and params) are the same command. Leave out ids and
    times that differ with each press. Only a hash of ``same_as`` is stored, so it may contain secrets.
    """

    action: str
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


def run(access: ClassAccess, command: Command) -> Entry:
    """Run a command in a class and return its audit entry; ``entry.steps`` hold the outcome.

    Raise ``ActionRefused`` if the connection is not set up. If the cloud refuses, raise nothing, but record a
    *failed* step.
    """
    room_uuid = access.room.room_uuid
    return _run(access.person, command, room_uuid=room_uuid, same_room=room_uuid)


def create(person: User, command: Command, *, room_uuid: str) -> Entry:
    """Run a command that creates the room ``room_uuid``, as ``run`` does.

    Two presses may have different room ids. They are the same command if ``command.same_as`` is equal. Raise
    ``NotYours`` if ``person`` is deactivated.
    """
    if not person.is_active:
        raise NotYours
    return _run(person, command, room_uuid=room_uuid, same_room="")


def _run(person: User, command: Command, *, room_uuid: str, same_room: str) -> Entry:
    cloud = client()
    key = _key(person, command, same_room)
    entry, is_ours = _start(key, person, command, room_uuid)
    if is_ours:
        _send(entry, command=command, cloud=cloud)
        _expire_key(entry)
    return entry


def client() -> Client:
    """Return the client of the configured project. It is thread-safe and pools its connections.

    Raise ``ActionRefused`` if the connection is not set up.
    """
    problems = settings.AGORA.problems()
    if problems:
        raise ActionRefused(Problem("connection_not_set_up", {"problems": problems}))
    return client_for(settings.AGORA)


def valid(call: Callable[P, T], *args: P.args, **parameters: P.kwargs) -> T:
    """Build a call to the cloud without sending it. Raise ``ActionRefused`` if a field is invalid."""
    try:
        return call(*args, **parameters)
    except InvalidArgument as error:
        wrong = Problem("argument", {"field": error.field, "problem": error.problem})
        raise ActionRefused(wrong, field=error.field) from error


# --- the idempotency key ------------------------------------------------------------------------------------


def _start(key: str, person: User, command: Command, room_uuid: str) -> tuple[Entry, bool]:
    """Store the key and the entry in one commit.

    Return the entry and whether to send the command: False if an earlier press, in any process, sends it.
    """
    for attempt in range(_ATTEMPTS):
        try:
            with transaction.atomic(durable=True):
                now = clock.now()
                valid = Claim.objects.filter(dedupe_key=key, expires_at__gt=now)
                first = valid.select_related("entry").first()
                return (first.entry, False) if first else (_store(key, person, command, room_uuid), True)
        except IntegrityError:
            # Another press stored the key first. The key is committed now or has already expired.
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("the loop above returns or raises")


def _key(person: User, command: Command, same_room: str) -> str:
    """Return the idempotency key, a hash that is the same for two presses of one button."""
    same = command.same_as
    if same is None:
        same = {"target": command.target, "params": dict(command.params)}
    parts = [person.pk, command.action, same_room, dict(same)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _store(key: str, person: User, command: Command, room_uuid: str) -> Entry:
    now = clock.now()
    Claim.objects.filter(dedupe_key=key, expires_at__lte=now).delete()
    entry = record(
        actor=person,
        action=command.action,
        room_uuid=room_uuid,
        target=command.target,
        target_name=command.target_name,
        params=command.params,
    )
    Claim.objects.create(dedupe_key=key, entry=entry, expires_at=now + KEY_LEASE)
    add_step(entry, Step.Kind.REQUESTED)
    if command.confirmed_by is not None:
        known = Room.objects.filter(room_uuid=room_uuid)
        PendingConfirmation.objects.create(
            entry=entry,
            room_uuid=room_uuid,
            cmd=command.confirmed_by.cmd,
            match=command.confirmed_by.match,
            since_sequence=known.values_list("last_sequence", flat=True).first() or 0,
            created_at=now,
        )
    _delete_ended_keys(key, room_uuid=room_uuid)
    return entry


def _delete_ended_keys(key: str, *, room_uuid: str) -> None:
    """Delete expired keys and the keys of this room's ended commands.

    Otherwise, after a pause and a resume, a second pause would count as a repeat of the first.
    """
    now = clock.now()
    ended = Q(entry__room_uuid=room_uuid, expires_at__lte=now + _KEY_KEPT)
    stale = (
        Claim.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(Q(expires_at__lte=now) | ended)
        .exclude(dedupe_key=key)
    )
    Claim.objects.filter(pk__in=[claim.pk for claim in stale]).delete()


def _expire_key(entry: Entry) -> None:
    """Shorten the lease of an ended command's key to the time in which a second click may come."""
    last = entry.steps.values_list("kind", "detail").last()
    refused = last is not None and last[0] == Step.Kind.FAILED and not last[1].get("unknown_outcome")
    kept = _KEY_KEPT_AFTER_REFUSAL if refused else _KEY_KEPT
    Claim.objects.filter(entry=entry).update(expires_at=clock.now() + kept)


# --- sending, and the outcome -------------------------------------------------------------------------------
# The event that confirms a command may be projected before the cloud's response is read. The pending
# confirmation's row serves as a lock: the transaction that deletes the row records *confirmed*. After that,
# neither *accepted* nor a time-out may be recorded.


def _send(entry: Entry, *, command: Command, cloud: Client) -> None:
    """Send the command to the cloud and record the outcome."""
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
    """Read the cloud if the command has a ``read_back``, and record *confirmed* if it shows the effect.

    Otherwise the outcome does not change. Ignore errors of the cloud.
    """
    if command.read_back is None:
        return
    try:
        seen = command.read_back(cloud)
    except CloudError:
        return
    if seen is not None:
        record_confirmed(entry, detail=seen)


def _record_accepted(entry: Entry, *, command: Command, detail: Detail | None) -> None:
    """Record *accepted*, unless an event confirmed the command. ``final``: no *confirmed* step can follow."""
    facts = dict(detail or {})
    if command.confirmed_by is None and command.read_back is None:
        facts["final"] = True
    with transaction.atomic():
        if command.confirmed_by is None or _lock(entry):
            add_step(entry, Step.Kind.ACCEPTED, facts)


def _record_failed(entry: Entry, *, command: Command, error: CloudError) -> None:
    """Record *failed* with the cloud's reason and a problem for people.

    If the outcome is unknown, keep the pending confirmation: an event may still confirm the command. If an
    event already did, record nothing.
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
    """Record that a read of the cloud confirmed the command. Do nothing if it is already confirmed."""
    with transaction.atomic():
        deleted, _ = PendingConfirmation.objects.filter(entry=entry).delete()
        if deleted or not entry.steps.filter(kind=Step.Kind.CONFIRMED).exists():
            add_step(entry, Step.Kind.CONFIRMED, {"read_back": detail})


def _lock(entry: Entry) -> bool:
    """Lock the pending confirmation until the commit. Return False if the command no longer has one."""
    return PendingConfirmation.objects.select_for_update().filter(entry=entry).first() is not None
