"""A command is claimed before it is sent, so that a double click acts once: across threads, processes and
machines.

The database's unique key decides who was first. Entry, *requested* and what confirms the command are
committed together with the claim: whoever finds a claim finds the record too.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Q

from classroom_admin.accounts.models import User
from classroom_admin.actions.command import Command
from classroom_admin.audit.models import Claim, Entry, Expectation, Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common import clock
from classroom_admin.rooms.models import Room

LEASE: Final = timedelta(seconds=60)  # longer than a call may take; what a crash leaves is void after it
AFTERGLOW: Final = timedelta(seconds=2)  # a second click that comes when the first is through already
AFTER_REFUSAL: Final = timedelta(milliseconds=500)  # nothing was done: a retry means it
_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """The entry of a command, and whether it is ours to send (False: another press is at it, or just was)."""

    entry: Entry
    is_ours: bool


def dedupe_key(*, actor: User, room: Room | None, command: Command) -> str:
    """What two presses of one button have in common, hashed."""
    same = (
        {"target": command.target, "params": dict(command.params)}
        if command.same_as is None
        else dict(command.same_as)
    )
    parts = [actor.pk, command.action, room.room_uuid if room else "", same]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def claim(*, actor: User, room: Room | None, command: Command) -> Claimed:
    """Claim and put on record in one commit, or give the entry of the press that was first."""
    key = dedupe_key(actor=actor, room=room, command=command)
    for attempt in range(_TRIES):
        try:
            with transaction.atomic(durable=True):
                held = _held(key)
                return held or _new(key, actor=actor, command=command)
        except IntegrityError:
            # Another was quicker by a hair; its claim is committed now, or was given up again.
            if attempt == _TRIES - 1:
                raise
    raise AssertionError("the loop above returns or raises")


def release(entry: Entry) -> None:
    """The command is through: let the claim glow for as long as a second click may take.

    After a refusal that is short: who reads the reason and presses again means it.
    """
    last = entry.steps.values_list("kind", "detail").last()
    refused = last is not None and last[0] == Step.Kind.FAILED and not last[1].get("unknown_outcome")
    glow = AFTER_REFUSAL if refused else AFTERGLOW
    Claim.objects.filter(entry=entry).update(expires_at=clock.now() + glow)


def _held(key: str) -> Claimed | None:
    held = Claim.objects.filter(dedupe_key=key, expires_at__gt=clock.now()).select_related("entry").first()
    return None if held is None else Claimed(entry=held.entry, is_ours=False)


def _new(key: str, *, actor: User, command: Command) -> Claimed:
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
    Claim.objects.create(dedupe_key=key, entry=entry, expires_at=now + LEASE)
    add_step(entry, Step.Kind.REQUESTED)
    if command.confirmed_by is not None:
        Expectation.objects.create(
            entry=entry,
            room_uuid=command.room_uuid,
            cmd=command.confirmed_by.cmd,
            match=command.confirmed_by.match,
            since_sequence=_last_sequence(command.room_uuid),
            created_at=now,
        )
    _sweep(key, room_uuid=command.room_uuid)
    return Claimed(entry=entry, is_ours=True)


def _last_sequence(room_uuid: str) -> int:
    """As stored now, not as the caller once read it."""
    found = Room.objects.filter(room_uuid=room_uuid).values_list("last_sequence", flat=True).first()
    return found or 0


def _sweep(key: str, *, room_uuid: str) -> None:
    """Clear away void claims, and what still glows in this room: pause, resume, pause are three commands."""
    now = clock.now()
    glowing = Q(entry__room_uuid=room_uuid, expires_at__lte=now + AFTERGLOW)
    stale = (
        Claim.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(Q(expires_at__lte=now) | glowing)
        .exclude(dedupe_key=key)
    )
    Claim.objects.filter(pk__in=[claim.pk for claim in stale]).delete()
