"""Views that import files with accounts: upload a file, check its columns, preview the changes, save them.

The file and the person's choices are stored between these steps.
"""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from classroom_admin.accounts import mail
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.accounts.recently_signed_in import recently_signed_in
from classroom_admin.actions.account_files import saving
from classroom_admin.actions.account_files.comparison import Plan
from classroom_admin.actions.account_files.rows import AccountContents
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.rooms.class_list_files.cells import UnreadableFile
from classroom_admin.rooms.class_list_files.tables import LARGEST_BYTES
from classroom_admin.rooms.class_lists import file_for
from classroom_admin.rooms.models import ClassListFile
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.dialogs import sent
from classroom_admin.web.uploaded_tables import LABELS_OF_ACCOUNTS, FileForm, OptionsForm

ROWS_SHOWN = 8
UNPROCESSABLE = 422
EXAMPLE = (
    "name,e-mail,role,active,cloud user id,cloud user id\n"
    "Ada Lovelace,ada@school.example,teacher,yes,ada-1815,ada-home\n"
    "Alan Turing,alan@school.example,administrator,yes,,\n"
)


class NewPeopleForm(forms.Form):
    """A form for what the file does not say about new people."""

    role = forms.ChoiceField(
        label=_("Role of new people"),
        choices=User.Role.choices,
        help_text=_("It applies to people for whom the file names no role."),
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.PEOPLE)
def upload(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the form. A POST stores the file and redirects to its columns, or shows why it can't be read."""
    form = FileForm(sent(request), request.FILES if request.method == "POST" else None)
    problem = ""
    if request.method == "POST" and form.is_valid():
        uploaded = form.cleaned_data["file"]
        try:
            # Read one byte more than allowed to find out whether the file is too large.
            content = uploaded.read(LARGEST_BYTES + 1)
            file = saving.store_file(actor=request.user, name=uploaded.name, content=content)
            return redirect("people:import_columns", file.key)
        except UnreadableFile as error:
            problem = str(error)
    context = {"form": form, "problem": problem}
    return render(request, "people/import.html", context, status=UNPROCESSABLE if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.PEOPLE)
def columns(request: AuthenticatedHttpRequest, file_key: str) -> HttpResponse:
    """Show how the file was read. A POST stores the person's choices."""
    file = file_for(request.user, file_key, of_accounts=True)
    contents, problem = None, ""
    try:
        contents = saving.contents_of(file)
    except UnreadableFile as error:
        problem = str(error)
    encoding = file.options.get("encoding", "utf-8")
    form = OptionsForm(sent(request), contents=contents, encoding=encoding, labels=LABELS_OF_ACCOUNTS)
    if request.method == "POST" and form.is_valid():
        saving.choose(file, form.options())
        step = "people:import_preview" if "preview" in request.POST else "people:import_columns"
        return redirect(step, file_key)
    context = {
        "file": file,
        "contents": contents,
        "problem": problem,
        "form": form,
        "rows": contents.columns.rows[:ROWS_SHOWN] if contents and contents.columns else [],
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "people/import_columns.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PEOPLE)
@recently_signed_in
def preview(request: AuthenticatedHttpRequest, file_key: str) -> HttpResponse:
    """Show what an import would do. A POST does it."""
    file = file_for(request.user, file_key, of_accounts=True)
    try:
        contents = saving.contents_of(file)
    except UnreadableFile:
        return redirect("people:import_columns", file_key)
    if not contents.usable:
        return redirect("people:import_columns", file_key)
    chosen = request.POST if request.method == "POST" else request.GET
    form = NewPeopleForm({"role": chosen.get("role", User.Role.TEACHER)})
    role = form.cleaned_data["role"] if form.is_valid() else User.Role.TEACHER.value
    if request.method == "POST" and form.is_valid():
        return _save(request, file, contents, role)
    plan = saving.plan_of(actor=request.user, rows=contents.rows, new_role=role)
    context = {
        "file": file,
        "contents": contents,
        "plan": plan,
        "form": form,
        "asks_role": _asks_role(contents, plan),
        "has_mail": mail.is_set_up(),
    }
    return render(request, "people/import_preview.html", context)


@require_safe
@requires(Permission.PEOPLE)
def download(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Return all accounts as a CSV file, which can be imported again."""
    return _csv(saving.people_csv(actor=request.user), "people.csv")


@require_safe
@requires(Permission.PEOPLE)
def example(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Return an example of a file with accounts."""
    return _csv("\ufeff" + EXAMPLE, "people-example.csv")


def _save(
    request: AuthenticatedHttpRequest, file: ClassListFile, contents: AccountContents, role: str
) -> HttpResponse:
    invite = "invite" in request.POST
    try:
        plan = saving.import_accounts(
            actor=request.user,
            rows=contents.rows,
            new_role=role,
            invite=invite,
            seen=request.POST.get("plan", ""),
            file=file,
        )
    except ActionRefused as refusal:
        messages.error(request, refusal.message)
        return redirect("people:import_preview", file.key)
    text = gettext(
        "The people were saved: %(created)s added, %(changed)s changed, %(deactivated)s deactivated, "
        "%(reactivated)s reactivated."
    )
    messages.success(request, text % plan.counts)
    invited = sum(change.after.active for change in plan.created)
    if invite and invited:
        text = ngettext(
            "%(count)s invitation is sent by mail now.",
            "%(count)s invitations are sent by mail now.",
            invited,
        )
        messages.info(request, text % {"count": invited})
    return redirect("people:list")


def _asks_role(contents: AccountContents, plan: Plan) -> bool:
    """Return whether the file has new people without a role."""
    new = {change.line for change in plan.created}
    return any(row.line in new and not row.role for row in contents.rows)


def _csv(text: str, name: str) -> HttpResponse:
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
