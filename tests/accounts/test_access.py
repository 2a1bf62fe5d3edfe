"""Access to the pages about people and settings: a table of every address. Add new addresses here."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.urls import NoReverseMatch, get_resolver, reverse

IN = {200, 422}
MOVED = {302}
TO_SIGN_IN = "to sign-in"
NO_PAGE = {404}
WRONG_METHOD = {405}


@dataclass
class Row:
    """The answer for each of the four people. `needs`: objects of the school in the address."""

    method: str
    administrator: Any
    own: Any
    other: Any
    nobody: Any
    needs: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)


def _admins(method: str = "get", given: Any = None, data: dict[str, str] | None = None, **needs: str) -> Row:
    return Row(method, given or IN, NO_PAGE, NO_PAGE, TO_SIGN_IN, needs, data or {})


def _own(method: str = "get", given: Any = None, **needs: str) -> Row:
    """Return a row of a page about the person's own account: the same answer for everyone signed in."""
    return Row(method, *[given or {200}] * 3, TO_SIGN_IN, needs)


# "own" is the teacher about whom the page is, "other" another one.
TABLE = {
    "people:list": [_admins()],
    "people:create": [_admins(), _admins("post")],
    "people:unassigned": [_admins(), _admins("post")],
    "people:person": [_admins(pk="teacher"), _admins("post", pk="teacher")],
    "people:assign": [_admins("post", MOVED, pk="teacher")],
    "people:unassign": [_admins("post", MOVED, pk="teacher")],
    "people:deactivate": [_admins("post", MOVED, pk="teacher")],
    "people:reactivate": [_admins("post", MOVED, pk="teacher")],
    "people:password": [_admins("post", pk="teacher")],
    "people:second_factors": [_admins("post", MOVED, pk="teacher")],
    "people:sessions": [_admins("post", MOVED, pk="teacher")],
    "settings:overview": [_admins()],
    "settings:test": [_admins("post")],
    "settings:test_capability": [_admins("post", MOVED, name="stage")],
    "settings:audit": [_admins()],
    "settings:audit_file": [_admins()],
    "settings:sync": [_admins()],
    "account_login": [Row("get", MOVED, MOVED, MOVED, {200})],
    "account_logout": [
        Row("get", {200}, {200}, {200}, MOVED),
        Row("post", MOVED, MOVED, MOVED, MOVED),
    ],
    "account_inactive": [Row("get", {200}, {200}, {200}, {200})],
    "account_first_steps": [
        Row("get", MOVED, MOVED, MOVED, TO_SIGN_IN),
        Row("post", MOVED, MOVED, MOVED, TO_SIGN_IN),
    ],
    "account_settings": [
        Row("get", {200}, {200}, {200}, TO_SIGN_IN),
        Row("post", MOVED, MOVED, MOVED, TO_SIGN_IN),
    ],
    "account_second_factor": [Row("get", MOVED, MOVED, MOVED, TO_SIGN_IN)],
    "account_set_password": [Row("get", *[NO_PAGE] * 4, {"secret": "unknown"})],
    "account_reset_password": [Row("get", *[{200}] * 4), Row("post", *[{200}] * 4)],
    "account_reset_password_done": [Row("get", *[{200}] * 4)],
    "account_reauthenticate": [_own(), _own("post")],
    "account_end_session": [_own("post", MOVED, pk="0")],
    "usersessions_list": [_own(), _own("post", MOVED)],
    "mfa_index": [_own()],
    "mfa_authenticate": [Row("get", *[MOVED] * 4)],
    "mfa_reauthenticate": [_own(given=MOVED)],
    "mfa_activate_totp": [_own(), _own("post")],
    "mfa_deactivate_totp": [_own(given=NO_PAGE)],
    "mfa_view_recovery_codes": [_own(given=NO_PAGE)],
    "mfa_generate_recovery_codes": [_own(), _own("post")],
    "mfa_list_webauthn": [Row("get", *[MOVED] * 4)],
    "mfa_add_webauthn": [_own(), _own("post")],
    "mfa_edit_webauthn": [_own(given=NO_PAGE, pk="0")],
    "mfa_remove_webauthn": [_own(given=NO_PAGE, pk="0")],
    "mfa_reauthenticate_webauthn": [_own(given=MOVED)],
    "mfa_login_webauthn": [Row("get", *[MOVED] * 4), Row("post", *[MOVED] * 4)],
    "account_language": [Row("post", MOVED, MOVED, MOVED, MOVED)],
    "account_change_password": [
        Row("get", {200}, {200}, {200}, TO_SIGN_IN),
        Row("post", {200}, {200}, {200}, TO_SIGN_IN),
    ],
}
CASES = [
    pytest.param(name, row, who, id=f"{name} {row.method} {who}")
    for name, rows in TABLE.items()
    for row in rows
    for who in ("administrator", "own", "other", "nobody")
]


def address_of(school: Any, name: str, row: Row) -> str:
    """Return the address of a row. A person of the school stands for their id."""
    people = {thing: getattr(school, thing).pk for thing in row.needs.values() if hasattr(school, thing)}
    return reverse(name, kwargs={key: people.get(thing, thing) for key, thing in row.needs.items()})


def _addresses() -> set[str]:
    resolver = get_resolver()
    names = {f"{space}:{name}" for space in ("people", "settings") for name in _names(resolver, space)}
    own = ("account_", "mfa_", "usersessions_")
    return names | {str(name) for name in resolver.reverse_dict if str(name).startswith(own)}


def _names(resolver: Any, namespace: str) -> list[str]:
    return [name for name in resolver.namespace_dict[namespace][1].reverse_dict if isinstance(name, str)]


def test_every_address_is_in_the_access_table():
    assert _addresses() == set(TABLE)


@pytest.mark.parametrize(("name", "row", "who"), CASES)
def test_access(school, browser_of, name, row, who):
    person = {"administrator": school.administrator, "own": school.teacher, "other": school.other}.get(who)
    address = address_of(school, name, row)
    answer = getattr(browser_of(person), row.method)(address, row.data)
    expected = getattr(row, who)
    if expected == TO_SIGN_IN:
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login") + "?next=")
    else:
        assert answer.status_code in expected


BY_POST_ALONE = [
    "assign", "unassign", "deactivate", "reactivate", "password", "second_factors", "sessions"
]  # fmt: skip


@pytest.mark.parametrize("name", BY_POST_ALONE)
def test_get_requests_change_nothing(school, admin, name):
    assert admin.get(reverse(f"people:{name}", kwargs={"pk": school.teacher.pk})).status_code == 405


@pytest.mark.parametrize("name", [n for n, rows in TABLE.items() if any(r.method == "post" for r in rows)])
def test_posts_without_csrf_token_are_refused(school, name):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(school.administrator)
    row = next(row for row in TABLE[name] if row.method == "post")
    address = address_of(school, name, row)
    assert client.post(address).status_code == 403


def test_unknown_people_are_not_found(school, admin):
    assert admin.get(reverse("people:person", kwargs={"pk": 999_999})).status_code == 404


def test_fragment_reloads_the_page_after_sign_out(school, browser_of):
    answer = browser_of(None).post(reverse("settings:test"), headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer["HX-Refresh"] == "true"


def test_there_is_no_sign_up(school, browser_of):
    for path in ("/signup/", "/sign-up/", "/account/signup/", "/account/email/", "/accounts/login/"):
        assert browser_of(None).get(path).status_code == 404
    for name in ("account_signup", "account_email", "mfa_signup_webauthn"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
