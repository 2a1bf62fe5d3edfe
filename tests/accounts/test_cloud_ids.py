"""The rule for cloud ids, which the cloud's client checks too."""

import pytest

from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.common.cloud_ids import problem_with_id
from tests.agora.calls import user_id

GOOD = ["a", "x" * 63, "Ms. Lee (7b)!", "a b", "!#$%&()+-:;<=.>?@[]^_{}|~,", "0", "..."]
BAD = [
    "",
    "x" * 64,
    "a/b",
    "ä",
    "naïve",
    "a\tb",
    "a\nb",
    "😀",
    '"',
    "'",
    "a*b",
    "\\",
    "`",
    ".",
    "..",
    "\x00",
    "\ud800",
]


@pytest.mark.parametrize("value", GOOD)
def test_good_ids(value):
    assert problem_with_id(value) is None
    assert user_id(value) == value


@pytest.mark.parametrize("value", BAD)
def test_bad_ids(value):
    assert problem_with_id(value)
    with pytest.raises(InvalidArgument):
        user_id(value)


def test_every_character_is_checked():
    assert all(bool(problem_with_id(chr(code))) != _allowed_by_client(chr(code)) for code in range(0x250))


def _allowed_by_client(value: str) -> bool:
    try:
        user_id(value)
    except InvalidArgument:
        return False
    return True
