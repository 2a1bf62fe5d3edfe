"""Views that create or schedule classes, validate the form while typing, and show scheduled series."""

from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import class_lists, class_state, people, same_class, scheduling, series_changes
from classroom_admin.actions.early_starts import settings_of
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.actions.rescheduling import Scope
from classroom_admin.actions.series_selectors import scheduled_classes, slots_of, visible_series
from classroom_admin.audit.models import Entry
from classroom_admin.common.numbers import is_number
from classroom_admin.rooms.access import ClassAccess, access_by_key, access_to
from classroom_admin.rooms.models import ClassList, Room
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.dialogs import ask, sent
from classroom_admin.web.parameters import without_nul
from classroom_admin.web.scheduling import arguments
from classroom_admin.web.scheduling.forms import ClassForm, SettingsForm, zones
from classroom_admin.web.scheduling.plans import Plan, plans_of
from classroom_admin.web.scheduling.series_form import SCOPES, ChangeForm, Preview, anchor_of
from classroom_admin.web.wording import command_state

WITHOUT_ERROR_PLACE: Final = {"request_id", "like", "list_students", "repeat"}
"""The form fields for which the page shows no errors."""
DO: Final = {"retry": scheduling.try_again, "cancel": scheduling.cancel, "restore": scheduling.restore}


@require_http_methods(["GET", "POST"])
@requires(Permission.SCHEDULE)
def create(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the form. A POST creates a class or schedules a series. `like` is the key of a class to copy."""
    source = _source(request)
    form = ClassForm(sent(request), user=request.user, initial=_like(request, source))
    if request.method != "POST" or "preview" in request.POST or not form.is_valid():
        return _ask(request, form, source=source, preview="preview" in request.POST)
    try:
        starts = [start.at for start in form.starts]
        if form.weekly or (starts and scheduling.is_far(starts[0])):
            return _to(request, resolve_url("live:plan", _plan(request.user, form, source).key))
        return _created(request, form, source, starts_at=starts[0] if starts else None)
    except ActionRefused as refused:
        form.add_error(arguments.field_of(refused.field), refused.message)
    return _ask(request, form, source=source)


@require_POST
@requires(Permission.SCHEDULE)
def check(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Check the form while the person types. Return its errors and dates."""
    form = ClassForm(request.POST, user=request.user)
    form.is_valid()
    filled = [name for name in form.errors if name == "__all__" or request.POST.get(name)]
    wrong = {name: form.errors[name] for name in filled}
    shown = set(form.fields) - WITHOUT_ERROR_PLACE
    fields: list[dict[str, Any]] = [{"field": form[name], "errors": wrong.get(name, [])} for name in shown]
    context = {"form": form, "fields": fields, "others": wrong.get("__all__", [])}
    return render(request, "scheduling/_check.html", context)


@require_safe
@requires(Permission.SCHEDULE)
def plans(request: AuthenticatedHttpRequest) -> HttpResponse:
    """List the scheduled series, including past series."""
    return render(request, "scheduling/plans.html", {"plans": plans_of(request.user)})


@require_safe
@requires(Permission.SCHEDULE)
def plan(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show one series and the state of each class. For htmx, render only the part that changes."""
    shown = Plan(_series(request.user, key))
    return render(
        request, "scheduling/_plan.html" if request.htmx else "scheduling/plan.html", {"plan": shown}
    )


@require_POST
@requires(Permission.SCHEDULE)
def change_state(request: AuthenticatedHttpRequest, key: str, name: str) -> HttpResponse:
    """Retry failed classes, cancel classes that were not created yet, or restore a cancelled class."""
    series = _series(request.user, key)
    pk = request.POST.get("planned")
    # A wrong number must not become a command for all classes.
    if name not in DO or (pk is None and name == "restore") or (pk is not None and not is_number(pk)):
        raise Http404(_("This command does not exist. Reload the page."))
    found = {} if pk is None else {"planned": _class_of(series, int(pk))}
    count = DO[name](actor=request.user, series=series, **found)
    if request.htmx:
        return render(request, "scheduling/_plan.html", {"plan": Plan(series), "said": _result(name, count)})
    messages.success(request, _result(name, count))
    return redirect("live:plan", key)


@require_http_methods(["GET", "POST"])
@requires(Permission.SCHEDULE)
def change(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Change one class of a series, this class and later ones, or all.

    With `preview`, only show the changes.
    """
    series = _series(request.user, key)
    slots = slots_of(series)
    anchor = anchor_of(slots, (sent(request) or request.GET).get("from", ""))
    if anchor is None:
        return ask(request, "scheduling/change.html", {"series": series})
    scope = Scope.THIS if "from" in request.GET else Scope.ALL
    form = ChangeForm(
        sent(request), user=request.user, series=series, slots=slots, anchor=anchor, scope=scope
    )
    shown = _preview(series, form) if request.method == "POST" else None
    if "preview" in request.POST or shown is None:
        return _ask_change(request, form, series, shown)
    try:
        series_changes.apply(
            actor=request.user, series=series, edit=form.edit, seen=request.POST.get("seen", "")
        )
    except series_changes.Outdated:
        return _ask_change(request, form, series, shown, outdated=True)
    except ActionRefused as refused:
        form.add_error(None, refused.message)
        return _ask_change(request, form, series, shown)
    messages.success(request, _("The series was changed."))
    return _to(request, resolve_url("live:plan", key))


def _preview(series: Series, form: ChangeForm) -> Preview | None:
    """Return a preview of the change, or None if the form is not valid."""
    if not form.is_valid():
        return None
    try:
        changes = series_changes.preview(series=series, edit=form.edit)
    except ActionRefused as refused:
        field = {"schedule.startTime": "at", "until": "until"}.get(refused.field or "")
        form.add_error(field or arguments.field_of(refused.field), refused.message)
        return None
    return Preview(changes, ZoneInfo(series.zone))


def _ask_change(
    request: AuthenticatedHttpRequest,
    form: ChangeForm,
    series: Series,
    preview: Preview | None,
    *,
    outdated: bool = False,
) -> HttpResponse:
    context = _settings_context(form) | {"series": series, "preview": preview, "outdated": outdated}
    context |= {"scopes": SCOPES, "scope": form["scope"].value(), "several": form.several}
    if request.htmx and "preview" in request.POST:
        context["fields"] = [
            {"field": form[name], "errors": form.errors.get(name, [])} for name in form.fields
        ]
        return render(request, "scheduling/_changes.html", context)
    wrong = request.method == "POST" and "preview" not in request.POST
    return ask(request, "scheduling/change.html", context, status=422 if wrong else 200)


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
        visible_series(user).select_related("created_by", "taught_by", "class_list").distinct(), key=key
    )


def _class_of(series: Series, pk: int) -> ScheduledCommand:
    return get_object_or_404(scheduled_classes(), series=series, pk=pk)


@transaction.atomic
def _plan(user: User, form: ClassForm, source: ClassAccess | None) -> Series:
    filled = form.cleaned_data
    teacher = filled.get("taught_by")
    return scheduling.plan(
        actor=user,
        request_id=filled["request_id"] or uuid4().hex,
        name=filled["name"],
        starts=[start.at for start in form.starts],
        zone=form.in_zone.key,
        asked=form.asked,
        weekdays=sorted({start.local.weekday() for start in form.starts}) if form.weekly else [],
        every=filled.get("every") or 1,
        taught_by=teacher,
        class_list=_list_for(form, source),
        payload=same_class.payload_for(source, taught_by=teacher) if source else None,
    )


def _created(
    request: AuthenticatedHttpRequest, form: ClassForm, source: ClassAccess | None, *, starts_at: Any
) -> HttpResponse:
    entry: Entry = class_state.create_class(
        request.user, name=form.cleaned_data["name"], starts_at=starts_at, **form.asked
    )
    how = command_state(entry)
    if how.reason:
        form.add_error(None, how.reason)
        return _ask(request, form, source=source)
    room = Room.objects.filter(room_uuid=entry.room_uuid).first()
    if room is None:
        messages.success(request, _("The class was requested. It appears here when the cloud reports it."))
        return _to(request, resolve_url("live:classes"))
    messages.success(request, _("The class was created."))
    teacher = form.cleaned_data.get("taught_by")
    if teacher is not None:
        people.assign_room(actor=request.user, person=teacher, room=room)
    class_list = _list_for(form, source)
    if class_list is not None:
        class_lists.use_list(access_to(request.user, room), class_list=class_list)
    if source is not None:
        same_class.carry_over(access_to(request.user, room), source=source, taught_by=teacher)
    return _to(request, resolve_url("live:class", room.key))


def _list_for(form: ClassForm, source: ClassAccess | None) -> ClassList | None:
    """Return the class list for the new class, or None.

    If none was chosen but the form asks for it, make a list of the students of the class `source`.
    """
    chosen: ClassList | None = form.cleaned_data["class_list"]
    wanted = form.cleaned_data["list_students"] and source and same_class.carried_over(source).students
    return same_class.list_of_students(source) if source and wanted and chosen is None else chosen


def _source(request: AuthenticatedHttpRequest) -> ClassAccess | None:
    """Return the class to copy. Return None if the request has no key `like`."""
    key = without_nul((request.GET if request.method == "GET" else request.POST).get("like", ""))
    return access_by_key(request.user, key, Room.objects.select_related("class_list")) if key else None


def _like(request: AuthenticatedHttpRequest, source: ClassAccess | None) -> dict[str, Any]:
    """Return initial values of the form from the class `source`."""
    if request.method != "GET" or source is None:
        return {}
    room = source.room
    found: dict[str, Any] = {"name": room.name[:64], "like": room.key}
    if room.class_list:
        found["class_list"] = room.class_list.key
    carried_over = same_class.carried_over(source)
    if carried_over.teachers:
        found["taught_by"] = carried_over.teachers[0].pk
    found["list_students"] = bool(carried_over.students)
    return found | arguments.initial(settings_of(room))


def _ask(
    request: AuthenticatedHttpRequest,
    form: ClassForm,
    *,
    source: ClassAccess | None = None,
    preview: bool = False,
) -> HttpResponse:
    context = _settings_context(form) | {
        "carried_over": same_class.carried_over(source) if source else None,
        "repeat": form["repeat"].value() or "once",
        "zones": zones(),
        "preview": preview,
    }
    wrong = form.is_bound and not (preview and form.is_valid())
    return ask(request, "scheduling/create.html", context, status=422 if wrong else 200)


def _settings_context(form: SettingsForm) -> dict[str, Any]:
    return {
        "form": form,
        "kinds": arguments.KINDS,
        "kind": str(form["room_type"].value()),
        "roles": [(words, form[f"limit_{role}"], form[f"stream_{role}"]) for role, words in arguments.ROLES],
        "days": [
            (value, words, value in (form["weekdays"].value() or [])) for value, words in arguments.DAYS
        ],
    }


def _to(request: AuthenticatedHttpRequest, address: str) -> HttpResponse:
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
