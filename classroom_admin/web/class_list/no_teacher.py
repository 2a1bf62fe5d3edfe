"""Views for a class without a teacher: enter the class yourself, or appoint a substitute."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.http import reswap, trigger_client_event

from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import TEACHING_ROLES, Permission, may
from classroom_admin.actions import people, substitutions
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import Series
from classroom_admin.agora.errors import Unauthorized
from classroom_admin.common import clock
from classroom_admin.common.numbers import is_number
from classroom_admin.rooms import class_selectors, selectors
from classroom_admin.rooms.access import ClassAccess, access_by_key
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.rooms.substitutions import of_room
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.dialogs import ask, sent
from classroom_admin.web.join_links import OBSERVER, TEACHER, way_in
from classroom_admin.web.parameters import LocalMomentField

ROLES: Final = {"teacher": TEACHER, "observer": OBSERVER}
MOMENT: Final = "%Y-%m-%dT%H:%M"
AFTER: Final = timedelta(minutes=10)
"""The time by which the proposed substitution exceeds the planned end of the class."""
WHOLE_SERIES: Final = "series"


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def enter(request: AuthenticatedHttpRequest, key: str, name: str) -> HttpResponse:
    """Redirect the person to the classroom. `name` says whether they enter as a teacher or an observer.

    If an administrator has no cloud id, a POST creates one. The response is then a page that opens the
    classroom, because our content security policy does not let forms redirect to another host.
    """
    if name not in ROLES:
        raise Http404(gettext("This page does not exist."))
    rooms = selectors.with_state(own_identity=class_selectors.own_identity(request.user))
    room: Any = access_by_key(request.user, key, rooms, to=Permission.JOIN).room
    identity = room.own_identity
    is_open = bool(settings.JOIN_URL_TEMPLATE) and not room.gone_at and room.now_state != RoomState.CLOSED
    if is_open and not identity and request.method == "POST" and may(request.user, Permission.PEOPLE):
        identity = people.create_own_cloud_id(actor=request.user)
    address = ""
    if is_open and identity:
        try:
            address = way_in(room=room.room_uuid, user=identity, name=str(request.user), role=ROLES[name])
        except Unauthorized:
            is_open = False
        if address and request.method == "GET":
            return redirect(address)
    context = {"room": room, "is_open": is_open, "address": address, "name": name}
    return render(request, "class_list/enter.html", context)


class SubstitutionForm(forms.Form):
    """A form that appoints a substitute. Times are in the person's time zone."""

    substitute = forms.ModelChoiceField(
        User.objects.filter(is_active=True, role__in=TEACHING_ROLES),
        label=_("Substitute"),
        empty_label=_("Choose a person…"),
        error_messages={"required": _("Choose a person.")},
    )
    starts_at = LocalMomentField(
        label=_("From"), widget=forms.DateTimeInput({"type": "datetime-local"}, format=MOMENT)
    )
    ends_at = LocalMomentField(
        label=_("Until"), widget=forms.DateTimeInput({"type": "datetime-local"}, format=MOMENT)
    )
    what = forms.ChoiceField(
        label=_("For"),
        required=False,
        initial="class",
        choices=[("class", _("This class")), (WHOLE_SERIES, _("All classes of the series in this period"))],
    )

    def __init__(self, *args: Any, room: Room, series: Series | None, **kwargs: Any) -> None:
        now = localtime(clock.now()).replace(second=0, microsecond=0)
        ends_at = now + timedelta(hours=1)
        if room.planned_end_at and room.planned_end_at > now:
            ends_at = localtime(room.planned_end_at).replace(second=0, microsecond=0) + AFTER
        kwargs["initial"] = {"starts_at": now, "ends_at": ends_at}
        super().__init__(*args, **kwargs)
        if series is None:
            del self.fields["what"]


@require_http_methods(["GET", "POST"])
@signed_in
def substitute(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Appoint a substitute for a period. If a POST has `end`, end the substitutions with these ids."""
    access = access_by_key(request.user, key, to=Permission.SUBSTITUTE)
    if request.method == "POST" and (ids := request.POST.getlist("end")):
        substitutions.end(access, ids=[int(pk) for pk in ids if is_number(pk)])
        return _done(request, access, gettext("The substitution was ended."))
    series = substitutions.series_of(access.room)
    form = SubstitutionForm(sent(request), room=access.room, series=series)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        whole = given.pop("what", "") == WHOLE_SERIES
        try:
            made = substitutions.appoint(access, **given, series=series if whole else None)
        except ActionRefused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        else:
            words = gettext("%(person)s is now the substitute.") % {"person": made.teacher}
            return _done(request, access, words)
    known = of_room(access.room, after=clock.now())
    context = {"room": access.room, "form": form, "series": series, "known": known}
    return ask(request, "class_list/substitute.html", context, status=422 if form.is_bound else 200)


def _done(request: AuthenticatedHttpRequest, access: ClassAccess, words: str) -> HttpResponse:
    if not request.htmx:
        messages.success(request, words)
        return redirect("live:class", access.room.key)
    return trigger_client_event(reswap(HttpResponse(), "none"), "live:commanded", {"target": "body"})
