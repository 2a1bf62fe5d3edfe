"""``/healthz``: for the supervisor, a load balancer or a monitor that asks whether this process answers."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 and ``ok`` as plain text. Touches no session and no database: it says only that the web answers."""
    answer = HttpResponse("ok\n", content_type="text/plain; charset=utf-8")
    answer["Cache-Control"] = "no-store"
    return answer
