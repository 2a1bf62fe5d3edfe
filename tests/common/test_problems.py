"""Problems are stored as codes and shown in the reader's language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import translation

from classroom_admin.agora import codes
from classroom_admin.agora.codes import Code
from classroom_admin.common.problem_texts import TEXTS, capitalised, in_english, in_words
from classroom_admin.common.problems import Problem, from_json


def test_every_code_has_a_text_and_every_text_a_code():
    assert set(TEXTS) == {str(code) for code in Code}


def test_every_text_takes_the_parameters_that_its_code_names():
    lines = Path(codes.__file__).read_text().splitlines()
    found = [re.fullmatch(r"    (\w+) = auto\(\)(?:  # (.*))?", line) for line in lines]
    named = {one[1].lower(): set((one[2] or "").split(", ")) - {""} for one in found if one}
    assert named == {code: set(re.findall(r"\{(\w+)\}", text)) for code, text in TEXTS.items()}


def test_a_problem_survives_being_stored():
    problem = Problem(Code.OUT_OF_RANGE, {"least": 1, "most": 5, "value": 9})
    assert from_json(problem.as_json()) == problem
    assert from_json(Problem(Code.NO_TOKEN).as_json()) == Problem(Code.NO_TOKEN)


@pytest.mark.parametrize("stored", [None, "text", {}, {"code": 5}, ["code"]])
def test_what_is_no_problem_is_none(stored):
    assert from_json(stored) is None


def test_words_are_those_of_the_active_language():
    problem = Problem(Code.ID_TOO_LONG, {"bytes": 64})
    assert in_words(problem) == "must be shorter than 64 bytes."
    with translation.override("es"):
        assert in_words(problem) != "must be shorter than 64 bytes."
        assert in_english(problem) == "must be shorter than 64 bytes."
    assert capitalised(problem) == "Must be shorter than 64 bytes."


def test_a_code_of_another_release_stands_for_itself():
    assert in_words(Problem("of_tomorrow", {"a": 1})) == "of_tomorrow (a=1)"


def test_the_log_gets_the_code():
    assert str(Problem(Code.HOST_WRONG, {"name": "AGORA_BASE_URL"})) == "host_wrong (name=AGORA_BASE_URL)"
