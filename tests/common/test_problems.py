"""Problems are stored as codes and shown in the reader's language."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from string import Formatter

import pytest
from django.conf import settings
from django.utils import translation

from classroom_admin.actions import refusals
from classroom_admin.common import (
    chat_texts,
    lti_texts,
    mail_problems,
    outbound_texts,
    problem_texts,
    sign_on_texts,
)
from classroom_admin.common.problem_texts import (
    CAPABILITIES,
    TEXTS,
    capitalised,
    in_english,
    in_words,
    reason_in,
    stored_in_words,
)
from classroom_admin.common.problems import Problem, from_json, from_text, to_text

PRODUCT = Path(settings.BASE_DIR) / "classroom_admin"
MAKERS = {
    "Problem": 0, "Wrong": 0, "InvalidArgument": 1, "ProviderFailed": 0, "SignOnRefused": 0, "LtiRefused": 0,
}  # fmt: skip
"""What makes a problem, and the position of the code among its arguments."""
CHOSEN = (
    {"account_deactivated", "lti_not_chosen", "password_wrong", *CAPABILITIES}
    | {f"{result}_clock_{side}" for result in ("works", "token_refused") for side in ("behind", "ahead")}
    | {f"accepted_{kind}" for kind in ("both", "education", "rtm")}
    | {"class_nowhere", "region_right", "region_untested"}
)
"""Codes that a condition chooses."""
STORED_CODES = Path(__file__).parent / "stored_codes.txt"
IN_SECONDS = Problem("rate_limited_for_seconds", {"seconds": 12})
NESTED = Problem(
    "not_assigned",
    {"teacher": "{odd} braces", "why": Problem("findings", {"problems": [IN_SECONDS, Problem("no_token")]})},
)


def uses() -> dict[str, list[set[str] | None]]:
    """The names of the parameters with which each literal code is made; None if they are not literal."""
    found: dict[str, list[set[str] | None]] = {}
    calls = (
        node
        for path in PRODUCT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS
    )
    for call in calls:
        code = call.args[MAKERS[ast.unparse(call.func)]] if call.args else None
        if isinstance(code, ast.Constant):
            found.setdefault(str(code.value), []).append(given(call))
    return found


def given(call: ast.Call) -> set[str] | None:
    if ast.unparse(call.func) != "Problem":
        names = {each.arg for each in call.keywords} - {"at"}
        return None if None in names else {str(name) for name in names}
    params = call.args[1] if len(call.args) > 1 else ast.Dict([], [])
    return {ast.literal_eval(key) for key in params.keys if key} if isinstance(params, ast.Dict) else None


def parameters(code: str) -> set[str]:
    texts = TEXTS[code]
    each = (texts,) if isinstance(texts, str) else texts
    return {name for text in each for _, name, _, _ in Formatter().parse(text) if name}


def test_every_code_has_a_text() -> None:
    assert set(uses()) | CHOSEN | of_refusals() <= set(TEXTS)


def test_every_text_has_a_use() -> None:
    assert set(TEXTS) == set(uses()) | CHOSEN | of_refusals()


def of_refusals() -> set[str]:
    tables = [refusals.CODES, *refusals.FOR_ACTION.values()]
    return {code for table in tables for code in table.values()}


def test_a_code_that_was_stored_once_keeps_its_text() -> None:
    """Records are never changed. A new code is added to the list; none is taken away."""
    assert set(STORED_CODES.read_text().split()) == set(TEXTS)


def test_every_text_takes_the_parameters_with_which_its_code_is_made() -> None:
    for code, calls in uses().items():
        for params in calls:
            assert params is None or params == parameters(code), code


@pytest.mark.parametrize(
    "problem",
    [Problem("out_of_range", {"least": 1, "most": 5, "value": 9}), Problem("no_token"), NESTED],
)
def test_a_problem_survives_being_stored(problem: Problem) -> None:
    assert from_json(json.loads(json.dumps(problem.as_json()))) == problem
    assert from_text(to_text(problem)) == problem


@pytest.mark.parametrize("stored", [None, "text", {}, {"code": 5}, ["code"]])
def test_what_is_no_problem_is_none(stored: object) -> None:
    assert from_json(stored) is None


@pytest.mark.parametrize("stored", ["", "The cloud can't be reached.", "503", "{}"])
def test_other_text_is_no_problem(stored: str) -> None:
    assert from_text(stored) is None


def test_words_are_those_of_the_active_language() -> None:
    problem = Problem("name_in_list_empty")
    assert in_words(problem) == "The list contains an empty name."
    with translation.override("es"):
        assert in_words(problem) != "The list contains an empty name."
        assert in_english(problem) == "The list contains an empty name."
    assert capitalised(problem) == "The list contains an empty name."


@pytest.mark.parametrize("language", ["en", "zh-hans", "es", "ar"])
def test_nested_problems_are_in_the_same_language(language: str) -> None:
    with translation.override(language):
        words = in_words(NESTED)
        assert in_words(IN_SECONDS) in words
        assert in_words(Problem("no_token")) in words
        assert "{odd} braces" in words


def test_texts_that_follow_each_other_are_joined_as_the_language_does() -> None:
    problem = Problem("class_already_running")
    assert in_words(problem) == "The class is already running. You don't need to do anything."
    with translation.override("zh-hans"):
        assert " " not in in_words(problem)


def test_what_the_cloud_says_itself_stays_as_it_is() -> None:
    problem = Problem(
        "poll_cloud_failed", {"details": Problem("details", {"text": "Oh {no}", "facts": "HTTP 503"})}
    )
    with translation.override("es"):
        assert in_words(problem).endswith(" (Oh {no} (HTTP 503))")


def test_a_code_of_another_release_stands_for_itself() -> None:
    assert in_words(Problem("of_tomorrow", {"a": 1})) == "of_tomorrow (a=1)"
    assert in_words(Problem("id_too_long", {"a": 1})) == "id_too_long (a=1)"


def test_the_log_gets_the_code() -> None:
    assert str(Problem("host_wrong", {"name": "AGORA_BASE_URL"})) == "host_wrong (name=AGORA_BASE_URL)"


@pytest.mark.parametrize(
    "stored",
    [
        {"sentence": "It is late.", "says": {"pattern": "It is {how}.", "values": {"how": "late"}}},
        {"sentence": "It is late.", "says": "nonsense"},
        {"sentence": "It is late.", "says": None},
        {"sentence": "It is late."},
        "It is late.",
    ],
)
def test_texts_of_version_0_1_0_are_shown_as_they_are(stored: object) -> None:
    with translation.override("es"):
        assert stored_in_words(stored) == "It is late."


@pytest.mark.parametrize("stored", [None, "", {}, []])
def test_nothing_stored_is_an_empty_text(stored: object) -> None:
    assert stored_in_words(stored) == ""


def test_the_reason_of_a_step_is_its_problem_or_else_what_is_there() -> None:
    detail = {"code": 409, "message": "no", "reason": Problem("class_not_yours").as_json()}
    assert reason_in(detail) == in_words(Problem("class_not_yours"))
    assert reason_in({"code": 409, "message": "no", "sentence": "It is late."}) == "It is late."
    assert reason_in({"code": 409, "message": "no"}) == "no"
    assert reason_in({}) == ""


def test_texts_have_no_code_of_their_own_twice() -> None:
    groups = [
        problem_texts.ARGUMENTS,
        problem_texts.CONFIGURATION,
        problem_texts.CONNECTION,
        problem_texts.SENDING,
        problem_texts.REFUSALS,
        problem_texts.COMMANDS,
        problem_texts.CAPABILITIES,
        problem_texts.SYNC,
        problem_texts.EXPORTS,
        sign_on_texts.TEXTS,
        outbound_texts.TEXTS,
        mail_problems.TEXTS,
        chat_texts.TEXTS,
        lti_texts.TEXTS,
    ]
    assert len(TEXTS) == sum(map(len, groups))
