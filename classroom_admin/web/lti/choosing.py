"""Views and form with which a teacher chooses or creates the class of an activity.

They work in a frame without cookies: the ticket of the launch, a secret that works once, says who the teacher
is.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from classroom_admin.accounts.middleware import zone_named
from classroom_admin.accounts.permissions import NotAllowed
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common.problem_texts import in_words
from classroom_admin.common.problems import Problem
from classroom_admin.integrations.lti import choices, launches
from classroom_admin.integrations.lti.frames import origin_of, origins
from classroom_admin.integrations.lti.launches import Launched
from classroom_admin.integrations.lti.models import Launch, ResourceLink
from classroom_admin.rooms.access import NotYours
from classroom_admin.web.lti.framing import framed

GONE: Final = 410
UNPROCESSABLE: Final = 422
NEW: Final = "new"
MOST_MINUTES: Final = 1440


class ChoiceForm(forms.Form):
    """The class of an activity: the key of an existing one, or `new` with a name and a time."""

    key = forms.CharField(max_length=16, required=False)
    name = forms.CharField(label=_("Name"), max_length=64, required=False)
    starts_at = forms.DateTimeField(
        label=_("Start"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("If you leave the start empty, the class starts when someone starts it."),
    )
    minutes = forms.IntegerField(
        label=_("Duration in minutes"), min_value=1, max_value=MOST_MINUTES, initial=60, required=False
    )
    grade = forms.ChoiceField(
        label=_("Send to the gradebook"), choices=ResourceLink.Grade.choices, required=False
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("key"):
            raise forms.ValidationError(gettext("Choose a class, or create one."))
        if given["key"] == NEW and "name" not in self.errors and not given.get("name"):
            self.add_error("name", gettext("Enter a name."))
        return given


def first(request: HttpRequest, launched: Launched) -> HttpResponse:
    """Show the choice after a launch."""
    initial = {"name": launched.message.resource_title[:64], "key": NEW}
    framers = origins(launched.launch.platform, launched.message)
    launched.launch.data["origins"] = framers
    launched.launch.save(update_fields=["data"])
    return _page(request, launched.launch, launched.ticket, ChoiceForm(initial=initial))


@never_cache
@csrf_exempt  # the page in the frame has no cookie; its ticket is a secret that works once
@sensitive_post_parameters("ticket")
@require_POST
def choose(request: HttpRequest) -> HttpResponseBase:
    """Store the choice. Answer the platform's deep linking request, or say that the class is connected."""
    ticket = request.POST.get("ticket", "")
    launch = launches.take(ticket, Launch.Kind.CHOOSE)
    if launch is None:
        return render(request, "lti/refused.html", {"reason": in_words(Problem("lti_state"))}, status=GONE)
    with timezone.override(_zone(launch)):
        return _answered(request, launch, ticket)


def _answered(request: HttpRequest, launch: Launch, ticket: str) -> HttpResponse:
    form = ChoiceForm(request.POST)
    if not form.is_valid():
        return _page(request, launch, ticket, form)
    try:
        link = _chosen(launch, form.cleaned_data)
    except ActionRefused as refused:
        form.add_error(None, refused.message)
    except (NotYours, NotAllowed) as error:
        form.add_error(None, str(error) or gettext("You may not choose this class."))
    else:
        return _done(request, launch, link)
    return _page(request, launch, ticket, form)


def _chosen(launch: Launch, given: dict[str, Any]) -> ResourceLink:
    grade = given["grade"] if given["grade"] and choices.may_score(launch) else ResourceLink.Grade.NONE
    if given["key"] != NEW:
        return choices.choose(launch, key=given["key"], grade=grade)
    return choices.create(
        launch,
        name=given["name"],
        starts_at=given["starts_at"],
        minutes=given["minutes"] or 60,
        zone=timezone.get_current_timezone_name(),
        grade=grade,
    )


def _done(request: HttpRequest, launch: Launch, link: ResourceLink) -> HttpResponse:
    is_answer = "return_url" in launch.data
    name = link.title or str(link.room or gettext("Class"))
    context = {
        "name": name,
        "return_url": launch.data.get("return_url", ""),
        "answer": choices.deep_link_answer(launch, link, name=name) if is_answer else "",
    }
    sends_to = origin_of(launch.data["return_url"]) if is_answer else ""
    return framed(request, "lti/chosen.html", context, origins=_origins(launch), sends_to=sends_to)


def _page(request: HttpRequest, launch: Launch, ticket: str, form: ChoiceForm) -> HttpResponse:
    assert launch.user is not None
    context = {
        "form": form,
        "ticket": ticket,
        "chosen": form["key"].value(),
        "classes": list(choices.classes_of(launch.user)),
        "may_score": choices.may_score(launch),
        "course": launch.course,
        "person": launch.user,
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return framed(request, "lti/choose.html", context, origins=_origins(launch), status=status)


def _zone(launch: Launch) -> tzinfo:
    """Return the teacher's time zone. The frame has no cookie that would say the browser's."""
    assert launch.user is not None
    return zone_named(launch.user.time_zone) or timezone.get_current_timezone()


def _origins(launch: Launch) -> list[str]:
    return list(launch.data.get("origins", ()))
