"""Serve ``/healthz``, which tells the supervisor or a load balancer that this process answers requests."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Return status 200 and ``ok``. This checks only the process, so it uses no session and no database."""
    answer = HttpResponse("ok\n", content_type="text/plain; charset=utf-8")
    answer["Cache-Control"] = "no-store"
    return answer
