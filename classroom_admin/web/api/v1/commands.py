"""Commands to a class: send one, list them, and verify the effect of one."""

from __future__ import annotations

from typing import Annotated, Any, Final

from django.db.models import Exists, OuterRef, QuerySet
from django.shortcuts import get_object_or_404
from ninja import Body, Query, Router, Schema
from pydantic import Field

from classroom_admin.accounts.permissions import Permission, needed_for
from classroom_admin.actions import verification
from classroom_admin.audit.actions import COMMANDS
from classroom_admin.audit.models import Entry, Step
from classroom_admin.rooms.models import Room
from classroom_admin.web.api.v1.authentication import WRITE, ApiHttpRequest
from classroom_admin.web.api.v1.class_rows import class_access
from classroom_admin.web.api.v1.command_bodies import AnyCommand
from classroom_admin.web.api.v1.command_rows import CommandOut, of_entry, sent
from classroom_admin.web.api.v1.paging import Paging, page_of
from classroom_admin.web.api.v1.schemas import Page, RowId

router: Final = Router(tags=["Commands"])


class Verified(Schema):
    """What the cloud shows of a command. `done` is null if it does not show the effect."""

    done: bool | None
    says: str


@router.get("/classes/{key}/commands", response=Page[CommandOut], url_name="commands")
def list_commands(request: ApiHttpRequest, key: str, paging: Query[Paging]) -> Any:
    """List the commands to a class, newest first."""
    room = class_access(request, key).room
    return page_of(_entries(room), paging, of_entry)


@router.post("/classes/{key}/commands", response={202: CommandOut}, auth=WRITE, url_name="commands")
def send_command(
    request: ApiHttpRequest, key: str, body: Annotated[AnyCommand, Body(), Field(discriminator="command")]
) -> Any:
    """Send a command to a class or to a person in it.

    202: the cloud accepted it. `state` becomes `confirmed` when the cloud reports the effect.
    """
    access = class_access(request, key, to=needed_for(body.command))
    return sent(body.run(access))


@router.get("/classes/{key}/commands/{id}", response=CommandOut, url_name="one_command")
def get_command(request: ApiHttpRequest, key: str, id: RowId) -> Any:
    """Return one command with its current state."""
    return of_entry(_entry(request, key, id))


@router.post("/classes/{key}/commands/{id}/verify", response=Verified, auth=WRITE, url_name="verify_command")
def verify_command(request: ApiHttpRequest, key: str, id: RowId) -> Any:
    """Read the effect of a command from the cloud."""
    access = class_access(request, key, to=Permission.RUN)
    found = verification.verify(access, entry=_entry(request, key, id))
    return {"done": found.done, "says": found.says}


def _entry(request: ApiHttpRequest, key: str, pk: int) -> Entry:
    room = class_access(request, key).room
    return get_object_or_404(_entries(room), pk=pk)


def _entries(room: Room) -> QuerySet[Entry]:
    has_step = Exists(Step.objects.filter(entry=OuterRef("pk")))
    found: QuerySet[Entry] = Entry.objects.filter(has_step, room_uuid=room.room_uuid, action__in=COMMANDS)
    return found.prefetch_related("steps")
