"""The steps that the list of classes suggests to a person without classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.rooms.class_lists import visible_lists

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step and the reason for it. `address` is the URL of its page, or "" if there is none."""

    title: str
    why: str
    address: str = ""
    done: bool = False


def steps_for(user: User) -> list[Step]:
    """Return the first steps for a person who has no class yet. Run at most two queries."""
    first = _of_administrators(user) if permissions.may(user, Permission.PEOPLE) else _of_teachers(user)
    return [*first, *_of_everyone(user)]


def _of_administrators(user: User) -> Iterator[Step]:
    yield Step(
        title=_("Set up the connection to the cloud"),
        why=_("The settings page names each value that is missing, and tests the connection."),
        address=reverse("settings:overview"),
        done=not settings.AGORA.problems(),
    )
    yield Step(
        title=_("Add the teachers"),
        why=_("Enter the cloud user id of each teacher, so that their classes are assigned to them."),
        address=reverse("people:create"),
        done=User.objects.exclude(pk=user.pk).exists(),
    )


def _of_teachers(user: User) -> Iterator[Step]:
    yield Step(
        title=_("Ask an administrator to enter your cloud user id"),
        why=_(
            "Classes that you open in your classroom app then appear here. An administrator can also assign "
            "classes to you."
        ),
        done=user.identities.exists(),
    )


def _of_everyone(user: User) -> Iterator[Step]:
    yield Step(
        title=_("Create a class list"),
        why=_("A class with a class list shows who is missing, who is late and who left early."),
        address=reverse("lists:make"),
        done=visible_lists(user).exists(),
    )
    yield Step(
        title=_("Create a class, or schedule a series"),
        why=_("Classes that are opened in the classroom app appear here automatically."),
        address=reverse("live:create"),
    )
