"""Assign a class list to a class."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import reswap, trigger_client_event

from classroom_admin.actions import class_lists
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.class_lists import visible_lists
from classroom_admin.rooms.models import ClassList, Room
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.dialogs import ask, sent


class AssignedListForm(forms.Form):
    """The choice of a class list, or of no list."""

    class_list = forms.ModelChoiceField(
        ClassList.objects.none(), to_field_name="key", required=False, label=_("Class list")
    )

    def __init__(self, *args: Any, lists: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["class_list"]
        field.queryset = lists
        field.empty_label = _("No list")


@require_http_methods(["GET", "POST"])
@signed_in
def class_list(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the dialog (GET) or assign the list (POST). The event stream then updates the page."""
    access = access_by_key(request.user, key, Room.objects.select_related("class_list"))
    room = access.room
    lists = visible_lists(request.user)
    form = AssignedListForm(
        sent(request), lists=lists, initial={"class_list": room.class_list.key if room.class_list else None}
    )
    if request.method == "POST" and form.is_valid():
        class_lists.use_list(access, class_list=form.cleaned_data["class_list"])
        if not request.htmx:
            return redirect("live:class", key)
        return trigger_client_event(reswap(HttpResponse(), "none"), "live:commanded", {})
    context = {"room": room, "form": form, "any": lists.exists()}
    return ask(request, "classroom/commands/class_list.html", context, status=422 if form.is_bound else 200)
