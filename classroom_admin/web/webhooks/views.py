"""The settings pages of outgoing webhooks: addresses, secrets, and the log of messages."""

from __future__ import annotations

import json
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from classroom_admin.accounts.permissions import Permission
from classroom_admin.accounts.recently_signed_in import ask, is_recent, recently_signed_in
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common.problem_texts import in_words
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.integrations.webhooks import actions, payloads, selectors
from classroom_admin.integrations.webhooks.models import KIND_LABELS, Delivery, Endpoint
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.webhooks.forms import EndpointForm, LogForm

UNPROCESSABLE: Final = 422


@require_safe
@requires(Permission.SETTINGS)
def webhooks(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show all webhooks."""
    rows = [
        {"endpoint": one, "kinds": [KIND_LABELS[Notice.Kind(kind)] for kind in one.kinds]}
        for one in selectors.endpoints()
    ]
    return render(request, "webhooks/list.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS)
def add(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Add a webhook."""
    return _form(request, None)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS)
def change(request: AuthenticatedHttpRequest, key: str) -> HttpResponseBase:
    """Change a webhook."""
    return _form(request, get_object_or_404(Endpoint, key=key))


def _form(request: AuthenticatedHttpRequest, endpoint: Endpoint | None) -> HttpResponseBase:
    """Show the form, or save it. Ask for a confirmation of who it is before the form is filled in."""
    if not is_recent(request):
        return ask(request)
    form = EndpointForm(request.POST if request.method == "POST" else None, endpoint=endpoint)
    if form.is_valid():
        try:
            saved = actions.save(actor=request.user, endpoint=endpoint, **form.cleaned_data)
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            messages.success(request, _("%(webhook)s was saved.") % {"webhook": saved})
            return redirect("webhooks:webhook", saved.key)
    context = {"form": form, "endpoint": endpoint}
    return render(request, "webhooks/form.html", context, status=UNPROCESSABLE if form.is_bound else 200)


@require_safe
@requires(Permission.SETTINGS)
def webhook(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show a webhook and its log."""
    return _page(request, get_object_or_404(Endpoint, key=key))


@sensitive_variables()
def _page(request: AuthenticatedHttpRequest, endpoint: Endpoint, *, shown_secret: str = "") -> HttpResponse:
    form = LogForm(request.GET)
    before = form.cleaned_data["before"] if form.is_valid() else None
    rows, older = selectors.log(endpoint, before=before)
    context = {
        "endpoint": endpoint,
        "kinds": [KIND_LABELS[Notice.Kind(kind)] for kind in endpoint.kinds],
        "shown_secret": shown_secret,
        "has_two_secrets": selectors.has_two_secrets(endpoint),
        "rows": [_row(one) for one in rows],
        "older": older,
        "is_newest": before is None,
    }
    return render(request, "webhooks/webhook.html", context)


def _row(delivery: Delivery) -> dict[str, Any]:
    """Return what the log shows of a message."""
    attempts = list(delivery.attempts.all())
    return {
        "delivery": delivery,
        "label": _label(delivery),
        "attempts": attempts,
        "last": attempts[-1] if attempts else None,
    }


def _label(delivery: Delivery) -> str:
    if delivery.notice is None:
        return pgettext("webhook", "Test")
    return str(KIND_LABELS[Notice.Kind(delivery.notice.kind)])


@require_POST
@requires(Permission.SETTINGS)
def switch(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Switch a webhook on or off."""
    endpoint = get_object_or_404(Endpoint, key=key)
    is_on = request.POST.get("on") == "1"
    actions.switch(actor=request.user, endpoint=endpoint, is_on=is_on)
    text = _("%(webhook)s is now on.") if is_on else _("%(webhook)s is now off. It gets no new messages.")
    messages.success(request, text % {"webhook": endpoint})
    return redirect("webhooks:webhook", endpoint.key)


@require_POST
@requires(Permission.SETTINGS)
def test(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Send a test message, and show the answer."""
    endpoint = get_object_or_404(Endpoint, key=key)
    _delivery, outcome = actions.send_test(actor=request.user, endpoint=endpoint)
    if outcome.problem is None:
        words = _("The receiver accepted the test message (status %(status)s).")
        messages.success(request, words % {"status": outcome.status})
    else:
        words = _("The test message was not accepted. %(problem)s")
        messages.error(request, words % {"problem": in_words(outcome.problem)})
    return redirect("webhooks:webhook", endpoint.key)


@require_POST
@requires(Permission.SETTINGS)
@recently_signed_in
@sensitive_variables()
def secret(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the secret of a webhook."""
    endpoint = get_object_or_404(Endpoint, key=key)
    try:
        shown = actions.show_secret(actor=request.user, endpoint=endpoint)
    except ActionRefused as refusal:
        messages.error(request, refusal.message)
        return redirect("webhooks:webhook", endpoint.key)
    return _page(request, endpoint, shown_secret=shown)


@require_POST
@requires(Permission.SETTINGS)
@recently_signed_in
def rotate(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Create a new secret. The old one stays valid for a day."""
    endpoint = get_object_or_404(Endpoint, key=key)
    actions.rotate_secret(actor=request.user, endpoint=endpoint)
    messages.success(
        request, _("There is a new secret. Messages are signed with the old one, too, for a day.")
    )
    return redirect("webhooks:webhook", endpoint.key)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS)
@recently_signed_in
def delete(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Ask whether to delete a webhook. A POST deletes it."""
    endpoint = get_object_or_404(Endpoint, key=key)
    if request.method != "POST":
        return render(request, "webhooks/delete.html", {"endpoint": endpoint})
    actions.delete(actor=request.user, endpoint=endpoint)
    messages.success(request, _("%(webhook)s was deleted.") % {"webhook": endpoint})
    return redirect("webhooks:list")


@require_safe
@requires(Permission.SETTINGS)
def message(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Show a message: what is sent, and the answers."""
    delivery = _delivery_or_404(key, pk)
    body = json.dumps(json.loads(payloads.body_of(delivery)), ensure_ascii=False, indent=2)
    context = {**_row(delivery), "endpoint": delivery.endpoint, "body": body}
    return render(request, "webhooks/message.html", context)


@require_POST
@requires(Permission.SETTINGS)
def again(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Send a message again."""
    delivery = _delivery_or_404(key, pk)
    try:
        actions.send_again(actor=request.user, delivery=delivery)
    except ActionRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The message will be sent again in a few seconds."))
    return redirect("webhooks:message", key, pk)


def _delivery_or_404(key: str, pk: int) -> Delivery:
    rows = Delivery.objects.select_related("endpoint", "notice__room", "room")
    return get_object_or_404(rows, pk=pk, endpoint__key=key)
