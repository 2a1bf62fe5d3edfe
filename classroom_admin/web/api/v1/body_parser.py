"""Read the bodies of requests: JSON objects only, strictly."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from ninja.parser import Parser

from classroom_admin.web.api.v1.problems import ApiProblem
from classroom_admin.web.json_input import BadJson, read_object

LONGEST: Final = 2_000_000
"""The maximum size of a body in bytes. A class list of 5,000 people is smaller."""


class StrictParser(Parser):
    """Parse a body. Raise ``ApiProblem`` 415 if it is not JSON by its header, 413 or 400."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        if request.body and request.content_type != "application/json":
            raise ApiProblem(415, "Send the body as JSON, with the header “Content-Type: application/json”.")
        if len(request.body) > LONGEST:
            raise ApiProblem(413, f"This request is too big. Send at most {LONGEST} bytes.")
        try:
            return read_object(request.body.decode("utf-8"), longest=LONGEST)
        except UnicodeDecodeError as error:
            raise ApiProblem(400, "The body is not UTF-8.") from error
        except BadJson as error:
            raise ApiProblem(400, str(error)) from error
