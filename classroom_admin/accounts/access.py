"""Who may open a page that is for administrators."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect

View = Callable[..., HttpResponse]


def administrator_only(view: View) -> View:
    """Let administrators in; send those not signed in to the sign-in page; teachers get 404, as for no page.


    A part of a page that htmx asks for is answered with a move of the whole page to the sign-in.
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            if getattr(request, "htmx", False):
                return HttpResponseClientRedirect(resolve_url(settings.LOGIN_URL))
            return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))
        if not user.is_administrator:
            raise Http404("There is no such page.")
        return view(request, *args, **kwargs)

    return checked
