"""The dialog with which an administrator keeps the data of a class, or lets retention delete it again."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from classroom_admin.actions.errors import ActionRefused
from classroom_admin.privacy import keeping
from classroom_admin.rooms.access import access_by_key
from classroom_admin.web.access import AuthenticatedHttpRequest, administrator_only
from classroom_admin.web.dialogs import ask, sent

UNPROCESSABLE = 422


class KeepForm(forms.Form):
    """The form with the checkbox and the reason."""

    keep = forms.BooleanField(required=False, label=_("Keep the data of this class"))
    reason = forms.CharField(
        required=False,
        label=_("Reason"),
        help_text=_("Administrators see the reason in the settings and in the audit log."),
        max_length=keeping.LONGEST_REASON,
        widget=forms.Textarea({"rows": 3}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_only
def page(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Ask whether to keep the class. A POST stores the answer and returns to the class."""
    access = access_by_key(request.user, key)
    state = keeping.retention_of(access.room)
    initial = {"keep": state.kept_at is not None, "reason": state.kept_reason}
    form = KeepForm(sent(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            if form.cleaned_data["keep"]:
                keeping.keep(access, reason=form.cleaned_data["reason"])
                messages.success(request, gettext("Nothing of this class is deleted any more."))
            else:
                keeping.stop_keeping(access)
                messages.success(request, gettext("Retention applies to this class."))
        except ActionRefused as error:
            form.add_error(error.field or None, error.message)
        else:
            return redirect("live:class", key)
    context = {"room": access.room, "form": form, "state": state}
    status = UNPROCESSABLE if form.is_bound else 200
    return ask(request, "classroom/keep.html", context, status=status)
