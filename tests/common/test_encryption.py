"""Secrets are encrypted with SECRET_KEY, and a replaced key still decrypts them."""

from typing import Any

import pytest

from classroom_admin.common.encryption import Undecipherable, decrypt, encrypt


def test_only_the_key_decrypts_a_secret(settings: Any) -> None:
    token = encrypt("JBSWY3DPEHPK3PXP ñ")
    assert "JBSWY3DPEHPK3PXP" not in token
    assert decrypt(token) == "JBSWY3DPEHPK3PXP ñ"
    settings.SECRET_KEY = "another key"
    with pytest.raises(Undecipherable):
        decrypt(token)


def test_a_replaced_key_still_decrypts_what_it_encrypted(settings: Any) -> None:
    token = encrypt("secret")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key", [settings.SECRET_KEY]
    assert decrypt(token) == "secret"


@pytest.mark.parametrize("token", ["", "secret", "gAAAAABé"])
def test_text_that_was_not_encrypted_is_refused(token: str) -> None:
    with pytest.raises(Undecipherable):
        decrypt(token)
