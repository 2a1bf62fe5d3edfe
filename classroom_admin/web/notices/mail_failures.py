"""The page with the mails that were not sent, for administrators."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from classroom_admin.accounts import mail as mails
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common.problem_texts import in_words
from classroom_admin.common.problems import from_json
from classroom_admin.integrations.mail import failures
from classroom_admin.integrations.mail.models import Mail
from classroom_admin.web.access import AuthenticatedHttpRequest, requires

MOST_SHOWN: Final = 100


@require_safe
@requires(Permission.SETTINGS)
def page(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the mails of the past 30 days that were not sent, with the reason and a button."""
    rows = [_row(mail) for mail in failures.failures()[:MOST_SHOWN]]
    context = {"rows": rows, "is_set_up": mails.is_set_up()}
    return render(request, "notices/mail_failures.html", context)


@require_POST
@requires(Permission.SETTINGS)
def again(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Send a mail again."""
    mail = get_object_or_404(Mail.objects.select_related("person"), pk=pk)
    try:
        failures.send_again(actor=request.user, mail=mail)
    except ActionRefused as refused:
        messages.warning(request, refused.message)
    else:
        messages.success(request, _("The mail will be sent again in a few seconds."))
    return redirect("notices:mail_failures")


def _row(mail: Mail) -> dict[str, Any]:
    problem = from_json(mail.problem)
    return {"mail": mail, "why": in_words(problem) if problem else _("It could not be sent in time.")}
