"""Who may open a page that is for administrators."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from classroom_admin.live.access import View, signed_in


def administrator_only(view: View) -> View:
    """Let administrators in. Who is not signed in is sent to the sign-in page; teachers get 404."""

    @signed_in
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_administrator:
            raise Http404(_("There is no such page."))
        return view(request, *args, **kwargs)

    return checked
