"""The token of a person opens one room, in one role, for ten minutes."""

from __future__ import annotations

import pytest

from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.errors import Unauthorized
from classroom_admin.agora.room_tokens import room_token
from classroom_admin.simulator.errors import CloudError
from classroom_admin.simulator.tokens import TokenVerifier

CONFIG = CloudConfig(app_id="a" * 32, app_certificate="b" * 32)
NOW_S = 1_800_000_000.0
ALLOWED = {"room": "class 1", "user": "ada", "role": 2}


def check(token: str, *, after_s: float = 0, **claimed: object) -> None:
    verifier = TokenVerifier(app_id=CONFIG.app_id, app_certificate=CONFIG.app_certificate)
    verifier.check_room(token=token, nows=(NOW_S + after_s,), **{**ALLOWED, **claimed})  # type: ignore[arg-type]


def test_token_opens_only_its_own_room_for_ten_minutes() -> None:
    token = room_token(CONFIG, room_uuid="class 1", user_uuid="ada", role=2, now_s=NOW_S)
    check(token)
    check(token, after_s=569)
    for wrong in ({"room": "class 2"}, {"user": "eve"}, {"role": 1}):
        with pytest.raises(CloudError, match="another room, person or role"):
            check(token, **wrong)
    with pytest.raises(CloudError, match="expired"):
        check(token, after_s=600)


def test_token_is_no_token_of_the_whole_app() -> None:
    token = room_token(CONFIG, room_uuid="class 1", user_uuid="ada", role=2, now_s=NOW_S)
    verifier = TokenVerifier(app_id=CONFIG.app_id, app_certificate=CONFIG.app_certificate)
    assert verifier.check_education(token=token, nows=(NOW_S,)) == "ada"  # not "server"


def test_malformed_certificate_is_said() -> None:
    with pytest.raises(Unauthorized):
        room_token(
            CloudConfig(app_id="x", app_certificate="y"), room_uuid="r", user_uuid="u", role=2, now_s=NOW_S
        )
