"""The rules of school sign-on: how they are read, which one applies, and what it does to a role."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.accounts.models import User
from classroom_admin.accounts.sign_on_mapping import (
    MOST_RULES,
    Rule,
    RuleProblem,
    first_match,
    language_of,
    parse,
    role_after,
    values_of,
    verified_email,
)

RULES = """
# the first line that applies decides
group IT staff -> administrator
group Math -> Science -> teacher
email @students.school.example -> refused
email head@school.example -> administrator always
claim department=Office -> teacher
everyone -> refused
"""


def role(claims: dict, email: str = "", rules: str = RULES) -> str | None:
    found = first_match(parse(rules), claims, groups_claim="groups", verified_email=email)
    return found.role if found else None


def test_rules_are_read_line_by_line():
    rules = parse(RULES, User.Role.values)
    assert [str(rule) for rule in rules] == RULES.strip().splitlines()[1:]
    assert rules[1] == Rule("group", "Math -> Science", "teacher")
    assert rules[3].always


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("group teachers teacher", "no_arrow"),
        ("group teachers -> king", "role"),
        ("group teachers -> teacher perhaps", "role"),
        ("group teachers ->", "role"),
        ("group -> teacher", "condition"),
        ("teachers -> teacher", "condition"),
        ("email school -> teacher", "email"),
        ("email two words@school.example -> teacher", "email"),
        ("claim department -> teacher", "claim"),
        ("claim =Office -> teacher", "claim"),
        ("everyone -> teacher", "everyone"),
        ("everyone else -> refused", "condition"),
    ],
)
def test_line_that_is_no_rule_is_named(line, code):
    with pytest.raises(RuleProblem) as problem:
        parse(f"group it -> administrator\n\n{line}", User.Role.values)
    assert (problem.value.code, problem.value.line) == (code, 3)
    assert "line 3" in str(problem.value)


def test_number_of_rules_is_bounded():
    with pytest.raises(RuleProblem, match="at most 200"):
        parse("group a -> teacher\n" * (MOST_RULES + 1))


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        rules = parse(text, User.Role.values)
    except RuleProblem:
        return
    assert parse("\n".join(map(str, rules)), User.Role.values) == rules


@pytest.mark.parametrize(
    ("claims", "email", "expected"),
    [
        ({"groups": ["teachers", "it STAFF"]}, "", "administrator"),
        ({"groups": "IT staff"}, "", "administrator"),
        ({"groups": ["IT staff"]}, "a@students.school.example", "administrator"),
        ({"groups": []}, "a@students.school.example", "refused"),
        ({"groups": [None, 3, {"a": "IT staff"}]}, "", "refused"),
        ({}, "head@school.example", "administrator"),
        ({}, "Head@School.example", "administrator"),
        ({}, "not.head@school.example", "refused"),
        ({"department": "office"}, "", "teacher"),
        ({"department": ["Sport", "Office"]}, "", "teacher"),
        ({"groups": {"IT staff": True}}, "", "refused"),
    ],
)
def test_first_rule_that_applies_decides(claims, email, expected):
    assert role(claims, email) == expected


def test_address_rule_needs_a_verified_address():
    rules = "email @school.example -> teacher"
    assert role({"email": "a@school.example"}, "", rules) is None
    assert role({}, "a@school.example", rules) == "teacher"
    assert role({}, "a@evil-school.example", rules) is None
    assert role({}, "a@sub.school.example", rules) is None


@pytest.mark.parametrize("current", User.Role.values)
@pytest.mark.parametrize("given_by_rule", [False, True])
@pytest.mark.parametrize("always", [False, True])
def test_only_an_administrator_whom_a_person_appointed_keeps_the_role(current, given_by_rule, always):
    rule = Rule("group", "x", "teacher", always=always)
    kept = current == "administrator" and not given_by_rule and not always
    assert role_after(current, given_by_rule=given_by_rule, rule=rule) == (current if kept else "teacher")


def test_nested_claims_have_names_with_dots():
    claims = {"realm_access": {"roles": ["staff"]}, "a.b": "plain", "n": 7, "yes": True}
    assert values_of(claims, "realm_access.roles") == ["staff"]
    assert values_of(claims, "a.b") == ["plain"]
    assert values_of(claims, "realm_access.none.deeper") == []
    assert values_of(claims, "n") == ["7"]
    assert values_of(claims, "yes") == ["true"]
    assert values_of(claims, "") == []


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("es-MX", "es"), ("es", "es"), ("zh_CN", "zh-hans"), ("zh-Hans-SG", "zh-hans"), ("zh-TW", ""),
        ("zh-Hant", ""), ("AR", "ar"), ("fr", ""), ("", ""), ("en-GB", "en"),
    ],
)  # fmt: skip
def test_language_comes_from_the_locale(locale, language):
    assert language_of(locale, ("en", "zh-hans", "es", "ar")) == language


@pytest.mark.parametrize(
    ("claims", "domains", "expected"),
    [
        ({"email": "A@b.example", "email_verified": True}, (), ("a@b.example", True)),
        ({"email": "a@b.example", "email_verified": "true"}, (), ("a@b.example", True)),
        ({"email": ["a@b.example"], "email_verified": ["true"]}, (), ("a@b.example", True)),
        ({"email": "a@b.example", "email_verified": False}, (), ("a@b.example", False)),
        ({"email": "a@b.example", "email_verified": "yes"}, (), ("a@b.example", False)),
        ({"email": "a@b.example"}, (), ("a@b.example", False)),
        ({"email": "a@b.example"}, ("b.example",), ("a@b.example", True)),
        ({"email": "a@x.b.example"}, ("b.example",), ("a@x.b.example", False)),
        ({}, ("",), ("", False)),
    ],
)
def test_address_is_verified_only_if_the_provider_or_the_school_says_so(claims, domains, expected):
    assert verified_email(claims, domains) == expected
