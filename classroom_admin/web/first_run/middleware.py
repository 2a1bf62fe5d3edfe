"""Lead every page to the first-run page while there is no administrator."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from classroom_admin.accounts import first_run
from classroom_admin.accounts.reload_page import reload_page

OPEN: Final = frozenset(
    {"first_run:begin", "account_language", "live:icons", "face:palette", "face:logo_file"}
)
PROBES: Final = frozenset({"healthz", "livez", "readyz", "metrics"})
"""The views that stay open because the page needs them, and the views for monitoring."""
OPEN_GROUPS: Final = ("sign_on:", "saml_")
"""School sign-on stays open, because its rules can make someone an administrator."""


class LeadToFirstRun:
    """The middleware that redirects pages. Webhooks and the API (`/api/`) answer as usual.

    An htmx request gets status 401, and the browser reloads the page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Mapping[str, Any]
    ) -> HttpResponse | None:
        if request.path.startswith(f"{settings.PATH_PREFIX}/api/"):
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in OPEN | PROBES or name.startswith(OPEN_GROUPS) or not first_run.is_open():
            return None
        if getattr(request, "htmx", False):
            return reload_page()
        return redirect("first_run:begin")
