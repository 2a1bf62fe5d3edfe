"""Decide what each role may do. Everything that checks a permission asks this file.

A role has permissions (`ROLES`) and sees some classes (`REACH`). `rooms.access` finds the classes of a person
and combines both in a `ClassAccess`. The page of all roles shows the same tables.

To add a permission, add it to `Permission`, to `LABELS` and to the roles in `ROLES`. If a command needs it,
add the command's action to `COMMANDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Role(models.TextChoices):
    """The role of an account."""

    ADMINISTRATOR = "administrator", _("Administrator")
    COORDINATOR = "coordinator", _("Coordinator")
    TEACHER = "teacher", _("Teacher")
    ASSISTANT = "assistant", _("Assistant")
    OBSERVER = "observer", _("Observer")
    AUDITOR = "auditor", _("Auditor")


class Permission(StrEnum):
    """Something that a role allows. The first group is about a class that the person sees."""

    RUN = "run"
    ATTENDANCE = "attendance"
    JOIN = "join"
    START_END = "start_end"
    RECORD = "record"
    FILES = "files"
    CHOOSE_LIST = "choose_list"
    PROPERTIES = "properties"
    SCHEDULE = "schedule"
    CLASS_LISTS = "class_lists"
    SUBSTITUTE = "substitute"
    REPORTS = "reports"
    INCIDENTS = "incidents"
    ALL_EXPORTS = "all_exports"
    AUDIT = "audit"
    PEOPLE = "people"
    SETTINGS = "settings"


class Reach(StrEnum):
    """The classes that a role sees."""

    ALL = "all"
    SET = "set"
    SET_OR_ALL = "set_or_all"
    OWN = "own"


P = Permission
_RUNS: Final = {P.RUN, P.ATTENDANCE, P.JOIN, P.REPORTS}
_TEACHES: Final = {
    *_RUNS, P.START_END, P.RECORD, P.FILES, P.CHOOSE_LIST, P.PROPERTIES, P.SCHEDULE, P.CLASS_LISTS,
}  # fmt: skip
ROLES: Final[Mapping[str, frozenset[Permission]]] = MappingProxyType(
    {
        Role.ADMINISTRATOR.value: frozenset(Permission),
        Role.COORDINATOR.value: frozenset({*_TEACHES, P.SUBSTITUTE}),
        Role.TEACHER.value: frozenset(_TEACHES),
        Role.ASSISTANT.value: frozenset(_RUNS),
        Role.OBSERVER.value: frozenset({P.REPORTS}),
        Role.AUDITOR.value: frozenset({P.REPORTS, P.INCIDENTS, P.ALL_EXPORTS, P.AUDIT}),
    }
)
REACH: Final[Mapping[str, Reach]] = MappingProxyType(
    {
        Role.ADMINISTRATOR.value: Reach.ALL,
        Role.COORDINATOR.value: Reach.SET,
        Role.TEACHER.value: Reach.OWN,
        Role.ASSISTANT.value: Reach.SET,
        Role.OBSERVER.value: Reach.SET_OR_ALL,
        Role.AUDITOR.value: Reach.ALL,
    }
)
OF_CLASS_PAGE: Final = frozenset(
    {P.RUN, P.ATTENDANCE, P.JOIN, P.START_END, P.RECORD, P.FILES, P.CHOOSE_LIST, P.PROPERTIES, P.SCHEDULE}
)
"""The permissions that change what a class page shows. Roles with the same ones get the same fragments."""
LABELS: Final[Mapping[Permission, StrOrPromise]] = MappingProxyType(
    {
        P.RUN: _("Help to run a class: mute, chat, raised hands, stage, quizzes, breakout rooms, removal"),
        P.ATTENDANCE: _("Correct attendance"),
        P.JOIN: _("Join a class"),
        P.START_END: _("Start, end and close a class"),
        P.RECORD: _("Record a class, and create links to recordings"),
        P.FILES: _("Add and delete the files of a class"),
        P.CHOOSE_LIST: _("Choose the class list of a class"),
        P.PROPERTIES: _("Change the properties of a class"),
        P.SCHEDULE: _("Schedule, change and cancel classes"),
        P.CLASS_LISTS: _("Create and change class lists"),
        P.SUBSTITUTE: _("Appoint and end substitutes"),
        P.REPORTS: _("Read and export reports"),
        P.INCIDENTS: _("Download incident reports"),
        P.ALL_EXPORTS: _("Download exports that other people made"),
        P.AUDIT: _("Read the audit log"),
        P.PEOPLE: _("Manage accounts, roles and the classes of teachers"),
        P.SETTINGS: _("Change settings, and test the cloud connection"),
    }
)
REACH_LABELS: Final[Mapping[str, StrOrPromise]] = MappingProxyType(
    {
        Role.ADMINISTRATOR.value: _("All classes"),
        Role.COORDINATOR.value: _("Classes of the chosen teachers and class lists, and their own"),
        Role.TEACHER.value: _("Their own classes, and classes in which they substitute"),
        Role.ASSISTANT.value: _("Classes of the chosen teachers"),
        Role.OBSERVER.value: _("All classes, or classes of the chosen teachers and class lists"),
        Role.AUDITOR.value: _("All classes"),
    }
)
# The permission for each action of the audit log that people do to a class, by the beginning of its name. The
# longest matching beginning counts.
COMMANDS: Final[Mapping[str, Permission]] = MappingProxyType(
    {
        "attendance.": P.ATTENDANCE,
        "chat.": P.RUN,
        "class.": P.START_END,
        "class.cameras_": P.RUN,
        "class.create": P.SCHEDULE,
        "class.keep": P.SETTINGS,
        "class.stop_keeping": P.SETTINGS,
        "class.microphones_": P.RUN,
        "class_list.": P.CLASS_LISTS,
        "countdown.": P.RUN,
        "ext_app.": P.PROPERTIES,
        "groups.": P.RUN,
        "joining.": P.SCHEDULE,
        "joining.let_in": P.RUN,
        "joining.refuse": P.RUN,
        "list.": P.CLASS_LISTS,
        "participant.": P.RUN,
        "participant.delete_properties": P.PROPERTIES,
        "participant.set_properties": P.PROPERTIES,
        "poll.": P.RUN,
        "quiz.": P.RUN,
        "recording.": P.RECORD,
        "resource.": P.FILES,
        "rewards.": P.RUN,
        "room.delete_properties": P.PROPERTIES,
        "room.set_properties": P.PROPERTIES,
        "room.use_list": P.CHOOSE_LIST,
        "series.": P.SCHEDULE,
        "stage.": P.RUN,
        "substitute.": P.SUBSTITUTE,
        "tool.": P.RUN,
        "wall.": P.RUN,
    }
)


class Person(Protocol):
    """What a predicate needs to know of an account."""

    @property
    def role(self) -> str: ...

    @property
    def all_classes(self) -> bool: ...

    @property
    def is_active(self) -> bool: ...


def rights_of(role: str) -> frozenset[Permission]:
    """Return the permissions of a role. An unknown role has none."""
    return ROLES.get(role, frozenset())


def may(person: Person, permission: Permission) -> bool:
    """Return whether the person's role has the permission. A deactivated person has none."""
    return person.is_active and permission in rights_of(person.role)


class NotAllowed(PermissionDenied):
    """The error if a person's role does not allow what they asked for. Its text says so."""


def require(person: Person, permission: Permission) -> None:
    """Raise ``NotAllowed`` if the person's role does not have the permission."""
    if not may(person, permission):
        raise NotAllowed(_refusal(person.role, permission))


def _refusal(role: str, permission: Permission) -> str:
    label = str(Role(role).label) if role in Role.values else role
    return gettext("The role “%(role)s” does not include this: %(what)s.") % {
        "role": label,
        "what": str(LABELS[permission]),
    }


def sees_all_classes(person: Person) -> bool:
    """Return whether the person sees every class of the school."""
    reach = REACH.get(person.role, Reach.OWN)
    return reach is Reach.ALL or (reach is Reach.SET_OR_ALL and person.all_classes)


def has_set(role: str) -> bool:
    """Return whether a person with this role can have a set of teachers and class lists."""
    return REACH.get(role) in (Reach.SET, Reach.SET_OR_ALL)


def set_has_lists(role: str) -> bool:
    """Return whether the set of a person with this role can contain class lists. An assistant's can't."""
    return has_set(role) and role != Role.ASSISTANT


def may_teach(person: Person) -> bool:
    """Return whether classes can be assigned to the person, also as a substitute."""
    return may(person, Permission.START_END)


TEACHING_ROLES: Final = tuple(role for role, rights in ROLES.items() if Permission.START_END in rights)


def needed_for(action: str) -> Permission:
    """Return the permission for a command, by the name of its action in the audit log.

    A command that is missing in `COMMANDS` needs the rarest permission.
    """
    known = [start for start in COMMANDS if action.startswith(start)]
    return COMMANDS[max(known, key=len)] if known else Permission.SETTINGS


def as_flags(role: str) -> dict[str, bool]:
    """Return whether the role has each permission, by its name. Templates use it as `user.may`."""
    rights = rights_of(role)
    return {permission.value: permission in rights for permission in Permission}
