"""The page on which people create and revoke their API tokens, and the command for administrators."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from classroom_admin.accounts import api_tokens
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.accounts.recently_signed_in import recently_signed_in
from classroom_admin.actions import api_tokens as actions
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.web.access import AuthenticatedHttpRequest, requires, signed_in
from classroom_admin.web.dialogs import sent

UNPROCESSABLE = 422
READ, READ_WRITE = "read", "read write"


class TokenForm(forms.Form):
    """A form for a new token."""

    name = forms.CharField(
        max_length=80,
        label=pgettext_lazy("thing", "Name"),
        help_text=gettext_lazy("The program that will use it, for example “Timetable import”."),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
    )
    scopes = forms.ChoiceField(
        label=gettext_lazy("Allowed"),
        choices=[(READ, gettext_lazy("Read")), (READ_WRITE, gettext_lazy("Read and write"))],
        initial=READ,
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Valid for"),
        coerce=int,
        initial=api_tokens.USUAL_DAYS,
        choices=[
            (30, gettext_lazy("30 days")),
            (api_tokens.USUAL_DAYS, gettext_lazy("90 days")),
            (180, gettext_lazy("180 days")),
            (api_tokens.MOST_DAYS, gettext_lazy("1 year")),
        ],
    )


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
@recently_signed_in
@sensitive_variables("secret")
def page(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the person's tokens. A POST creates one, and shows it this one time."""
    form, secret = TokenForm(sent(request)), ""
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            _made, secret = actions.create_token(
                person=request.user,
                actor=request.user,
                name=chosen["name"],
                scopes=chosen["scopes"].split(),
                days=chosen["days"],
            )
        except ActionRefused as refused:
            form.add_error(refused.field, refused.message)
        else:
            form = TokenForm()
    context = {"form": form, "secret": secret, "tokens": actions.rows_of(request.user)}
    return render(request, "account/tokens.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_POST
@signed_in
def revoke(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Revoke a token of one's own."""
    ended = actions.revoke_token(actor=request.user, person=request.user, pk=pk)
    if ended is not None:
        messages.success(request, _("The token “%(name)s” no longer works.") % {"name": ended.name})
    return redirect("tokens:own")


@require_POST
@requires(Permission.PEOPLE)
@recently_signed_in
def revoke_of_person(request: AuthenticatedHttpRequest, pk: int, number: int) -> HttpResponse:
    """Revoke a token of another person."""
    person = get_object_or_404(User, pk=pk)
    ended = actions.revoke_token(actor=request.user, person=person, pk=number)
    if ended is not None:
        messages.success(request, _("The token “%(name)s” no longer works.") % {"name": ended.name})
    return redirect("people:person", pk=pk)
