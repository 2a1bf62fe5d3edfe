"""Views with which people choose their mails, and unsubscribe from them."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from classroom_admin.accounts.mail import language_of
from classroom_admin.integrations.mail import choices
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in


@require_POST
@signed_in
def choose(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Save which mails the signed-in person gets. The form is on the page of their own settings."""
    choices.choose(person=request.user, kinds=request.POST.getlist("mails"))
    messages.success(request, _("Your mails were saved."))
    return redirect("account_settings")


@never_cache
@csrf_exempt  # mail programs send the one-click request without cookies (RFC 8058); the address is signed
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask with a button whether to end one kind of mail. A POST ends it, without signing in.

    A GET changes nothing, because programs that scan mails open every link.
    """
    found = choices.subscription_in(token)
    if found is None:
        raise Http404(_("This address is not valid."))
    person, kind = found
    if request.method == "POST":
        choices.unsubscribe(person=person, kind=kind)
    with translation.override(language_of(person)):
        context = {"kind": kind.label, "is_done": not choices.chosen(person)[kind], "email": person.email}
        return render(request, "notices/unsubscribe.html", context)
