"""The page that says why a sign-in through school sign-on failed."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from classroom_admin.accounts.sign_on_providers import Provider
from classroom_admin.actions.sign_on import record_refusal
from classroom_admin.common import sign_on_texts
from classroom_admin.common.problem_texts import in_words
from classroom_admin.common.problems import Problem

FORBIDDEN: Final = 403


def refused(
    request: HttpRequest, provider: Provider | None, problem: Problem, *, email: str = ""
) -> HttpResponse:
    """Record why the sign-in failed, and return the page that says so.

    If the provider or its settings are the cause, the page says only that. The audit log has the details.
    """
    record_refusal(provider, problem, email=email)
    is_provider = problem.code in sign_on_texts.PROVIDER
    context = {
        "provider": provider,
        "is_provider": is_provider,
        "reason": "" if is_provider else in_words(problem),
        "is_deactivated": problem.code == "account_deactivated",
    }
    # Not a 5xx status: a proxy may replace the page then.
    return render(request, "socialaccount/authentication_error.html", context, status=FORBIDDEN)
