"""The page that shows to which courses a class belongs: their class lists and gradebooks."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from classroom_admin.accounts.permissions import Permission
from classroom_admin.common.problem_texts import stored_in_words
from classroom_admin.integrations.lti import courses
from classroom_admin.integrations.lti.models import ResourceLink
from classroom_admin.rooms.access import access_by_key
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in


@require_safe
@signed_in
def page(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the courses of a class, when their students were last read, and which scores were sent."""
    access = access_by_key(request.user, key, to=Permission.CHOOSE_LIST)
    lines = [_line(link) for link in courses.links_of(access)]
    return render(request, "lti/courses.html", {"room": access.room, "lines": lines})


@require_POST
@signed_in
def read_students(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Read the students of the class's courses now."""
    access = access_by_key(request.user, key, to=Permission.CHOOSE_LIST)
    found = courses.read_students(access)
    if not found:
        messages.warning(request, _("The class belongs to no course whose students can be read."))
    for course, changes in found:
        if changes is None:
            messages.error(request, stored_in_words(course.members_problem))
            continue
        count = len(changes.added) + len(changes.changed) + len(changes.removed)
        text = ngettext(
            "The class list of %(course)s is up to date. %(count)s person changed.",
            "The class list of %(course)s is up to date. %(count)s people changed.",
            count,
        )
        messages.success(request, text % {"course": course, "count": count})
    return redirect("lti:courses", key)


@require_POST
@signed_in
def choose_grade(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Choose what an activity sends to the gradebook."""
    access = access_by_key(request.user, key, to=Permission.CHOOSE_LIST)
    chosen = request.POST.get("grade", "")
    if chosen not in ResourceLink.Grade.values:
        messages.error(request, _("Choose what goes to the gradebook."))
    elif courses.choose_grade(access, pk=pk, grade=chosen):
        messages.success(request, _("The choice was saved. Scores that were sent stay in the gradebook."))
    return redirect("lti:courses", key)


@require_POST
@signed_in
def send_scores(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Send the scores again that a platform did not accept."""
    access = access_by_key(request.user, key, to=Permission.CHOOSE_LIST)
    courses.try_again(access)
    messages.success(request, _("The scores are being sent."))
    return redirect("lti:courses", key)


def _line(link: ResourceLink) -> dict[str, Any]:
    scores = list(link.scores.all())
    problem = next((one.problem for one in scores if one.problem), "")
    return {
        "link": link,
        "grades": ResourceLink.Grade.choices if link.has_gradebook else (),
        "course": link.course,
        "members_problem": stored_in_words(link.course.members_problem),
        "sent": sum(one.sent_at is not None and one.due_at is None and not one.problem for one in scores),
        "waiting": sum(one.due_at is not None for one in scores),
        "failed": sum(one.due_at is None and bool(one.problem) for one in scores),
        "score_problem": stored_in_words(problem),
    }
