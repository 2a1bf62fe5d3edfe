"""``/healthz`` tells the supervisor, a load balancer or a monitor that this process answers requests."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 and ``ok``, without a session or the database: only the process is checked."""
    answer = HttpResponse("ok\n", content_type="text/plain; charset=utf-8")
    answer["Cache-Control"] = "no-store"
    return answer
