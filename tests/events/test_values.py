import json

import pytest

from classroom_admin.events.quizzes_polls import cause_action
from classroom_admin.events.values import (
    BIG,
    ROLES,
    Undecodable,
    flag,
    identifier,
    mapping,
    moment,
    plain,
    real,
    role,
    split_path,
    text,
    tree,
    whole,
)
from classroom_admin.rooms.models import Role

NOW = 1_763_757_600_000


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        (0, "invisible"),
        (1, "teacher"),
        (2, "student"),
        (3, "assistant"),
        (4, "observer"),
        ("1", "teacher"),
        (" 2 ", "student"),
        (3.0, "assistant"),
        ("host", "teacher"),
        ("Host", "teacher"),
        ("assistant", "assistant"),
        ("broadcaster", "student"),
        ("audience", "student"),
        ("server", "server"),
        ("observer", "observer"),
        (7, "unknown"),
        (True, "unknown"),
        ("principal", "unknown"),
        (None, "unknown"),
        ({}, "unknown"),
        (float("nan"), "unknown"),
        (10**400, "unknown"),
    ],
)
def test_role_in_all_shapes(raw, meant):
    assert role(raw) == meant


def test_roles_are_those_of_the_read_models():
    assert {*ROLES.values(), "unknown"} == set(Role.values)


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (5, 5),
        ("5", 5),
        (" -7 ", -7),
        (5.0, 5),
        ("5.0", 5),
        (True, 1),
        ("", None),
        ("five", None),
        (None, None),
    ],
)
def test_whole_numbers(raw, read):
    assert whole(raw) == read


@pytest.mark.parametrize("raw", [float("nan"), float("inf"), "NaN", "-Infinity", "9" * 5000, [], {}])
def test_what_is_no_number_is_none(raw):
    assert whole(raw) is None
    assert real(raw) is None


@pytest.mark.parametrize("raw", [BIG + 1, -BIG - 2, str(10**30), 1e30])
def test_numbers_beyond_the_column_are_undecodable(raw):
    with pytest.raises(Undecodable, match="too large"):
        whole(raw)
    assert whole(BIG) == BIG


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (True, True),
        (1, True),
        ("1", True),
        ("TRUE", True),
        (0, False),
        ("0", False),
        ("false", False),
        (False, False),
        (2, True),
        (None, None),
        ("maybe", None),
        (float("nan"), None),
        ([], None),
    ],
)
def test_flags(raw, read):
    assert flag(raw) is read


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (NOW, NOW),
        (str(NOW), NOW),
        (float(NOW), NOW),
        (-5, None),
        (0, None),
        (NOW // 1000, None),  # seconds
        (1_515_640_000_000_000, None),  # the year 50000
        (10**60, None),
        (float("inf"), None),
        ("soon", None),
        (True, None),
        (None, None),
    ],
)
def test_moments(raw, read):
    assert moment(raw) == read


def test_text_is_made_storable_and_cut():
    assert text("a\x00b") == "a�b"
    assert text("x\ud83d!") == "x�!"
    assert text("\N{GRINNING FACE}") == "\N{GRINNING FACE}"
    assert text("é" * 300, 255) == "é" * 255
    assert text(12) == "12"
    assert text(True) is None
    assert text(["a"]) is None


def test_an_id_is_never_altered():
    assert identifier("Ünïcode: a/b") == "Ünïcode: a/b"
    assert identifier(42) == "42"
    assert identifier("") is None
    for bad in ("a\x00", "\ud800", "ü\x00", "x" * 256):
        with pytest.raises(Undecodable, match="an id"):
            identifier(bad)


def test_plain_json_can_be_stored():
    odd = {"n": float("nan"), "i": [float("inf"), 10**30, 1.5], "k\x00": "\udfff", "deep": None}
    inner = odd
    for _ in range(100):
        inner["deep"] = {}
        inner = inner["deep"]
    kept = plain(odd)
    dumped = json.dumps(kept, allow_nan=False, ensure_ascii=False)
    assert "\\u0000" not in dumped
    dumped.encode()
    assert kept["n"] is None
    assert kept["i"] == [None, "1" + "0" * 30, 1.5]
    depth = 0
    while isinstance(kept, dict):
        depth, kept = depth + 1, kept.get("deep")
    assert depth <= 33


def test_plain_shares_nothing():
    raw = {"a": [1, {"b": 2}]}
    kept = plain(raw)
    kept["a"][1]["b"] = 3
    assert raw == {"a": [1, {"b": 2}]}


def test_paths():
    assert split_path("a") == ("a",)
    assert split_path("extApps.countdown.state") == ("extApps", "countdown", "state")
    assert split_path("a..b") == ("a..b",)
    assert split_path(".") == (".",)
    with pytest.raises(Undecodable):
        split_path("a." * 500 + "b")


def test_dotted_and_nested_keys_make_the_same_tree():
    assert tree({"extra.a": 1, "extra.b": {"c": 2}, "state": 1}) == tree(
        {"state": 1, "extra": {"a": 1, "b": {"c": 2}}}
    )
    assert tree({"extra": {"a": 1}, "extra.b": 2}) == {"extra": {"a": 1, "b": 2}}
    assert tree({"extra": 5, "extra.b": 2}) == {"extra": {"b": 2}}


@pytest.mark.parametrize(
    ("cause", "action"),
    [
        ({"action": 3}, 3),
        ({"action": "3"}, 3),
        ('{"action": 2, "x": "y"}', 2),
        ("teacher started it", None),
        ("{broken", None),
        ('{"a":' * 5000, None),
        ({}, None),
        (None, None),
        ([1], None),
        ({"action": 10**40}, None),
    ],
)
def test_cause_is_an_object_or_a_string(cause, action):
    assert cause_action(cause) == action
    assert isinstance(dict(mapping(cause)), dict)
