"""The settings pages of chat services."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common.problem_texts import in_words
from classroom_admin.integrations.chat_targets import actions
from classroom_admin.integrations.chat_targets.models import ChatMessage, ChatTarget
from classroom_admin.integrations.notices.sentences import KINDS, sentence
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.notices.chat_target_form import ChatTargetForm

UNPROCESSABLE: Final = 422
LATEST: Final = 20


@never_cache
@require_safe
@requires(Permission.SETTINGS)
def targets(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the chat services and the latest messages that failed."""
    return render(request, "notices/targets.html", {"targets": _targets(), "failures": _failures()})


@sensitive_post_parameters("address", "token")
@sensitive_variables()
@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS)
def add(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Add a chat service."""
    return _form(request, None)


@sensitive_post_parameters("address", "token")
@sensitive_variables()
@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS)
def change(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Change a chat service."""
    return _form(request, get_object_or_404(ChatTarget, key=key))


@require_POST
@requires(Permission.SETTINGS)
def test(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Send a test message now, and say whether the service took it."""
    row = get_object_or_404(ChatTarget, key=key)
    problem = actions.send_test(actor=request.user, row=row)
    if problem is None:
        messages.success(request, _("%(name)s took the test message.") % {"name": row.name})
    else:
        facts = {"name": row.name, "problem": in_words(problem)}
        messages.error(request, _("%(name)s did not take the test message: %(problem)s") % facts)
    return redirect("notices:targets")


@require_POST
@requires(Permission.SETTINGS)
def switch(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Switch a chat service on or off."""
    row, is_on = get_object_or_404(ChatTarget, key=key), request.POST.get("on") == "1"
    actions.switch_target(actor=request.user, row=row, is_on=is_on)
    text = _("%(name)s is now on.") if is_on else _("%(name)s is now off. It gets no messages.")
    messages.success(request, text % {"name": row.name})
    return redirect("notices:targets")


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS)
def delete(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Ask whether to delete a chat service. A POST deletes it."""
    row = get_object_or_404(ChatTarget, key=key)
    if request.method != "POST":
        return render(request, "notices/delete_target.html", {"target": row})
    actions.delete_target(actor=request.user, row=row)
    messages.success(request, _("%(label)s was deleted.") % {"label": row.name})
    return redirect("notices:targets")


@sensitive_variables()
def _form(request: AuthenticatedHttpRequest, row: ChatTarget | None) -> HttpResponse:
    form = ChatTargetForm(request.POST if request.method == "POST" else None, row=row)
    if form.is_valid():
        only_list = form.cleaned_data["class_list"] is not None
        try:
            saved = actions.save_target(actor=request.user, row=row, only_list=only_list, **form.cleaned_data)
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            messages.success(
                request, _("%(name)s was saved. Send a test message to check it.") % {"name": saved.name}
            )
            return redirect("notices:targets")
    return render(
        request,
        "notices/target.html",
        {"form": form, "target": row},
        status=UNPROCESSABLE if form.is_bound else 200,
    )


def _targets() -> list[Any]:
    """Return the targets, each with the words for its kinds as `what`, and how many messages wait."""
    waiting = Count("messages", filter=Q(messages__claimable_at__isnull=False))
    found: list[Any] = list(ChatTarget.objects.select_related("class_list").annotate(waiting=waiting))
    for one in found:
        one.what = [str(words) for kind, words in KINDS.items() if kind in one.kinds]
    return found


def _failures() -> list[Any]:
    """Return the latest messages that failed or are tried again, with their words as `what`."""
    tried: QuerySet[ChatMessage] = ChatMessage.objects.filter(problem__isnull=False)
    found: list[Any] = list(tried.select_related("target", "notice__room")[:LATEST])
    for one in found:
        one.what = sentence(one.notice)
    return found
