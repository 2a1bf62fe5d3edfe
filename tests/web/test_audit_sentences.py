"""Sentences about entries of the audit log. No database."""

from __future__ import annotations

from typing import Any

import pytest

from classroom_admin.audit.actions import LABELS
from classroom_admin.audit.models import Entry
from classroom_admin.web.audit_sentences import Description, describe
from classroom_admin.web.wording import length_in_words


def description(action: str, name: str = "", **params: Any) -> Description:
    return describe(Entry(action=action, target_name=name, params=params))


def words(action: str, name: str = "", **params: Any) -> str:
    found = description(action, name, **params)
    whole = " · ".join([found.sentence, *found.more, *([found.reason] if found.reason else [])])
    return whole.translate({0x2068: None, 0x2069: None})


@pytest.mark.parametrize(
    ("params", "sentence", "length"),
    [
        ({"for_good": True, "ban_s": -1, "reason": "shared the link"},
         "Removed Ada permanently · shared the link", "permanently"),
        ({"for_the_class": True, "ban_s": 900}, "Removed Ada until the class ends", "until the class ends"),
        ({"for_the_class": True, "ban_s": -1}, "Removed Ada permanently", "permanently"),
        ({"duration_s": 600, "ban_s": 600}, "Removed Ada for 10 minutes", "10 minutes"),
        ({"duration_s": 3600, "ban_s": 3600}, "Removed Ada for 1 hour", "1 hour"),
        ({"ban_s": None, "planned": 4}, "Removed Ada", ""),
        ({}, "Removed Ada", ""),
    ],
)  # fmt: skip
def test_removal_says_length_and_reason(params: dict[str, Any], sentence: str, length: str) -> None:
    assert words("participant.remove", "Ada", **params) == sentence
    assert description("participant.remove", "Ada", **params).length == length


@pytest.mark.parametrize(
    ("action", "name", "params", "sentence"),
    [
        ("participant.plan_removal", "Ada", {"after_s": 300, "for_good": True, "reason": "late"},
         "Scheduled the removal of Ada in 5 minutes · Ban: permanently · late"),
        ("participant.plan_removal", "Ada", {"after_s": 45}, "Scheduled the removal of Ada in 45 seconds"),
        ("wall.snooze", "Biology", {"minutes": 15}, "Acknowledged alerts of the class · 15 minutes"),
        ("wall.snooze", "Biology", {"minutes": None},
         "Acknowledged alerts of the class · until the class ends"),
        ("class_list.rename", "8b", {"from": "7b"}, "Renamed the class list “7b” to “8b”"),
        ("class_list.change", "8b", {"added": 1, "changed": 0, "removed": 2},
         "Changed the people of the class list “8b” · 1 added, 0 changed, 2 removed"),
        ("class_list.change", "8b", {"added": 1, "changed": 0, "removed": 0, "names": ["Ada"]},
         "Changed the people of the class list “8b” · 1 added, 0 changed, 0 removed · Ada"),
        ("class_list.change", "8b", {}, "Changed the people of the class list “8b”"),
        ("series.plan", "Latin", {"classes": 4}, "Scheduled the classes “Latin” · 4 classes"),
        ("series.change", "Latin", {"scope": "following", "changed": 3, "remade": 1, "cancelled": 2},
         "Changed the settings of the scheduled classes “Latin” · This and following classes · 6 classes · "
         "Created again: 1 · Cancelled: 2"),
        ("series.change", "Latin", {"classes": 1},
         "Changed the settings of the scheduled classes “Latin” · 1 class"),
        ("room.use_list", "", {"list": None}, "Removed the class list from the class"),
        ("room.use_list", "8b", {"list": "8b"}, "Chose the class list “8b”"),
        ("class.start", "Biology", {}, "Started the class"),
        ("account.sign_in", "Ada", {}, "Signed in"),
        ("later.action", "Ada", {}, "later.action: Ada"),
    ],
)  # fmt: skip
def test_sentence_names_its_target(action: str, name: str, params: dict[str, Any], sentence: str) -> None:
    assert words(action, name, **params) == sentence


@pytest.mark.parametrize("action", LABELS)
@pytest.mark.parametrize("name", ["", "50 % {off} %(whom)s"])
def test_every_action_has_a_sentence_for_every_target(action: str, name: str) -> None:
    odd = {"reason": 7, "minutes": "x", "classes": True, "duration_s": "x", "after_s": None, "from": None}
    for params in ({}, odd):
        found = description(action, name, **params)
        assert found.sentence
        assert not found.names_class or name not in found.sentence or not name


def test_names_can_not_reorder_the_sentence() -> None:
    assert "\u2068عمر\u2069" in description("participant.remove", "عمر", for_good=True).sentence


@pytest.mark.parametrize(
    ("seconds", "length"),
    [(0, "0 seconds"), (1, "1 second"), (90, "90 seconds"), (60, "1 minute"), (5400, "90 minutes"),
     (7200, "2 hours"), (86400, "1 day"), (172800, "2 days")],
)  # fmt: skip
def test_length_has_its_largest_whole_unit(seconds: int, length: str) -> None:
    assert length_in_words(seconds) == length
