"""The person to whom a token belongs."""

from __future__ import annotations

from typing import Any, Final

from ninja import Field, Router, Schema

from classroom_admin.accounts.permissions import rights_of
from classroom_admin.web.api.v1.authentication import ApiHttpRequest
from classroom_admin.web.api.v1.schemas import Moment

router: Final = Router(tags=["You"])


class TokenOut(Schema):
    name: str
    scopes: list[str]
    created_at: Moment
    expires_at: Moment


class Me(Schema):
    name: str
    email: str
    role: str
    permissions: list[str] = Field(description="What your role allows.")
    token: TokenOut = Field(description="The token of this request.")


@router.get("/me", response=Me, url_name="me")
def get_me(request: ApiHttpRequest) -> Any:
    """Return who you are, and what your token may do."""
    person, token = request.user, request.auth
    return {
        "name": str(person),
        "email": person.email,
        "role": person.role,
        "permissions": sorted(rights_of(person.role)),
        "token": {
            "name": token.name,
            "scopes": list(token.scope_names),
            "created_at": token.created_at,
            "expires_at": token.expires_at,
        },
    }
