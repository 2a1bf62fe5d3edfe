"""Views that create or schedule classes, validate the form while typing, and show scheduled series."""

from datetime import timedelta
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from classroom_admin.accounts.models import User
from classroom_admin.actions import class_state, people, scheduling
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.actions.recurrence import local_start
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.models import Room
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.dialogs import ask, sent
from classroom_admin.web.scheduling import arguments
from classroom_admin.web.scheduling.forms import ClassForm, MoveForm, zones
from classroom_admin.web.scheduling.plans import Plan, plans_of, settings_like
from classroom_admin.web.wording import command_state

WITHOUT_ERROR_PLACE: Final = {"request_id", "repeat"}
"""The form fields for which the page shows no errors."""
ONLY_WHEN_NEW: Final = {"starts_at", "weekdays", "every", "until", "times", "zone", "taught_by"}
DO: Final = {"retry": scheduling.try_again, "cancel": scheduling.cancel, "restore": scheduling.restore}


@require_http_methods(["GET", "POST"])
@signed_in
def create(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the form. A POST creates a class or schedules a series. `like` copies the values of a class."""
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
def check(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Validate the form while the person types. Return its errors and dates. Change no data."""
    form = ClassForm(request.POST, user=request.user)
    form.is_valid()
    filled = [name for name in form.errors if name == "__all__" or request.POST.get(name)]
    wrong = {name: form.errors[name] for name in filled}
    shown = set(form.fields) - WITHOUT_ERROR_PLACE - (ONLY_WHEN_NEW if "changing" in request.POST else set())
    fields: list[dict[str, Any]] = [{"field": form[name], "errors": wrong.get(name, [])} for name in shown]
    context = {"form": form, "fields": fields, "others": wrong.get("__all__", [])}
    return render(request, "scheduling/_check.html", context)


@require_safe
@signed_in
def plans(request: AuthenticatedHttpRequest) -> HttpResponse:
    """List the scheduled series, including past series."""
    return render(request, "scheduling/plans.html", {"plans": plans_of(request.user)})


@require_safe
@signed_in
def plan(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show one series with the state of each class. For htmx, render only the part that changes."""
    shown = Plan(_series(request.user, key))
    return render(
        request, "scheduling/_plan.html" if request.htmx else "scheduling/plan.html", {"plan": shown}
    )


@require_POST
@signed_in
def change_state(request: AuthenticatedHttpRequest, key: str, name: str) -> HttpResponse:
    """Retry failed classes, cancel classes that are not created yet, or restore a cancelled class."""
    series = _series(request.user, key)
    if name not in DO or (name == "restore" and "planned" not in request.POST):
        raise Http404("There is no such command.")
    pk = request.POST.get("planned", "")
    found = {"planned": _class_of(series, int(pk))} if pk.isdecimal() else {}
    count = DO[name](actor=request.user, series=series, **found)
    if request.htmx:
        return render(request, "scheduling/_plan.html", {"plan": Plan(series), "said": _result(name, count)})
    messages.success(request, _result(name, count))
    return redirect("live:plan", key)


@require_http_methods(["GET", "POST"])
@signed_in
def change(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Change the name and settings of the classes in a series that are not created yet."""
    series = _series(request.user, key)
    initial = {"name": series.name, "zone": series.zone} | arguments.initial(series.settings)
    form = ClassForm(sent(request), user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            scheduling.change(
                actor=request.user, series=series, name=form.cleaned_data["name"], asked=form.asked
            )
        except ActionRefused as refused:
            form.add_error(arguments.field_of(refused.field), refused.message)
        else:
            messages.success(request, _("Changes saved for all classes that have not been created yet."))
            return _to(request, resolve_url("live:plan", key))
    return _ask(request, form, series=series)


@require_POST
@signed_in
def move(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Move a class that is not created yet. The new time is in the series' time zone."""
    series = _series(request.user, key)
    planned = _class_of(series, pk)
    form = MoveForm(request.POST)
    if not form.is_valid():
        messages.error(
            request, _("The class was not moved. Enter a date and time, for example 2026-09-01 09:30.")
        )
        return redirect("live:plan", key)
    start = local_start(form.cleaned_data["starts_at"], ZoneInfo(series.zone))
    try:
        count = scheduling.move(actor=request.user, series=series, planned=planned, starts_at=start.at)
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


def _result(name: str, count: int) -> str:
    if not count:
        return _("Nothing was changed, because the classes changed in the meantime.")
    words = {
        "retry": ngettext("Retrying %(n)d class.", "Retrying %(n)d classes.", count),
        "cancel": ngettext("%(n)d class was cancelled.", "%(n)d classes were cancelled.", count),
        "restore": ngettext("%(n)d class is scheduled again.", "%(n)d classes are scheduled again.", count),
    }
    return words[name] % {"n": count}


def _series(user: User, key: str) -> Series:
    return get_object_or_404(
        scheduling.visible_series(user).select_related("created_by", "taught_by").distinct(), key=key
    )


def _class_of(series: Series, pk: int) -> ScheduledCommand:
    return get_object_or_404(scheduling.scheduled_classes(), series=series, pk=pk)


def _is_far(start: Any) -> bool:
    """Return whether a class must be created later, because the cloud would delete it before `start`."""
    return scheduling.due_at(start, now=clock.now()) > clock.now() + timedelta(minutes=1)


def _plan(user: User, form: ClassForm) -> Series:
    filled = form.cleaned_data
    return scheduling.plan(
        actor=user,
        request_id=filled["request_id"] or uuid4().hex,
        name=filled["name"],
        starts=[start.at for start in form.starts],
        zone=form.in_zone.key,
        asked=form.asked,
        weekdays=sorted({start.local.weekday() for start in form.starts}) if form.weekly else [],
        taught_by=filled.get("taught_by"),
    )


def _created(request: AuthenticatedHttpRequest, form: ClassForm, *, starts_at: Any) -> HttpResponse:
    entry: Entry = class_state.create_class(
        request.user, name=form.cleaned_data["name"], starts_at=starts_at, **form.asked
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


def _like(request: AuthenticatedHttpRequest) -> dict[str, Any]:
    """Return the initial values of the form. Copy them from the class with the key `like` in the query."""
    key = request.GET.get("like", "")
    if request.method != "GET" or not key:
        return {}
    room = access_by_key(request.user, key).room
    return {"name": room.name[:64]} | arguments.initial(settings_like(room))


def _ask(
    request: AuthenticatedHttpRequest, form: ClassForm, *, preview: bool = False, series: Series | None = None
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


def _to(request: AuthenticatedHttpRequest, address: str) -> HttpResponse:
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
