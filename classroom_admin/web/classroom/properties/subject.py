"""Read and set the properties of a class, a person or an extension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from classroom_admin.actions import properties, verification
from classroom_admin.actions.verification import Present
from classroom_admin.agora import fields
from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.audit.models import Entry
from classroom_admin.common.problem_texts import capitalised
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Participant, Room
from classroom_admin.web.parameters import is_number

ROOM, PERSON, APP = "room", "person", "app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The owner of properties. `kind`: ROOM, PERSON or APP. `error`: the problem if `app` is invalid."""

    access: ClassAccess
    kind: str = ROOM
    person: Participant | None = None
    app: str = ""
    error: str = ""

    @property
    def room(self) -> Room:
        return self.access.room

    @property
    def words(self) -> str:
        if self.person is not None:
            return str(self.person)
        return self.app or _("The class")

    @property
    def is_chosen(self) -> bool:
        """Whether the subject is complete: the person or the extension, if any, has been chosen."""
        return not self.error and (
            self.kind == ROOM or self.person is not None or (self.kind == APP and bool(self.app))
        )

    @property
    def query(self) -> str:
        """The query string that selects this subject."""
        query = QueryDict(mutable=True)
        query["of"] = self.kind
        if self.person is not None:
            query["person"] = str(self.person.pk)
        if self.app in known_apps(self.room):
            query["app"] = app_key(self.room, self.app)
        return query.urlencode()

    # --- the record ---
    @property
    def actions(self) -> tuple[str, str]:
        return _actions(self.kind)

    @property
    def target(self) -> str:
        return self.person.user_uuid if self.person is not None else self.app

    # --- the cloud ---
    def read(self) -> Present:
        """Read the properties from the cloud."""
        if self.person is not None:
            return verification.properties_of_participant(self.access, participant=self.person)
        if self.kind == APP:
            return verification.properties_of_ext_app(self.access, ext_app_uuid=self.app)
        return verification.properties_of_room(self.access)

    def put(self, values: Mapping[str, Any], *, cause: Mapping[str, Any] | None, state: int | None) -> Entry:
        """Send a command that sets properties and, for an extension, its `state`."""
        return properties.set_properties(
            self.access, **self._owner, properties=values, cause=cause, state=state
        )

    def delete(self, names: Sequence[str], *, cause: Mapping[str, Any] | None) -> Entry:
        """Send a command that deletes the properties with these names."""
        return properties.delete_properties(self.access, **self._owner, names=names, cause=cause)

    @property
    def _owner(self) -> dict[str, Any]:
        return {"participant": self.person, "ext_app_uuid": self.app or None}


def _actions(kind: str) -> tuple[str, str]:
    name = {ROOM: "room", PERSON: "participant", APP: "ext_app"}[kind]
    return f"{name}.set_properties", f"{name}.delete_properties"


def known_apps(room: Room) -> list[str]:
    """Return the names of a class's extensions, from its events and from our commands."""
    from_events = set(room.ext_apps) if isinstance(room.ext_apps, dict) else set()
    entries = Entry.objects.filter(room_uuid=room.room_uuid, action__in=_actions(APP))
    return sorted(from_events | set(entries.values_list("target", flat=True)) - {""})


def app_key(room: Room, app: str) -> str:
    """Return an extension's key for URLs. The name is a cloud id, which a URL must not contain."""
    return salted_hmac("an extension in an address", f"{room.pk} {app}").hexdigest()[:16]


def subject_of(access: ClassAccess, query: Mapping[str, str], sent: Mapping[str, str]) -> Subject:
    """Return the subject that a URL's `query` selects. `sent`: form data, maybe with an extension's name.

    Raise Http404 if the person is not in this class or the extension is unknown.
    """
    kind = query.get("of", ROOM)
    if kind == PERSON:
        pk = query.get("person", "")
        if not pk:
            return Subject(access=access, kind=PERSON)
        if not is_number(pk):
            raise Http404("There is no such person.")
        return Subject(
            access=access, kind=PERSON, person=get_object_or_404(Participant, room=access.room, pk=pk)
        )
    if kind == APP:
        return _app(access, query.get("app", ""), sent.get("app", ""))
    return Subject(access=access)


def _app(access: ClassAccess, key: str, name: str) -> Subject:
    if key and not name:
        name = next((app for app in known_apps(access.room) if app_key(access.room, app) == key), "")
        if not name:
            raise Http404("There is no such extension.")
    try:
        fields.checked(fields.identifier, name, field="extAppUuid")
    except InvalidArgument as error:
        words = capitalised(error.problem)
        return Subject(access=access, kind=APP, app=name, error=words if name else "")
    return Subject(access=access, kind=APP, app=name)
