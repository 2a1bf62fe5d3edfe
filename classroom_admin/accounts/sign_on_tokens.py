"""Exchange the code that a provider returns for the claims about the person, and verify them.

The signature of the ID token is always verified, besides its issuer, audience, times and nonce (OpenID
Connect Core 1.0, section 3.1.3.7). Claims of the userinfo endpoint count only if they are about the same
person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import jwt
from django.utils.crypto import constant_time_compare
from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts.sign_on_http import ProviderFailed, discovery, get_json, post_form
from classroom_admin.accounts.sign_on_providers import Provider

LEEWAY_S: Final = 60
"""How far the clocks of the provider and of this machine may differ."""
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_MOST_SUBJECT: Final = 191


@sensitive_variables()
def claims_for(provider: Provider, *, code: str, verifier: str, nonce: str, callback: str) -> dict[str, Any]:
    """Return the verified claims for the code of a sign-in. Raise ProviderFailed if there are none."""
    config = discovery(provider.issuer)
    tokens = _exchange(provider, config, code=code, verifier=verifier, callback=callback)
    id_token = tokens.get("id_token")
    if not isinstance(id_token, str):
        raise ProviderFailed("sign_on_token_invalid")
    keys = get_json(provider.issuer, config["jwks_uri"])
    claims = verified(id_token, keys=keys, issuer=config["issuer"], client_id=provider.client_id, nonce=nonce)
    if config.get("userinfo_endpoint") and isinstance(tokens.get("access_token"), str):
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        claims = joined(claims, get_json(provider.issuer, config["userinfo_endpoint"], headers))
    return claims


@sensitive_variables()
def _exchange(
    provider: Provider, config: Mapping[str, Any], *, code: str, verifier: str, callback: str
) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback,
        "code_verifier": verifier,
    }
    # The specification says: without a list, the provider supports client_secret_basic.
    methods = config.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    auth = None
    if "client_secret_post" in methods:
        form |= {"client_id": provider.client_id, "client_secret": provider.client_secret}
    else:
        auth = (provider.client_id, provider.client_secret)
    status, tokens = post_form(provider.issuer, config["token_endpoint"], form, auth)
    if status != 200:
        error = str(tokens.get("error", ""))[:100]
        if error in ("invalid_client", "unauthorized_client"):
            raise ProviderFailed("sign_on_client_refused", error=error)
        raise ProviderFailed("sign_on_code_refused", error=error or str(status))
    return tokens


def verified(
    id_token: str, *, keys: Mapping[str, Any], issuer: str, client_id: str, nonce: str
) -> dict[str, Any]:
    """Return the claims of an ID token. `keys` is the provider's key set, as JSON.

    Raise ProviderFailed if the signature, issuer, audience, a time or the nonce is wrong.
    """
    try:
        header = jwt.get_unverified_header(id_token)
        key = _key(keys, header.get("kid"))
        claims = jwt.decode(
            id_token,
            key,
            algorithms=ALGORITHMS,
            audience=client_id,
            issuer=issuer,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise ProviderFailed("sign_on_clock") from error
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise ProviderFailed("sign_on_token_invalid") from error
    audience = claims["aud"]
    if claims.get("azp", client_id) != client_id or (
        isinstance(audience, list) and len(audience) > 1 and "azp" not in claims
    ):
        raise ProviderFailed("sign_on_token_invalid")
    if not constant_time_compare(str(claims.get("nonce", "")), nonce):
        raise ProviderFailed("sign_on_nonce")
    if not is_subject(claims["sub"]):
        raise ProviderFailed("sign_on_token_invalid")
    return dict(claims)


def joined(claims: Mapping[str, Any], userinfo: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims of the ID token and of the userinfo endpoint together.

    Raise ProviderFailed if they are about different people. An address counts as verified only if both claims
    have the same source.
    """
    if userinfo.get("sub") != claims["sub"]:
        raise ProviderFailed("sign_on_token_invalid")
    both = {**claims, **userinfo}
    if "email" not in userinfo:
        both["email_verified"] = claims.get("email_verified", False)
    elif userinfo["email"] != claims.get("email"):
        both["email_verified"] = userinfo.get("email_verified", False)
    return both


def is_subject(value: object) -> bool:
    """Return whether this can be the provider's id of a person."""
    return isinstance(value, str) and 0 < len(value) <= _MOST_SUBJECT and value.isprintable()


def _key(keys: Mapping[str, Any], kid: object) -> jwt.PyJWK:
    """Return the key with the id, or the only key if the token names none. Ignore symmetric keys."""
    listed = keys.get("keys")
    found = [
        one
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict) and one.get("kty") in ("RSA", "EC", "OKP") and one.get("use", "sig") == "sig"
    ]
    if kid is not None:
        found = [one for one in found if one.get("kid") == kid]
    if len(found) != 1:
        raise ProviderFailed("sign_on_token_invalid")
    return jwt.PyJWK(found[0])
