"""Verify the ID token of a launch (1EdTech Security Framework 1.0, section 5.1.3)."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from typing import Any, Final

import jwt
from django.core.cache import cache
from django.utils.crypto import constant_time_compare

from classroom_admin.accounts.sign_on_http import get_json
from classroom_admin.integrations.lti.models import Platform
from classroom_admin.integrations.lti.problem import LtiRefused

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "ES256", "ES384")
"""Signatures with a public key only. So a token that is signed with the public key as a secret is refused."""
KEY_TYPES: Final = ("RSA", "EC")
LEEWAY_S: Final = 60
"""How far the clocks of the platform and of this machine may differ."""
LONGEST_AGE_S: Final = 3600
KEYS_CACHED_S: Final = 3600
KEYS_READ_AGAIN_S: Final = 30
"""How long after a read an unknown key id leads to another read of the keys."""


def verified(platform: Platform, id_token: str, *, nonce: str) -> dict[str, Any]:
    """Return the claims of the token.

    Raise LtiRefused if its signature, issuer, audience, times or nonce are wrong, and ProviderFailed if the
    platform's keys can't be read.
    """
    try:
        header = jwt.get_unverified_header(id_token)
        if header.get("alg") not in ALGORITHMS:
            raise LtiRefused("lti_token", reason="alg")
        claims: dict[str, Any] = jwt.decode(
            id_token,
            _key(platform, header.get("kid")),
            algorithms=ALGORITHMS,
            audience=platform.client_id,
            issuer=platform.issuer,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "aud", "nonce", "sub"]},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise LtiRefused("lti_clock") from error
    except jwt.MissingRequiredClaimError as error:
        raise LtiRefused("lti_claim", name=error.claim) from error
    except jwt.PyJWTError as error:
        raise LtiRefused("lti_token", reason=_reason(error)) from error
    _require_right_party(claims, platform.client_id)
    if int(claims["iat"]) < time.time() - LONGEST_AGE_S:
        raise LtiRefused("lti_clock")
    if not constant_time_compare(str(claims["nonce"]), nonce):
        raise LtiRefused("lti_token", reason="nonce")
    return claims


def _require_right_party(claims: Mapping[str, Any], client_id: str) -> None:
    audience = claims["aud"]
    is_list = isinstance(audience, list) and len(audience) > 1
    if claims.get("azp", client_id) != client_id or (is_list and "azp" not in claims):
        raise LtiRefused("lti_token", reason="azp")


def _key(platform: Platform, kid: object) -> jwt.PyJWK:
    """Return the platform's key with this id. An unknown id leads to another read of the keys."""
    if not isinstance(kid, str) or not kid:
        raise LtiRefused("lti_token", reason="kid")
    found = _named(keys_of(platform), kid)
    if found is None and cache.add(_cache_name(platform, "again"), True, KEYS_READ_AGAIN_S):
        found = _named(keys_of(platform, fresh=True), kid)
    if found is None:
        raise LtiRefused("lti_token", reason="kid")
    return jwt.PyJWK(found)


def keys_of(platform: Platform, *, fresh: bool = False) -> list[dict[str, Any]]:
    """Return the public keys of the platform, which are cached for an hour. `fresh` skips the cache.

    Raise ProviderFailed if they can't be read.
    """
    name = _cache_name(platform, "keys")
    if not fresh and (known := cache.get(name)) is not None:
        return list(known)
    listed = get_json(platform.issuer, platform.jwks_url).get("keys")
    found = [
        one
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict) and one.get("kty") in KEY_TYPES and one.get("use", "sig") == "sig"
    ]
    cache.set(name, found, KEYS_CACHED_S)
    return found


def _named(keys: list[dict[str, Any]], kid: str) -> dict[str, Any] | None:
    found = [one for one in keys if one.get("kid") == kid]
    return found[0] if len(found) == 1 else None


def _cache_name(platform: Platform, what: str) -> str:
    return f"lti-{what}:{hashlib.sha256(f'{platform.issuer} {platform.jwks_url}'.encode()).hexdigest()}"


def _reason(error: jwt.PyJWTError) -> str:
    known: dict[type[jwt.PyJWTError], str] = {
        jwt.InvalidAudienceError: "aud",
        jwt.InvalidIssuerError: "iss",
        jwt.InvalidSignatureError: "signature",
    }
    return known.get(type(error), type(error).__name__)
