"""What each role may do. The pages, the commands and the table of roles ask the same predicates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import NotAllowed, Permission, Reach, Role
from classroom_admin.audit import actions

P = Permission
OF_CLASSES = {*permissions.OF_CLASS_PAGE, P.CLASS_LISTS}


@dataclass(frozen=True)
class Someone:
    role: str
    all_classes: bool = False
    is_active: bool = True


def test_tables_have_every_role_and_every_permission() -> None:
    roles = set(User.Role.values)
    assert set(permissions.ROLES) == set(permissions.REACH) == set(permissions.REACH_LABELS) == roles
    assert set(permissions.LABELS) == set(Permission)
    assert set(permissions.COMMANDS.values()) <= set(Permission)


def test_administrators_may_do_everything() -> None:
    assert permissions.rights_of(Role.ADMINISTRATOR) == set(Permission)


def test_teachers_may_do_with_their_classes_what_they_could_before_there_were_roles() -> None:
    assert permissions.rights_of(Role.TEACHER) == {*OF_CLASSES, P.REPORTS}


def test_coordinators_also_appoint_substitutes() -> None:
    assert permissions.rights_of(Role.COORDINATOR) - permissions.rights_of(Role.TEACHER) == {P.SUBSTITUTE}


def test_assistants_help_but_neither_end_nor_record_nor_schedule() -> None:
    assert permissions.rights_of(Role.ASSISTANT) == {P.RUN, P.ATTENDANCE, P.JOIN, P.REPORTS}


@pytest.mark.parametrize("role", [Role.OBSERVER, Role.AUDITOR])
def test_observers_and_auditors_send_no_command_and_do_not_join(role: Role) -> None:
    assert not permissions.rights_of(role) & {*OF_CLASSES, P.SUBSTITUTE, P.PEOPLE, P.SETTINGS}


def test_only_administrators_and_auditors_read_the_audit_log() -> None:
    assert {role for role in Role if P.AUDIT in permissions.rights_of(role)} == {
        Role.ADMINISTRATOR,
        Role.AUDITOR,
    }


def test_unknown_role_and_deactivated_people_may_do_nothing() -> None:
    assert permissions.rights_of("janitor") == frozenset()
    assert not permissions.sees_all_classes(Someone("janitor", all_classes=True))
    assert not any(permissions.may(Someone("administrator", is_active=False), one) for one in Permission)


@pytest.mark.parametrize(
    ("role", "ticked", "sees_all"),
    [
        ("administrator", False, True),
        ("auditor", False, True),
        ("observer", False, False),
        ("observer", True, True),
        ("coordinator", True, False),
        ("teacher", True, False),
        ("assistant", True, False),
    ],
)
def test_who_sees_all_classes(role: str, ticked: bool, sees_all: bool) -> None:
    assert permissions.sees_all_classes(Someone(role, all_classes=ticked)) == sees_all


def test_refusal_says_the_role_and_what_was_refused() -> None:
    with pytest.raises(NotAllowed, match=r"“Observer” does not include this: Join a class"):
        permissions.require(Someone("observer"), P.JOIN)
    permissions.require(Someone("teacher"), P.JOIN)


def test_only_some_roles_have_a_set() -> None:
    assert {role for role in Role if permissions.has_set(role)} == {
        Role.COORDINATOR,
        Role.ASSISTANT,
        Role.OBSERVER,
    }
    assert not permissions.set_has_lists(Role.ASSISTANT)
    assert permissions.REACH[Role.OBSERVER] is Reach.SET_OR_ALL


def test_every_action_about_classes_needs_a_permission() -> None:
    """An action that is missing in the table needs the rarest permission, so no teacher could use it."""
    school_wide = ("account.", "room.", "report.", "cloud.", "capability.")
    missing = [
        action
        for action in actions.COMMANDS
        if permissions.needed_for(action) == P.SETTINGS and not action.startswith(school_wide)
    ]
    assert not missing
    assert permissions.needed_for("class.end") == P.START_END
    assert permissions.needed_for("class.microphones_off") == P.RUN
    assert permissions.needed_for("class.create") == P.SCHEDULE
    assert permissions.needed_for("participant.set_properties") == P.PROPERTIES
    assert permissions.needed_for("unknown") == P.SETTINGS


def test_templates_ask_only_for_permissions_that_exist() -> None:
    known = {one.value for one in Permission}
    folder = Path(settings.BASE_DIR) / "templates"
    asked = {
        found
        for path in folder.rglob("*.html")
        for found in re.findall(r"\b(?:user|presenter)\.may\.(\w+)", path.read_text())
    }
    assert asked
    assert asked <= known
