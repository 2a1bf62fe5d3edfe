"""The page of substitutions: who substitutes for whom, also for all classes of a teacher or a list."""

from datetime import datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import wide_substitutions
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common import clock
from classroom_admin.common.numbers import is_number
from classroom_admin.rooms.class_lists import visible_lists
from classroom_admin.rooms.models import ClassList
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.dialogs import sent
from classroom_admin.web.parameters import LocalMomentField

MOMENT: Final = "%Y-%m-%dT%H:%M"
MOST_SHOWN: Final = 200


class WideSubstitutionForm(forms.Form):
    """A form that appoints a substitute for a teacher or a list. Times are in the person's time zone."""

    of_teacher = forms.ModelChoiceField(
        User.objects.none(), label=_("All classes of the teacher"), required=False, empty_label=_("–")
    )
    class_list = forms.ModelChoiceField(
        ClassList.objects.none(),
        label=_("Or all classes with the class list"),
        required=False,
        to_field_name="key",
        empty_label=_("–"),
    )
    substitute = forms.ModelChoiceField(
        User.objects.none(),
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

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        now = timezone.localtime(clock.now()).replace(second=0, microsecond=0)
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
        kwargs["initial"] = {"starts_at": now, "ends_at": midnight}
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["of_teacher"].queryset = wide_substitutions.teachers_to_cover(user)
        fields["class_list"].queryset = visible_lists(user)
        fields["substitute"].queryset = wide_substitutions.substitutes()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if bool(cleaned.get("of_teacher")) == bool(cleaned.get("class_list")):
            self.add_error("of_teacher", gettext("Choose either a teacher or a class list."))
        return cleaned


@require_http_methods(["GET", "POST"])
@requires(Permission.SUBSTITUTE)
def substitutions(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show who substitutes for whom. A POST appoints a substitute, or ends the substitution `end`."""
    if request.method == "POST" and "end" in request.POST:
        return _end(request)
    form = WideSubstitutionForm(sent(request), user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            made = wide_substitutions.appoint(actor=request.user, **form.cleaned_data)
        except ActionRefused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        else:
            words = gettext("%(person)s is now the substitute.") % {"person": made.teacher}
            messages.success(request, words)
            return redirect("live:substitutions")
    context = {
        "form": form,
        "now": clock.now(),
        "rows": wide_substitutions.open_substitutions(request.user)[:MOST_SHOWN],
    }
    return render(request, "class_list/substitutions.html", context, status=422 if form.is_bound else 200)


def _end(request: AuthenticatedHttpRequest) -> HttpResponse:
    given = request.POST["end"]
    ended = wide_substitutions.end(actor=request.user, pk=int(given)) if is_number(given) else None
    if ended is None:
        messages.error(request, gettext("This substitution has already ended."))
    else:
        messages.success(request, gettext("The substitution was ended."))
    return redirect("live:substitutions")
