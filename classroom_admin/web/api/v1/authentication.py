"""Authenticate requests to the API by a token of a person. Sessions of browsers do not count."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from ninja.security import HttpBearer

from classroom_admin.accounts import api_tokens
from classroom_admin.accounts.models import ApiToken
from classroom_admin.common.logs import context as log_context
from classroom_admin.web.access import AuthenticatedHttpRequest
from classroom_admin.web.api.v1 import idempotency, rate_limits
from classroom_admin.web.api.v1.problems import ApiProblem

LONGEST: Final = 200


class ApiHttpRequest(AuthenticatedHttpRequest):
    """A type for requests to the API. `auth` is the token, and `user` its person."""

    auth: ApiToken


class Bearer(HttpBearer):
    """Find the token in `Authorization: Bearer …`, and check that it has `scope`."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__()

    def __call__(self, request: HttpRequest) -> Any:
        found = super().__call__(request)
        if found is None and request.headers.get(self.header):
            rate_limits.count_failure(request)
        return found

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """Return the valid token, or None. Raise ``ApiProblem`` 403 without the scope, or 429."""
        found = api_tokens.find(token.strip()) if len(token) <= LONGEST else None
        if found is None:
            return None
        request.user = found.user
        log_context.bind(person=found.user_id, token=found.pk)
        rate_limits.count_request(request, found.user_id)
        api_tokens.note_use(found)
        if self.scope not in found.scope_names:
            words = f"This token does not have the scope “{self.scope}”."
            raise ApiProblem(403, words, code="scope", scope=self.scope)
        if self.scope == api_tokens.WRITE:
            idempotency.begin(request, found.user)
        return found


READ: Final = Bearer(api_tokens.READ)
WRITE: Final = Bearer(api_tokens.WRITE)
