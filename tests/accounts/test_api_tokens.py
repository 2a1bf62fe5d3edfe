"""API tokens: what is stored, when they end, and the command that prints one."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from classroom_admin.accounts import api_tokens, password_links
from classroom_admin.accounts.models import ApiToken, User
from classroom_admin.actions import api_tokens as actions
from classroom_admin.actions import people
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.access import NotAllowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def teacher() -> User:
    return User.objects.create_user("ana@school.test", "quiet-otter-lamp", name="Ana")


@pytest.fixture
def administrator() -> User:
    return User.objects.create_user("ruth@school.test", "x", name="Ruth", role=User.Role.ADMINISTRATOR)


def token_of(person: User) -> str:
    return api_tokens.create(person, name="a test", scopes=["read"], days=90)[1]


def printed(*arguments: str) -> tuple[str, str]:
    output, errors = StringIO(), StringIO()
    call_command("token", *arguments, stdout=output, stderr=errors)
    return output.getvalue(), errors.getvalue()


def test_only_the_hash_of_a_token_is_stored(teacher: User) -> None:
    secret = token_of(teacher)
    row = ApiToken.objects.get()
    assert secret not in [str(getattr(row, field.name)) for field in ApiToken._meta.get_fields()]
    found = api_tokens.find(secret)
    assert found is not None
    assert found.user == teacher


@pytest.mark.parametrize("wrong", ["", "ca_", "ca_unknown", "x", "ca_\ud800", "ca_ä"])
def test_unknown_token_finds_nobody(teacher: User, wrong: str) -> None:
    token_of(teacher)
    assert api_tokens.find(wrong) is None


def test_expired_token_is_not_valid(teacher: User) -> None:
    secret = token_of(teacher)
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert api_tokens.find(secret) is None


def test_use_is_noted_once_a_minute(teacher: User) -> None:
    found = api_tokens.find(token_of(teacher))
    assert found is not None
    api_tokens.note_use(found)
    first = ApiToken.objects.get().used_at
    assert first is not None
    api_tokens.note_use(ApiToken.objects.get())
    assert ApiToken.objects.get().used_at == first
    ApiToken.objects.update(used_at=first - timedelta(minutes=2))
    api_tokens.note_use(ApiToken.objects.get())
    assert ApiToken.objects.get().used_at >= first  # type: ignore[operator]


def test_deactivation_ends_tokens_for_good(teacher: User, administrator: User) -> None:
    secret = token_of(teacher)
    people.deactivate_person(actor=administrator, person=teacher)
    assert api_tokens.find(secret) is None
    people.reactivate_person(actor=administrator, person=teacher)
    assert api_tokens.find(secret) is None
    assert Entry.objects.get(action="account.deactivate").params == {"api_access": 1}


def test_new_password_ends_tokens(teacher: User, administrator: User) -> None:
    """Whether the person changes the password, chooses it with a link, or an administrator resets it."""
    secret = token_of(teacher)
    teacher.set_password("another-otter-lamp")
    teacher.save()
    assert api_tokens.find(secret) is None
    secret = token_of(teacher)
    link = people.reset_password(actor=administrator, person=teacher)
    assert api_tokens.find(secret) is None
    secret = token_of(teacher)
    password_links.use(link, "a-third-otter-lamp")
    assert api_tokens.find(secret) is None


def test_newer_hash_of_the_same_password_does_not_end_tokens(teacher: User, settings: Any) -> None:
    secret = token_of(teacher)
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher", *settings.PASSWORD_HASHERS
    ]  # fmt: skip
    before = teacher.password
    assert teacher.check_password("quiet-otter-lamp")
    teacher.refresh_from_db()
    assert teacher.password != before
    assert api_tokens.find(secret) is not None


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["admin"]}, "scopes"),
        ({"days": 0}, "days"),
        ({"days": 367}, "days"),
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
    ],
)
def test_invalid_values_are_refused(teacher: User, values: dict[str, Any], field: str) -> None:
    asked = {"name": "a test", "scopes": ["read"], "days": 90, **values}
    with pytest.raises(ActionRefused) as refused:
        actions.create_token(person=teacher, actor=teacher, **asked)
    assert refused.value.field == field
    assert not ApiToken.objects.exists()


def test_person_has_at_most_twenty_valid_tokens(teacher: User) -> None:
    for _number in range(api_tokens.MOST_TOKENS):
        token_of(teacher)
    with pytest.raises(api_tokens.TokenRefused):
        token_of(teacher)
    ApiToken.objects.filter(pk=ApiToken.objects.all()[0].pk).update(expires_at=timezone.now())
    assert token_of(teacher)


def test_tokens_are_revoked_by_their_person_or_an_administrator(teacher: User, administrator: User) -> None:
    secret = token_of(teacher)
    other = User.objects.create_user("ben@school.test", "x", name="Ben")
    row = ApiToken.objects.get()
    with pytest.raises(NotAllowed):
        actions.revoke_token(actor=other, person=teacher, pk=row.pk)
    assert actions.revoke_token(actor=other, person=other, pk=row.pk) is None
    assert actions.revoke_token(actor=administrator, person=teacher, pk=row.pk)
    assert api_tokens.find(secret) is None
    entry = Entry.objects.get(action="account.token_end")
    assert (entry.actor, entry.target, entry.params["name"]) == (administrator, teacher.email, "a test")


def test_command_prints_the_token_alone(teacher: User) -> None:
    output, errors = printed("ANA@school.test")
    found = api_tokens.find(output.removesuffix("\n"))
    assert found is not None
    assert found.user == teacher
    assert found.scope_names == ("read",)
    assert 89.9 < (found.expires_at - timezone.now()) / timedelta(days=1) <= 90
    assert output.strip() not in errors
    assert output.strip() not in str(Entry.objects.get(action="account.token_create").params)


def test_command_takes_scopes_and_days(teacher: User) -> None:
    output, _errors = printed(teacher.email, "--scopes", "read,write", "--days", "1")
    found = api_tokens.find(output.strip())
    assert found is not None
    assert found.scope_names == ("read", "write")
    assert found.expires_at - timezone.now() <= timedelta(days=1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nobody@school.test"],
        ["ana@school.test", "--scopes", "admin"],
        ["ana@school.test", "--scopes", ","],
        ["ana@school.test", "--days", "0"],
        ["ana@school.test", "--days", "1000"],
    ],
)
def test_command_refuses_wrong_arguments(teacher: User, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        printed(*arguments)
    assert not ApiToken.objects.exists()


def test_command_refuses_deactivated_accounts(teacher: User) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="deactivated"):
        printed(teacher.email)
