"""Decide what a person who comes from school sign-on may do, from rules and the claims of the provider.

The functions are pure. A rule is a line of text, and the first rule that applies decides:

    group IT staff -> administrator
    group Teachers -> teacher
    email @students.school.example -> refused
    claim department=Office -> observer
    everyone -> refused
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

REFUSED: Final = "refused"
"""The right side of a rule for people who must not sign in."""
ADMINISTRATOR: Final = "administrator"
ALWAYS: Final = "always"
"""The word after a role: the rule also changes the role of an administrator whom a person appointed."""
MOST_RULES: Final = 200
_CLAIM_DEPTH: Final = 3
_EMAIL: Final = re.compile(r"[^@\s]*@[^@\s]+")


class RuleProblem(ValueError):
    """The error for a rule that can't be read. `line` counts from 1, and `code` names the problem."""

    def __init__(self, line: int, code: str, shown: str = "") -> None:
        super().__init__(f"line {line}: {_ENGLISH[code].format(shown=shown)}")
        self.line, self.code, self.shown = line, code, shown


_ENGLISH: Final = {
    "no_arrow": "a rule needs “->” between the condition and the role, as in “group Teachers -> teacher”",
    "condition": "“{shown}” is no condition; begin it with group, email, claim or everyone",
    "email": "“{shown}” must be an email address, or a domain such as @school.example",
    "claim": "“{shown}” must be a claim and a value, such as department=Office",
    "everyone": "a rule for everyone can only refuse: everyone -> refused",
    "role": "“{shown}” is no role",
    "too_many": "there can be at most {shown} rules",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition, and the role of the people who fulfil it. The role `REFUSED` keeps them out."""

    kind: Literal["group", "email", "claim", "everyone"]
    value: str
    role: str
    claim: str = ""
    always: bool = False

    def __str__(self) -> str:
        condition = {
            "group": f"group {self.value}",
            "email": f"email {self.value}",
            "claim": f"claim {self.claim}={self.value}",
            "everyone": "everyone",
        }[self.kind]
        return f"{condition} -> {self.role}{f' {ALWAYS}' if self.always else ''}"


def parse(text: str, roles: Collection[str] | None = None) -> tuple[Rule, ...]:
    """Return the rules of a text with one rule on each line. Empty lines and lines with “#” are skipped.

    Raise RuleProblem for the first line that is no rule, or that names none of `roles`. None: any word is a
    role.
    """
    rules = []
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if line and not line.startswith("#"):
            rules.append(_rule(line, number, roles))
    if len(rules) > MOST_RULES:
        raise RuleProblem(MOST_RULES + 1, "too_many", str(MOST_RULES))
    return tuple(rules)


def _rule(line: str, number: int, roles: Collection[str] | None) -> Rule:
    condition, arrow, right = line.rpartition("->")
    if not arrow:
        raise RuleProblem(number, "no_arrow")
    role, _space, last = right.strip().lower().partition(" ")
    always = last.strip() == ALWAYS
    if not role or (last and not always) or (roles is not None and role not in {*roles, REFUSED}):
        raise RuleProblem(number, "role", right.strip())
    kind, _space, value = condition.strip().partition(" ")
    kind, value = kind.lower(), value.strip()
    if kind == "everyone" and not value:
        if role != REFUSED:
            raise RuleProblem(number, "everyone")
        return Rule("everyone", "", role)
    if kind == "group" and value:
        return Rule("group", value, role, always=always)
    if kind == "email" and value:
        if not _EMAIL.fullmatch(value):
            raise RuleProblem(number, "email", value)
        return Rule("email", value.lower(), role, always=always)
    if kind == "claim" and value:
        claim, equals, wanted = value.partition("=")
        if not (claim.strip() and equals and wanted.strip()):
            raise RuleProblem(number, "claim", value)
        return Rule("claim", wanted.strip(), role, claim=claim.strip(), always=always)
    raise RuleProblem(number, "condition", condition.strip())


def first_match(
    rules: Collection[Rule], claims: Mapping[str, Any], *, groups_claim: str, verified_email: str
) -> Rule | None:
    """Return the first rule that applies, or None.

    `verified_email` is "" if the provider did not verify the address. Rules for addresses then don't apply.
    """
    groups = {one.casefold() for one in values_of(claims, groups_claim)}
    email = verified_email.lower()
    return next((rule for rule in rules if _applies(rule, claims, groups, email)), None)


def _applies(rule: Rule, claims: Mapping[str, Any], groups: set[str], email: str) -> bool:
    if rule.kind == "everyone":
        return True
    if rule.kind == "group":
        return rule.value.casefold() in groups
    if rule.kind == "email":
        return bool(email) and (email == rule.value or (rule.value[0] == "@" and email.endswith(rule.value)))
    return rule.value.casefold() in {one.casefold() for one in values_of(claims, rule.claim)}


def role_after(current: str, *, given_by_rule: bool, rule: Rule) -> str:
    """Return the role after a sign-in to which `rule` applies.

    An administrator whom a person appointed stays one, unless the rule ends with “always”.
    """
    appointed = current == ADMINISTRATOR and not given_by_rule
    return current if appointed and not rule.always else rule.role


def values_of(claims: Mapping[str, Any], name: str) -> list[str]:
    """Return the values of a claim as texts. A name such as `realm_access.roles` means a nested claim."""
    if not name:
        return []
    value: Any = claims.get(name)
    if value is None and "." in name:
        value = claims
        for part in name.split(".", _CLAIM_DEPTH):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, int | float):
        return [str(value)]
    if isinstance(value, list | tuple):
        return [one.strip() for one in value if isinstance(one, str) and one.strip()]
    return []


def text_of(claims: Mapping[str, Any], name: str) -> str:
    """Return the first value of a claim, or ""."""
    return next(iter(values_of(claims, name)), "")


def language_of(locale: str, languages: Collection[str]) -> str:
    """Return the code in `languages` for a locale such as `es-MX` or `zh_CN`. Return "" if there is none."""
    wanted = locale.replace("_", "-").lower()
    if wanted in languages:
        return wanted
    main, _dash, rest = wanted.partition("-")
    if main == "zh" and not rest.startswith(("hant", "tw", "hk", "mo")) and "zh-hans" in languages:
        return "zh-hans"
    return main if main in languages else ""


def verified_email(claims: Mapping[str, Any], domains: Collection[str]) -> tuple[str, bool]:
    """Return the email address in the claims, and whether it is verified.

    The provider verified it if `email_verified` is true. Addresses of `domains` count as verified, too. A
    name with letters outside of ASCII is no address here: "K" (the sign for kelvin) becomes "k" in lower
    case, so it would be the address of another person.
    """
    email = text_of(claims, "email")
    if not email.rpartition("@")[0].isascii():
        return "", False
    email = email.lower()
    domain = email.rpartition("@")[2]
    said = claims.get("email_verified")
    if isinstance(said, list):  # SAML attributes are lists
        said = said[0] if len(said) == 1 else None
    return email, said is True or str(said).lower() == "true" or (bool(email) and domain in domains)
