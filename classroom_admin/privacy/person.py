"""Find out who a person is: their cloud user ids, names, entries on class lists, email addresses and account.

Ids, and what has one of these ids, are certain. What only has the same name may belong to another person, so
a person must choose it by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Count, Max, Q

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.common.encryption import decrypt, encrypt
from classroom_admin.common.names import exact_key
from classroom_admin.common.numbers import parsed
from classroom_admin.common.search_field import matches
from classroom_admin.common.text_matching import stored_key
from classroom_admin.events.erasure import Replacement
from classroom_admin.rooms.models import ListedPerson, ListVersion, Participant

MOST: Final = 50
"""The largest number of people that a search returns."""


@dataclass(frozen=True, slots=True, order=True)
class ListedName:
    """A name on a class list that has no cloud user id. `list_id` is the id of the list."""

    list_id: int
    name: str

    @property
    def key(self) -> str:
        """Return the part of the list that stays the same if the spelling of the name changes."""
        return exact_key(self.name)


@dataclass(slots=True)
class Subject:
    """Whose data is exported or erased."""

    user_uuids: list[str] = field(default_factory=list)
    accounts: list[int] = field(default_factory=list)
    listed: list[ListedName] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.user_uuids or self.accounts or self.listed)

    @property
    def title(self) -> str:
        """Return a name or an id for pages."""
        return next(iter([*self.names, *self.emails, *self.user_uuids]), "")

    @property
    def ids(self) -> list[str]:
        """Return the cloud user ids, with their spelling in Agora Chat, which ignores case."""
        return list(dict.fromkeys([*self.user_uuids, *(one.lower() for one in self.user_uuids)]))

    @property
    def list_ids(self) -> set[int]:
        return {one.list_id for one in self.listed}

    @property
    def name_keys(self) -> set[str]:
        return {key for name in self.names if (key := exact_key(name))}

    def as_secret(self) -> str:
        """Return the person as encrypted text."""
        listed = [[one.list_id, one.name] for one in self.listed]
        parts = [self.user_uuids, self.accounts, listed, self.names, self.emails]
        return encrypt(json.dumps(parts))

    @classmethod
    def from_secret(cls, secret: str) -> Subject:
        """Return the person in the result of `as_secret`."""
        ids, accounts, listed, names, emails = json.loads(decrypt(secret))
        return cls(ids, accounts, [ListedName(*one) for one in listed], names, emails)


@dataclass(slots=True)
class Plain:
    """A finder with the ids, names and email addresses themselves (`events.erasure.Finder`)."""

    people: dict[str, Replacement]
    names: dict[str, Replacement]
    emails: frozenset[str]

    def by_id(self, text: str) -> Replacement | None:
        return self.people.get(text)

    def by_name(self, text: str) -> Replacement | None:
        return self.names.get(exact_key(text))

    def of_contact(self, text: str) -> bool:
        return text.strip().lower() in self.emails


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that may belong to the person. `value` is its value in the form, as `kind:rest`.

    `certain` is False if only the name is the same. `about` says where it was found, `classes` in how many
    classes. `row` names a row with which a page finds the person again: `students`, `lists` or `accounts`,
    and its primary key. It is None for an id without such a row.
    """

    value: str
    kind: str
    name: str
    about: str
    certain: bool
    row: tuple[str, int] | None
    classes: int = 0


def candidates(*, user_uuids: Iterable[str] = (), accounts: Iterable[int] = ()) -> list[Candidate]:
    """Return what belongs, or may belong, to a person who is known by ids and accounts."""
    ids = set(user_uuids)
    users = list(User.objects.filter(Q(pk__in=list(accounts)) | Q(identities__user_uuid__in=ids)).distinct())
    ids |= set(CloudIdentity.objects.filter(user__in=users).values_list("user_uuid", flat=True))
    rows = list(ListedPerson.objects.filter(user_uuid__in=ids).select_related("class_list"))
    names = _names_of(ids, users, rows)
    emails = {one.email.lower() for one in rows if one.email} | {user.email for user in users}
    others = list(User.objects.filter(email__in=emails).exclude(pk__in=[user.pk for user in users]))
    found = _of_ids(sorted(ids), certain=True)
    found += [_of_account(user, certain=True) for user in users]
    found += [_of_account(user, certain=False) for user in others]
    found += _of_ids(_same_named(names, ids), certain=False)
    return found + _listed_like(names, emails)


def candidates_of_listed(row: ListedPerson) -> list[Candidate]:
    """Return what belongs, or may belong, to a person on a class list who has no cloud user id."""
    names = {exact_key(row.name): row.name}
    emails = {row.email.lower()} if row.email else set()
    users = list(User.objects.filter(email__in=emails))
    own = _of_row(row, certain=True)
    others = [one for one in _listed_like(names, emails) if one.value != own.value]
    same = _of_ids(_same_named(names, set()), certain=False)
    return [own, *(_of_account(user, certain=False) for user in users), *same, *others]


def values_of(subject: Subject) -> list[str]:
    """Return the values of the form for a person. `subject_of` returns the person again."""
    return [
        *(f"id:{one}" for one in subject.user_uuids),
        *(f"account:{pk}" for pk in subject.accounts),
        *(f"listed:{one.list_id}:{one.name}" for one in subject.listed),
    ]


def subject_of(values: Iterable[str]) -> Subject:
    """Return the person who was chosen as the values of candidates. Ignore values that do not exist (now)."""
    ids: list[str] = []
    accounts: list[int] = []
    listed: list[ListedName] = []
    for value in dict.fromkeys(values):
        kind, _, rest = value.partition(":")
        if kind == "id" and rest:
            ids.append(rest)
        elif kind == "account" and (pk := parsed(rest)) is not None:
            accounts.append(pk)
        elif kind == "listed":
            number, _, name = rest.partition(":")
            if (list_id := parsed(number)) is not None and name:
                listed.append(ListedName(list_id, name))
    users = list(User.objects.filter(pk__in=accounts))
    rows = list(ListedPerson.objects.filter(user_uuid__in=ids))
    names = _names_of(set(ids), users, rows)
    emails = {one.email.lower() for one in rows if one.email} | {user.email.lower() for user in users}
    for one in listed:
        names.setdefault(exact_key(one.name), one.name)
        emails |= _emails_of(one)
    return Subject(ids, [user.pk for user in users], listed, list(names.values()), sorted(emails))


def find(words: str) -> list[Candidate]:
    """Return people with these words in their name or email address, or with this cloud user id."""
    words = words.strip()
    if not words:
        return []
    ids = list(_known_ids([words]))
    seen = Participant.objects.filter(matches(words, field="name_search"), was_teacher__in=(False, True))
    named = seen.order_by("user_uuid").values_list("user_uuid", flat=True).distinct()[:MOST]
    listed = ListedPerson.objects.filter(Q(email__iexact=words) | Q(name__icontains=words)).select_related(
        "class_list"
    )[:MOST]
    users = User.objects.filter(matches(words, field="search")).order_by("search", "pk")[:MOST]
    ids += [one for one in named if one not in ids]
    ids += [row.user_uuid for row in listed if row.user_uuid and row.user_uuid not in ids]
    found = [one for one in _of_ids(ids[:MOST], certain=True) if one.row is not None]
    found += [_of_account(user, certain=True) for user in users]
    return found + [_of_row(row) for row in listed if not row.user_uuid]


def _known_ids(wanted: Iterable[str]) -> set[str]:
    """Return which of these ids occur in a class, on a list or in an account."""
    wanted = list(wanted)
    known: set[str] = set()
    for model in (Participant, ListedPerson, CloudIdentity):
        rows: Any = model._default_manager.filter(user_uuid__in=wanted)
        known |= set(rows.order_by().values_list("user_uuid", flat=True).distinct())
    return known


def _names_of(ids: set[str], users: Iterable[User], rows: Iterable[ListedPerson]) -> dict[str, str]:
    """Return the names of the person by their exact key."""
    seen = Participant.objects.filter(user_uuid__in=ids).order_by().values_list("name", flat=True).distinct()
    names = [*(user.name for user in users), *(row.name for row in rows), *seen]
    for people in ListVersion.objects.filter(_names_id(ids)).values_list("people", flat=True):
        names += [one.get("name", "") for one in people if one.get("user_uuid") in ids]
    found: dict[str, str] = {}
    for name in names:
        if key := exact_key(name):
            found.setdefault(key, name)
    return found


def _names_id(ids: Iterable[str]) -> Q:
    """Return the condition that the JSON of a list version may contain one of these ids."""
    condition = Q(pk=None)
    for one in ids:
        condition |= Q(people__icontains=json.dumps(one)[1:-1])
    return condition


def _same_named(names: dict[str, str], ids: set[str]) -> list[str]:
    """Return the ids of other people with a name that looks the same."""
    keys = [stored_key(name) for name in names.values()]
    rows = Participant.objects.filter(name_search__in=keys, was_teacher__in=(False, True)).exclude(
        user_uuid__in=ids
    )
    found = rows.order_by("user_uuid").values_list("user_uuid", "name").distinct()[: 5 * MOST]
    return list(dict.fromkeys(one for one, name in found if exact_key(name) in names))[:MOST]


def _listed_like(names: dict[str, str], emails: set[str]) -> list[Candidate]:
    """Return the entries of class lists without an id that have the same name or email address."""
    found: dict[str, Candidate] = {}
    rows = ListedPerson.objects.filter(user_uuid="").select_related("class_list")
    like = Q(email__in=emails) if emails else Q(pk=None)
    for name in names.values():
        like |= Q(name__iexact=name)
    for row in rows.filter(like)[: 4 * MOST]:
        candidate = _of_row(row, certain=bool(row.email) and row.email.lower() in emails)
        found.setdefault(candidate.value, candidate)
    return list(found.values())


def _emails_of(one: ListedName) -> set[str]:
    rows = ListedPerson.objects.filter(class_list=one.list_id, user_uuid="", name=one.name)
    return {email.lower() for email in rows.values_list("email", flat=True) if email}


def _of_ids(user_uuids: list[str], *, certain: bool) -> list[Candidate]:
    """Return candidates for these ids, in the same order."""
    seen = Participant.objects.filter(user_uuid__in=user_uuids).order_by().values("user_uuid")
    newest = {one["user_uuid"]: one for one in seen.annotate(newest=Max("pk"), classes=Count("pk"))}
    newest_keys = [one["newest"] for one in newest.values()]
    names = dict(Participant.objects.filter(pk__in=newest_keys).values_list("pk", "name"))
    on_lists = ListedPerson.objects.filter(user_uuid__in=user_uuids).order_by("-pk")
    listed = {one.user_uuid: one for one in on_lists}
    users = dict(CloudIdentity.objects.filter(user_uuid__in=user_uuids).values_list("user_uuid", "user"))
    found = []
    for one in user_uuids:
        pk, classes = (newest[one]["newest"], newest[one]["classes"]) if one in newest else (0, 0)
        row: tuple[str, int] | None = None
        if pk:
            row = ("students", pk)
        elif one in listed:
            row = ("lists", listed[one].pk)
        elif one in users:
            row = ("accounts", users[one])
        name = names.get(pk) or (listed[one].name if one in listed else "")
        found.append(Candidate(f"id:{one}", "id", name, one, certain, row, classes))
    return found


def _of_account(user: User, *, certain: bool) -> Candidate:
    row = ("accounts", user.pk)
    return Candidate(f"account:{user.pk}", "account", user.name, user.email, certain, row)


def _of_row(row: ListedPerson, *, certain: bool = False) -> Candidate:
    value, about = f"listed:{row.class_list_id}:{row.name}", str(row.class_list)
    return Candidate(value, "listed", row.name, about, certain, ("lists", row.pk))
