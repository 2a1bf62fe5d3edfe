"""The page for people who forgot their password. It mails a link if the school has set up mail."""

from collections.abc import Collection
from contextvars import copy_context
from threading import Timer
from typing import Any, Final

from allauth.account import views
from allauth.account.forms import ResetPasswordForm
from django.db import connections
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from classroom_admin.accounts import mail, password_links, signals
from classroom_admin.accounts.models import User

AFTER_THE_ANSWER_S: Final = 1.0
"""When the link is created and mailed: later, so that the time of the answer says nothing about accounts."""


class ForgottenPasswordForm(ResetPasswordForm):  # type: ignore[misc]  # allauth has no types
    """The form for the email address. allauth limits how often it can be sent."""

    def save(self, request: HttpRequest, **_: Any) -> str:
        """Mail a link to the person with this address, if there is one. The answer does not say so."""
        known = [person.pk for person in self.users]
        # The context contains the language and the client address of this request.
        Timer(AFTER_THE_ANSWER_S, copy_context().run, args=[_send_links, known]).start()
        return str(self.cleaned_data["email"])


def _send_links(known: Collection[int]) -> None:
    try:
        for person in User.objects.filter(pk__in=known, is_active=True):
            if password_links.send_forgotten(person):
                signals.link_mailed.send(sender=User, user=person)
    finally:
        connections.close_all()


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponseBase:
    """Ask for the email address. Without mail, say that administrators create links."""
    if not mail.is_set_up():
        return render(request, "account/password_reset.html", {"has_mail": False})
    answer: HttpResponseBase = _page(request)
    return answer


class _Page(views.PasswordResetView):  # type: ignore[misc]
    extra_context = {"has_mail": True, "hours": password_links.FORGOTTEN_HOURS}


_page = _Page.as_view()
