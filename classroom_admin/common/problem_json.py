"""Bodies of errors of the API, as `application/problem+json` (RFC 9457).

The parts before Django use this module, too, so it imports nothing of Django.
"""

import json
from http import HTTPStatus
from typing import Any, Final

PATH: Final = "/api/v1"
MEDIA_TYPE: Final = "application/problem+json"
CODES: Final = {
    400: "malformed",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    424: "cloud_failed",
    429: "too_many_requests",
    500: "server_error",
    503: "unavailable",
    507: "disk_full",
}
"""The usual code of each status."""


def is_of_api(path: str) -> bool:
    """Return whether errors at this path, without the prefix of `PUBLIC_URL`, are problems in JSON."""
    return path == PATH or path.startswith(f"{PATH}/")


def problem(status: int, detail: str, *, code: str = "", **more: Any) -> dict[str, Any]:
    """Return the members of a problem. `more` are further members, such as `errors`."""
    code = code or CODES.get(status, "error")
    return {
        "type": f"{PATH}/docs#{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }


def body(status: int, detail: str) -> bytes:
    """Return a problem as bytes."""
    return json.dumps(problem(status, detail)).encode()
