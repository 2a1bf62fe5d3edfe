"""The list of reports, for the tabs of each report and for the overview."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission, may


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A report: the name of its address, its title, what it shows, and who may open it."""

    name: str
    title: Any
    about: Any
    icon: str


TABS: Final = (
    Tab(
        name="reports:attendance",
        title=_("Attendance"),
        about=_("Who attended which classes, for how long, and how complete the events are."),
        icon="list-checks",
    ),
    Tab(
        name="reports:participation",
        title=_("Participation"),
        about=_("How much each student took part: messages, hands, stage, camera, answers and rewards."),
        icon="hand",
    ),
    Tab(
        name="reports:questions",
        title=_("Quizzes and polls"),
        about=_("How many students answered, and how many answers were correct."),
        icon="chart-bar",
    ),
    Tab(
        name="reports:teaching",
        title=_("Teaching"),
        about=_("Hours taught, recordings, interventions and alerts by teacher, class list and weekday."),
        icon="presentation",
    ),
    Tab(
        name="reports:recordings",
        title=_("Recordings"),
        about=_("All recordings, to play, download and share."),
        icon="circle-play",
    ),
    Tab(
        name="reports:exports",
        title=_("Exports"),
        about=_("Large files with figures of reports, which are made in the background."),
        icon="download",
    ),
)


def tabs_for(user: User) -> list[Tab]:
    """Return the reports that a person may open."""
    return list(TABS) if may(user, Permission.REPORTS) else []
