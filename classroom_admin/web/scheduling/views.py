"""Make a class or a series, check it as one types, and see what is planned ahead."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from classroom_admin.accounts.models import User
from classroom_admin.actions import classes, people
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.planning import series as planning
from classroom_admin.actions.planning.models import PlannedClass, Series
from classroom_admin.actions.planning.recurrence import local_start
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Room
from classroom_admin.web.access import signed_in
from classroom_admin.web.classroom.command_responses import command_state
from classroom_admin.web.dialogs import ask, sent
from classroom_admin.web.scheduling import arguments
from classroom_admin.web.scheduling.forms import ClassForm, MoveForm, zones
from classroom_admin.web.scheduling.plans import Plan, plans_of, settings_like

WITHOUT_A_PLACE: Final = {"request_id", "repeat"}
"""Fields of the form that have no place for what is wrong with them."""
ONLY_WHEN_NEW: Final = {"starts_at", "weekdays", "every", "until", "times", "zone", "taught_by"}
DO: Final = {"retry": planning.try_again, "cancel": planning.cancel, "restore": planning.restore}


@require_http_methods(["GET", "POST"])
@signed_in
def create(request: HttpRequest) -> HttpResponse:
    """GET asks (`like`: as another class was asked for); POST makes the class or plans the series."""
    form = ClassForm(sent(request), user=request.user, initial=_like(request))
    if request.method != "POST" or "preview" in request.POST or not form.is_valid():
        return _ask(request, form, preview="preview" in request.POST)
    try:
        starts = [start.at for start in form.starts]
        if form.weekly or (starts and _is_far(starts[0])):
            return _to(request, resolve_url("live:plan", _plan(request.user, form).key))
        return _created(request, form, starts_at=starts[0] if starts else None)
    except ActionRefused as refused:
        form.add_error(arguments.field_of(refused.field), refused.message)
    return _ask(request, form)


@require_POST
@signed_in
def check(request: HttpRequest) -> HttpResponse:
    """What is wrong so far with what is being typed, and the dates that it means. Changes nothing."""
    form = ClassForm(request.POST, user=request.user)
    form.is_valid()
    filled = [name for name in form.errors if name == "__all__" or request.POST.get(name)]
    wrong = {name: form.errors[name] for name in filled}
    shown = set(form.fields) - WITHOUT_A_PLACE - (ONLY_WHEN_NEW if "changing" in request.POST else set())
    fields = [{"field": form[name], "errors": wrong.get(name, [])} for name in shown]
    context = {"form": form, "fields": fields, "others": wrong.get("__all__", [])}
    return render(request, "scheduling/_check.html", context)


@require_safe
@signed_in
def plans(request: HttpRequest) -> HttpResponse:
    """What is planned ahead, and what was."""
    return render(request, "scheduling/plans.html", {"plans": plans_of(request.user)})


@require_safe
@signed_in
def plan(request: HttpRequest, key: str) -> HttpResponse:
    """One plan: each class with how far it is. htmx gets the part that changes."""
    shown = Plan(_series(request.user, key))
    return render(
        request, "scheduling/_plan.html" if request.htmx else "scheduling/plan.html", {"plan": shown}
    )


@require_POST
@signed_in
def plan_do(request: HttpRequest, key: str, name: str) -> HttpResponse:
    """Try the failed again, take back what is not made yet, plan a cancelled one again (`planned`: it)."""
    series = _series(request.user, key)
    if name not in DO or (name == "restore" and "planned" not in request.POST):
        raise Http404("There is no such command.")
    one = request.POST.get("planned", "")
    found = {"planned": get_object_or_404(PlannedClass, series=series, pk=one)} if one.isdecimal() else {}
    count = DO[name](actor=request.user, series=series, **found)
    if request.htmx:
        return render(request, "scheduling/_plan.html", {"plan": Plan(series), "said": _said(name, count)})
    messages.success(request, _said(name, count))
    return redirect("live:plan", key)


@require_http_methods(["GET", "POST"])
@signed_in
def change(request: HttpRequest, key: str) -> HttpResponse:
    """Another name and other settings for what is not made yet."""
    series = _series(request.user, key)
    initial = {"name": series.name, "zone": series.zone} | arguments.initial(series.settings)
    form = ClassForm(sent(request), user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            planning.change(
                actor=request.user, series=series, name=form.cleaned_data["name"], asked=form.asked
            )
        except ActionRefused as refused:
            form.add_error(arguments.field_of(refused.field), refused.message)
        else:
            messages.success(request, _("The classes that are not created yet were changed."))
            return _to(request, resolve_url("live:plan", key))
    return _ask(request, form, series=series)


@require_POST
@signed_in
def move(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Another time, by the clock in the plan's zone, for one class that is not made yet."""
    series = _series(request.user, key)
    planned = get_object_or_404(PlannedClass, series=series, pk=pk)
    form = MoveForm(request.POST)
    if not form.is_valid():
        messages.error(
            request, _("The class was not moved. Enter a date and time, for example 2026-09-01 09:30.")
        )
        return redirect("live:plan", key)
    start = local_start(form.cleaned_data["starts_at"], ZoneInfo(series.zone))
    try:
        count = planning.move(actor=request.user, series=series, planned=planned, starts_at=start.at)
    except ActionRefused as refused:
        messages.error(request, refused.message)
        return redirect("live:plan", key)
    if count:
        messages.success(request, _("The class was moved."))
    else:
        messages.error(
            request,
            _("The class was created in the meantime. The cloud does not allow a created class to be moved."),
        )
    return redirect("live:plan", key)


def _said(name: str, count: int) -> str:
    if not count:
        return _("Nothing was changed: someone else was faster.")
    words = {
        "retry": ngettext("Retrying %(n)d class.", "Retrying %(n)d classes.", count),
        "cancel": ngettext("%(n)d class was cancelled.", "%(n)d classes were cancelled.", count),
        "restore": ngettext("%(n)d class is scheduled again.", "%(n)d classes are scheduled again.", count),
    }
    return words[name] % {"n": count}


def _series(user: User, key: str) -> Series:
    return get_object_or_404(
        planning.visible_series(user).select_related("created_by", "taught_by").distinct(), key=key
    )


def _is_far(start: Any) -> bool:
    """Whether the cloud would not keep the class until then."""
    return planning.due_at(start, now=clock.now()) > clock.now() + timedelta(minutes=1)


def _plan(user: User, form: ClassForm) -> Series:
    said = form.cleaned_data
    return planning.plan(
        actor=user,
        request_id=said["request_id"] or uuid4().hex,
        name=said["name"],
        starts=[start.at for start in form.starts],
        zone=form.in_zone.key,
        asked=form.asked,
        weekdays=sorted({start.local.weekday() for start in form.starts}) if form.weekly else [],
        taught_by=said.get("taught_by"),
    )


def _created(request: HttpRequest, form: ClassForm, *, starts_at: Any) -> HttpResponse:
    entry: Entry = classes.create_class(
        actor=request.user, name=form.cleaned_data["name"], starts_at=starts_at, **form.asked
    )
    how = command_state(entry)
    if how.reason:
        form.add_error(None, how.reason)
        return _ask(request, form)
    room = Room.objects.filter(room_uuid=entry.room_uuid).first()
    if room is None:
        messages.success(request, _("The class was requested. It appears here when the cloud reports it."))
        return _to(request, resolve_url("live:classes"))
    messages.success(request, _("The class was created."))
    teacher = form.cleaned_data.get("taught_by")
    if teacher is not None:
        people.assign_room(actor=request.user, person=teacher, room=room)
    return _to(request, resolve_url("live:class", room.key))


def _like(request: HttpRequest) -> dict[str, Any]:
    """The form's values where it is to be like a class that is there."""
    key = request.GET.get("like", "")
    if request.method != "GET" or not key:
        return {}
    room = room_for(request.user, key)
    return {"name": room.name[:64]} | arguments.initial(settings_like(room))


def _ask(
    request: HttpRequest, form: ClassForm, *, preview: bool = False, series: Series | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "series": series,
        "kinds": arguments.KINDS,
        "kind": str(form["room_type"].value()),
        "roles": [(words, form[f"limit_{role}"], form[f"stream_{role}"]) for role, words in arguments.ROLES],
        "days": [
            (value, words, value in (form["weekdays"].value() or [])) for value, words in arguments.DAYS
        ],
        "repeat": form["repeat"].value() or "once",
        "zones": zones(),
        "preview": preview,
    }
    wrong = form.is_bound and not (preview and form.is_valid())
    return ask(request, "scheduling/create.html", context, status=422 if wrong else 200)


def _to(request: HttpRequest, address: str) -> HttpResponse:
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
