"""Refuse requests with NUL characters before they reach the database."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

NUL = "\x00"


class RefuseNulCharacters:
    """Middleware that responds with 400 if the path or a cookie contains NUL. PostgreSQL can't store it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any(NUL in text for text in (request.path, *request.COOKIES.values())):
            raise BadRequest("A NUL character in the path or in a cookie.")
        return self.get_response(request)
