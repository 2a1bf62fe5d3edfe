"""Run commands against the cloud: record, send, record the outcome.

1. ``valid`` builds the call and checks its arguments. Its ``ActionRefused`` names the invalid field.
2. ``run`` takes the person's ``ClassAccess``, which proves that the person may see the class. It refuses a
   command that the person's role does not allow.
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
from datetime import datetime, timedelta
from typing import Any, Final, ParamSpec, TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.actions import capabilities, refusals
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.agora import client_for
from classroom_admin.agora.call import CloudCall
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError, InvalidArgument
from classroom_admin.audit.models import Claim, Entry, PendingConfirmation, Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common import clock, tracing
from classroom_admin.common.due_times import has_come
from classroom_admin.common.problems import Problem
from classroom_admin.events import EventKind
from classroom_admin.rooms.access import ClassAccess, NotYours
from classroom_admin.rooms.models import Room

COMMAND_S: Final = 15.0
"""The deadline of a command (s), for all its calls, retries and waits. A person waits for the outcome."""
READ_S: Final = 5.0
"""The deadline of a read (s)."""
KEY_LEASE: Final = timedelta(seconds=60)
"""How long a key stays valid if a crash leaves it behind. This is longer than a call may take."""
_KEY_KEPT: Final = timedelta(seconds=2)  # a second click may come after the first command has ended
_KEY_KEPT_AFTER_REFUSAL: Final = timedelta(milliseconds=500)  # a later press is a retry
_ATTEMPTS: Final = 5
_NO_TIME: Final = ("no_time_left", "too_many_requests_here")

Detail = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirms:
    """The event that confirms a command. The fields are those of ``audit.PendingConfirmation``.

    Some Agora projects send a different event. Each event in ``also`` confirms the command, too.
    """

    event: EventKind
    match: dict[str, Any]
    also: tuple["Confirms", ...] = ()

    @property
    def cmd(self) -> int:
        assert self.event.cmd is not None, "events of quizzes and polls confirm nothing"
        return self.event.cmd


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command, ready to run.

    ``call`` is sent first, then the calls in ``then``, in order. The first call that fails ends the command.
    ``facts`` takes the cloud's response and returns what to record, for example a recording's id.
    ``already_done`` has the errors that prove that an earlier attempt succeeded. ``facts`` then gets None.

    The event ``confirmed_by`` or the function ``read_back`` confirms the command. ``read_back`` reads the
    cloud and returns what to record, or None if no effect is visible. If neither is set, *accepted* is final.
    If ``shows_by_itself`` is True, ``read_back`` proves the command even without the cloud's response.

    Two presses of a button with an equal ``same_as`` (default: target and params) are the same command. Omit
    ids and times that differ with each press. Only a hash of ``same_as`` is stored, so it may contain
    secrets.
    """

    action: str
    call: CloudCall[Any]
    then: tuple[CloudCall[Any], ...] = ()
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
    """Run a command in a class and return its audit entry. ``entry.steps`` has the outcome.

    If the cloud refuses the command, add a *failed* step to the entry. Raise ``NotAllowed`` if the person's
    role does not allow the command. Raise ``ActionRefused`` if the connection is not set up, or if the
    project is known not to offer the command.
    """
    access.require(permissions.needed_for(command.action))
    room_uuid = access.room.room_uuid
    return _run(access.person, command, room_uuid=room_uuid, same_room=room_uuid)


def create(person: User, command: Command, *, room_uuid: str) -> Entry:
    """Run a command that creates the room ``room_uuid``, as ``run`` does.

    Two presses may have different room ids. They are the same command if ``command.same_as`` is equal. Raise
    ``NotYours`` if ``person`` is deactivated, and ``NotAllowed`` if their role does not allow the command.
    """
    if not person.is_active:
        raise NotYours
    permissions.require(person, permissions.needed_for(command.action))
    return _run(person, command, room_uuid=room_uuid, same_room="")


def _run(person: User, command: Command, *, room_uuid: str, same_room: str) -> Entry:
    cloud = client()
    capabilities.require_offered(command.call)
    key = _key(person, command, same_room)
    entry, is_ours = _start(key, person, command, room_uuid)
    if is_ours:
        with tracing.span(f"command {command.action}"):
            _send(entry, command=command, cloud=cloud)
        _expire_key(entry)
    return entry


def has_failed(entry: Entry) -> bool:
    """Return whether a command failed and no event confirmed it later."""
    kinds = set(entry.steps.values_list("kind", flat=True))
    return Step.Kind.FAILED in kinds and Step.Kind.CONFIRMED not in kinds


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
    """Store the idempotency key and the entry. Return the entry and whether to send the command.

    Do not send the command if an earlier press has already sent it.
    """
    for attempt in range(_ATTEMPTS):
        try:
            with transaction.atomic(durable=True):
                now = clock.now()
                valid = Claim.objects.filter(dedupe_key=key).exclude(_has_expired(now))
                first = valid.select_related("entry").first()
                return (first.entry, False) if first else (_store(key, person, command, room_uuid), True)
        except IntegrityError:
            # Another press stored the key first. The key is committed now or has already expired.
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("the loop above returns or raises")


def _key(person: User, command: Command, same_room: str) -> str:
    """Return the idempotency key, a hash that is equal for two presses of one button."""
    same = command.same_as
    if same is None:
        same = {"target": command.target, "params": dict(command.params)}
    parts = [person.pk, command.action, same_room, dict(same)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _store(key: str, person: User, command: Command, room_uuid: str) -> Entry:
    now = clock.now()
    Claim.objects.filter(_has_expired(now), dedupe_key=key).delete()
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
            also=[{"cmd": other.cmd, "match": other.match} for other in command.confirmed_by.also],
            since_sequence=known.values_list("last_sequence", flat=True).first() or 0,
            created_at=now,
        )
    _delete_ended_keys(key, room_uuid=room_uuid)
    return entry


def _delete_ended_keys(key: str, *, room_uuid: str) -> None:
    """Delete expired idempotency keys and the keys of ended commands in this room.

    If these keys stayed, a second pause after a resume would count as a repeat of the first pause.
    """
    now = clock.now()
    ended = Q(entry__room_uuid=room_uuid, expires_at__lte=now + _KEY_KEPT)
    stale = (
        Claim.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(_has_expired(now) | ended)
        .exclude(dedupe_key=key)
    )
    Claim.objects.filter(pk__in=[claim.pk for claim in stale]).delete()


def _has_expired(now: datetime) -> Q:
    return has_come("expires_at", now=now, longest=KEY_LEASE)


def _expire_key(entry: Entry) -> None:
    """Let the idempotency key of an ended command expire soon. Until then, it stops a second click."""
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
    sent = 0
    answer = None
    ends_at = clock.monotonic() + COMMAND_S
    try:
        for call in (command.call, *command.then):
            try:
                got = cloud.send(call, deadline_s=ends_at - clock.monotonic())
            except command.already_done:
                got = None
            answer = got if sent == 0 else answer
            sent += 1
    except CloudError as error:
        missing = capabilities.learn_refused(cloud, call, error, room_uuid=entry.room_uuid)
        _record_failed(entry, command=command, error=error, sent=sent, missing=missing)
        if refusals.outcome_is_unknown(error) and command.shows_by_itself:
            _read_back(entry, command=command, cloud=cloud)
        return
    capabilities.learn_offered(command.call)
    detail = command.facts(answer) if command.facts is not None else None
    _record_accepted(entry, command=command, detail=detail)
    _read_back(entry, command=command, cloud=cloud)


def _read_back(entry: Entry, *, command: Command, cloud: Client) -> None:
    """Call the command's ``read_back``, if any. Record *confirmed* if the cloud shows the effect.

    Errors of the cloud are ignored.
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
    """Record *accepted*, unless an event has already confirmed the command.

    If nothing can confirm the command, add ``final``.
    """
    facts = dict(detail or {})
    if command.confirmed_by is None and command.read_back is None:
        facts["final"] = True
    with transaction.atomic():
        if command.confirmed_by is None or _lock(entry):
            add_step(entry, Step.Kind.ACCEPTED, facts)


def _record_failed(
    entry: Entry, *, command: Command, error: CloudError, sent: int, missing: Problem | None
) -> None:
    """Record that a command failed, with the cloud's reason. Do nothing if an event has confirmed it.

    ``sent`` is the number of calls that succeeded before the error. ``missing`` names the capability if the
    project does not offer the command. If the outcome is unknown, an event may still confirm the command.
    """
    unknown = refusals.outcome_is_unknown(error)
    with transaction.atomic():
        waiting = _lock(entry)
        if unknown and command.confirmed_by is not None and not waiting:
            return
        if not unknown:
            PendingConfirmation.objects.filter(entry=entry).delete()
        detail = refusals.detail_of(error, action=command.action)
        if missing is not None:
            detail["reason"] = missing.as_json()
        if command.then:
            detail |= {"sent": sent, "of": 1 + len(command.then)}
        if sent and error.problem is not None and error.problem.code in _NO_TIME:
            detail["reason"] = Problem(
                "only_some_sent", {"sent": sent, "of": 1 + len(command.then)}
            ).as_json()
        add_step(entry, Step.Kind.FAILED, detail)


def record_confirmed(entry: Entry, *, detail: Detail) -> None:
    """Record that a read of the cloud confirmed the command. Do nothing if it is already confirmed."""
    with transaction.atomic():
        deleted, _ = PendingConfirmation.objects.filter(entry=entry).delete()
        if deleted or not entry.steps.filter(kind=Step.Kind.CONFIRMED).exists():
            add_step(entry, Step.Kind.CONFIRMED, {"read_back": detail})


def _lock(entry: Entry) -> bool:
    """Lock the pending confirmation until the commit. Return False if there is none."""
    return PendingConfirmation.objects.select_for_update().filter(entry=entry).first() is not None
