"""Views of the first-run page. Its second and third step stay open to administrators."""

from typing import Any

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from classroom_admin.accounts import first_run
from classroom_admin.accounts.first_steps import CONTINUE_AT
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.accounts.recently_signed_in import recently_signed_in
from classroom_admin.accounts.throttling import TooManyAttempts
from classroom_admin.actions import people
from classroom_admin.actions.connection import try_connection
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.first_run import FirstRunIsOver, create_administrator
from classroom_admin.common import problem_texts
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.first_run.forms import AdministratorForm, TeacherForm
from classroom_admin.web.people.sign_in import link_of

UNPROCESSABLE = 422


@never_cache
@sensitive_post_parameters("code", "password1", "password2")
@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """Step 1: create the first administrator with the code from the log, and sign in."""
    if not first_run.is_open():
        return _over(request)
    form = AdministratorForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            person = create_administrator(
                request,
                code=given["code"],
                email=given["email"],
                name=given["name"],
                password=given["password1"],
            )
        except FirstRunIsOver:
            return _over(request)
        except TooManyAttempts as refused:
            form.add_error("code", refused)
        except ActionRefused as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            return _sign_in(request, person)
    context = {"form": form, "step": 1}
    return render(
        request, "first_run/administrator.html", context, status=UNPROCESSABLE if form.is_bound else 200
    )


@never_cache
@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS)
def connection(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Step 2: test the connection to the cloud, as the settings page does."""
    request.session.pop(CONTINUE_AT, None)
    context: dict[str, Any] = {
        "step": 2,
        "problems": [problem_texts.in_words(one) for one in settings.AGORA.problems()],
        "report": try_connection(actor=request.user) if request.method == "POST" else None,
    }
    return render(request, "first_run/connection.html", context)


@never_cache
@sensitive_variables("secret")
@require_http_methods(["GET", "POST"])
@requires(Permission.PEOPLE)
@recently_signed_in
def teacher(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Step 3: create the account of a teacher. Mail or show the link to choose a password."""
    form = TeacherForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made, secret = people.create_person(
                actor=request.user, role=User.Role.TEACHER, **form.cleaned_data
            )
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            return render(request, "first_run/invited.html", {"step": 3, **link_of(request, made, secret)})
    context = {"form": form, "step": 3}
    return render(request, "first_run/teacher.html", context, status=UNPROCESSABLE if form.is_bound else 200)


def _sign_in(request: HttpRequest, person: User) -> HttpResponse:
    """Sign the new administrator in. After a required second factor, the person continues with step 2."""
    if request.user.is_authenticated:
        logout(request)
    address = resolve_url("first_run:connection")
    answer: HttpResponse = perform_login(request, person, redirect_url=address)
    request.session[CONTINUE_AT] = address
    return answer


def _over(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        messages.info(request, _("There is an administrator now, so the code no longer works. Sign in."))
    return redirect("live:classes")
