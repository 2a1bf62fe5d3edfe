"""ID tokens of school sign-on: what makes one invalid."""

import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from classroom_admin.accounts.sign_on_http import ProviderFailed
from classroom_admin.accounts.sign_on_tokens import joined, verified

ISSUER, CLIENT, NONCE = "https://login.school.test", "classroom", "n-1"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())


def jwk(key: Any, **more: Any) -> dict[str, Any]:
    kind = jwt.algorithms.ECAlgorithm if key is CURVE else jwt.algorithms.RSAAlgorithm
    return {**json.loads(kind.to_jwk(key.public_key())), "use": "sig", **more}


KEYS = {"keys": [jwk(KEY, kid="one"), jwk(CURVE, kid="curve", alg="ES256")]}


def token(key: Any = KEY, algorithm: str = "RS256", kid: str | None = "one", **changed: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": CLIENT, "sub": "berg", "iat": now, "exp": now + 300, "nonce": NONCE}
    claims = {name: value for name, value in (claims | changed).items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def after(seconds: int) -> int:
    return int(time.time()) + seconds


def read(id_token: str, keys: dict[str, Any] = KEYS) -> dict[str, Any]:
    return verified(id_token, keys=keys, issuer=ISSUER, client_id=CLIENT, nonce=NONCE)


def problem(id_token: str, keys: dict[str, Any] = KEYS) -> str:
    with pytest.raises(ProviderFailed) as failure:
        read(id_token, keys)
    return failure.value.problem.code


@pytest.mark.parametrize(
    "make",
    [
        lambda: token(),
        lambda: token(CURVE, "ES256", "curve"),
        lambda: token(aud=[CLIENT]),
        lambda: token(aud=[CLIENT, "other"], azp=CLIENT),
        lambda: token(exp=after(-5)),  # the clocks may differ by a minute
        lambda: token(iat=after(55)),
    ],
)
def test_valid_token_is_read(make):
    assert read(make())["sub"] == "berg"


def test_token_without_a_key_id_needs_a_single_key():
    assert read(token(kid=None), {"keys": [jwk(KEY)]})["sub"] == "berg"
    assert problem(token(kid=None)) == "sign_on_token_invalid"


@pytest.mark.parametrize(
    "make",
    [
        lambda: token(OTHER),
        lambda: token(kid="unknown"),
        lambda: token(iss="https://evil.test"),
        lambda: token(aud="another-client"),
        lambda: token(aud=[CLIENT, "other"]),
        lambda: token(aud=[CLIENT, "other"], azp="other"),
        lambda: token(sub=None),
        lambda: token(sub=""),
        lambda: token(sub="a\nb"),
        lambda: token(sub="x" * 192),
        lambda: token(exp=None),
        lambda: token(iat=None),
        lambda: "no.token.atall",
        lambda: "",
        lambda: token()[:-4] + "AAAA",
        lambda: jwt.encode({"sub": "berg"}, None, algorithm="none"),
    ],
)
def test_invalid_token_is_refused(make):
    assert problem(make()) == "sign_on_token_invalid"


def test_token_signed_with_the_public_key_as_a_password_is_refused():
    secret = "p" * 40
    keys = {
        "keys": [{"kty": "oct", "kid": "one", "k": "cHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw"}]
    }
    assert problem(token(secret, "HS256"), keys) == "sign_on_token_invalid"
    assert problem(token(secret, "HS256")) == "sign_on_token_invalid"


@pytest.mark.parametrize(
    "keys", [{}, {"keys": None}, {"keys": ["x"]}, {"keys": [{"kty": "RSA", "kid": "one"}]}]
)
def test_unusable_keys_are_refused(keys):
    assert problem(token(), keys) == "sign_on_token_invalid"


@pytest.mark.parametrize("nonce", [None, "", "n-2"])
def test_token_of_another_sign_in_is_refused(nonce):
    assert problem(token(nonce=nonce)) == "sign_on_nonce"


@pytest.mark.parametrize(
    "make",
    [
        lambda: token(exp=after(-900)),
        lambda: token(iat=after(900)),
        lambda: token(nbf=after(900)),
    ],
)
def test_wrong_clock_is_named(make):
    assert problem(make()) == "sign_on_clock"


def test_userinfo_of_another_person_is_refused():
    with pytest.raises(ProviderFailed):
        joined({"sub": "berg"}, {"sub": "other", "email": "a@b.test"})


def test_address_and_its_verification_have_the_same_source():
    claims = {"sub": "berg", "email": "a@b.test", "email_verified": True}
    assert joined(claims, {"sub": "berg", "groups": ["x"]})["email_verified"] is True
    unverified = {**claims, "email_verified": False}
    assert joined(unverified, {"sub": "berg", "email_verified": True})["email_verified"] is False
    assert joined(claims, {"sub": "berg", "email": "victim@b.test"})["email_verified"] is False
    assert (
        joined(claims, {"sub": "berg", "email": "v@b.test", "email_verified": True})["email_verified"] is True
    )
