"""Answer an htmx request of a page that must not stay open, such as one after a sign-out."""

from django.http import HttpResponse
from django_htmx.http import HttpResponseClientRefresh


def reload_page() -> HttpResponse:
    """Return status 401 with a header that makes the browser reload the whole page."""
    answer = HttpResponseClientRefresh()
    answer.status_code = 401
    return answer
