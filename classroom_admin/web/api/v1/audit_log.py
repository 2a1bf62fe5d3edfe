"""The audit log: who did what, when, to whom, and the outcome."""

from __future__ import annotations

from typing import Any, Final, Literal

from ninja import Field, Query, Router, Schema

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.audit.actions import label
from classroom_admin.audit.models import Entry
from classroom_admin.audit.selectors import Filters, find_entries, last_step
from classroom_admin.common.problem_texts import reason_in
from classroom_admin.rooms.models import Participant, Room
from classroom_admin.web.api.v1.authentication import ApiHttpRequest
from classroom_admin.web.api.v1.paging import Paging, cursor, position
from classroom_admin.web.api.v1.schemas import Moment, MomentIn, Page, of_page

router: Final = Router(tags=["Audit log"])


class StepOut(Schema):
    state: str
    at: Moment


class EntryOut(Schema):
    """What a person did. `target` is, for example, the cloud's user id of a participant."""

    id: int
    at: Moment
    actor: str = Field(description="The name of the person.")
    actor_email: str | None
    action: str
    label: str
    class_key: str | None
    target: str
    target_name: str
    params: dict[str, Any]
    outcome: str | None = Field(
        description="`requested`, `accepted`, `confirmed`, `failed`, or `done` without the cloud."
    )
    reason: str | None = Field(description="Why it failed.")
    address: str = Field(description="The client address.")
    agent: str = Field(description="The browser or program.")
    request_id: str
    steps: list[StepOut]


class EntryFilters(Schema):
    text: str = Field("", max_length=255, description="Words that an entry contains.")
    actor: str = Field("", max_length=254, description="The email address of the person.")
    action: str = Field("", max_length=60, description="The name of an action, such as `class.end`.")
    class_key: str = Field("", max_length=16)
    user_id: str = Field("", max_length=255, description="The cloud's user id of a participant.")
    outcome: Literal["requested", "accepted", "confirmed", "failed", "done"] | None = None
    since: MomentIn | None = None
    until: MomentIn | None = None

    def chosen(self) -> Filters:
        actor = User.objects.with_address(self.actor) if self.actor else None
        ids = Room.objects.filter(key=self.class_key).values("room_uuid") if self.class_key else None
        return Filters(
            text=self.text,
            actor_id=(actor.pk if actor else 0) if self.actor else None,
            actions=(self.action,) if self.action else (),
            rooms=ids,
            participant=self.user_id,
            participants=_ids_of(self.user_id) if self.user_id else None,
            outcome=self.outcome or "",
            since=self.since,
            until=self.until,
        )


@router.get("/audit", response=Page[EntryOut], url_name="audit")
def list_entries(request: ApiHttpRequest, filters: Query[EntryFilters], paging: Query[Paging]) -> Any:
    """List the entries of the audit log, newest first. Administrators and auditors may read it."""
    permissions.require(request.user, Permission.AUDIT)
    found = find_entries(filters.chosen(), before=position(paging.cursor), limit=paging.limit)
    ids = {entry.room_uuid for entry in found.entries if entry.room_uuid}
    keys = dict(Room.objects.filter(room_uuid__in=ids).values_list("room_uuid", "key"))
    items = [_of_entry(entry, keys.get(entry.room_uuid)) for entry in found.entries]
    return of_page(items, None if found.older is None else cursor(found.older))


def _ids_of(user_id: str) -> Any:
    return Participant.objects.filter(user_uuid=user_id).values("user_uuid")


def _of_entry(entry: Entry, class_key: str | None) -> dict[str, Any]:
    step = last_step(entry)
    return {
        "id": entry.pk,
        "at": entry.at,
        "actor": entry.actor_name,
        "actor_email": entry.actor.email if entry.actor else None,
        "action": entry.action,
        "label": label(entry.action),
        "class_key": class_key,
        "target": entry.target,
        "target_name": entry.target_name,
        "params": entry.params,
        "outcome": step.kind if step else None,
        "reason": (reason_in(step.detail) or None) if step else None,
        "address": entry.address,
        "agent": entry.agent,
        "request_id": entry.request_id,
        "steps": [{"state": one.kind, "at": one.at} for one in entry.steps.all()],
    }
