"""The ledger of erasures: known to all processes at once, several keys, and keys that are encrypted again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from classroom_admin.common import clock
from classroom_admin.privacy import erasure_ledger, erasure_repeat
from classroom_admin.privacy.erasure_ledger import Kind, NoKey
from classroom_admin.privacy.person import Subject
from classroom_admin.privacy.person_models import ErasedIdentity, Erasure, ErasureKey
from tests.school import make_person, make_room

pytestmark = pytest.mark.django_db

KEYS = [f"a-secret-key-of-this-test-{number}-" + "x" * 50 for number in range(3)]


def erasure_of(user_uuid: str, number: str) -> Erasure:
    """Store an erasure as another process does: this process is not told."""
    made = Erasure.objects.create(number=number, mode=Erasure.Mode.PSEUDONYMISE, at=clock.cloud_now())
    erasure_ledger.record(made, [(Kind.USER_ID, user_uuid, f"erased-{number}")])
    return made


def replacement(user_uuid: str) -> str:
    """Return what stands for this id in an old event, or ""."""
    finder = erasure_ledger.finders()(clock.to_ms(clock.cloud_now()) - 60_000)
    found = finder and finder.by_id(user_uuid)
    return found.user_uuid if found else ""


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in erasure_ledger.ledger_path().read_text().splitlines()]


def forget_the_database() -> None:
    """As if a database without these erasures had been put back, and a process had begun with it."""
    ErasedIdentity.objects.all().delete()
    Erasure.objects.all().delete()
    ErasureKey.objects.all().delete()
    erasure_ledger.forget()


def test_erasure_of_another_process_counts_for_the_next_event() -> None:
    assert replacement("ana-1") == ""
    erasure_of("ana-1", "7f3a")
    assert replacement("ana-1") == "erased-7f3a"
    erasure_of("ben-1", "8888")
    assert replacement("ben-1") == "erased-8888"


@pytest.fixture
def two_keys(settings: Any) -> None:
    """Write a ledger with two keys: SECRET_KEY was lost for a time, so a second key was made."""
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = KEYS[0], []
    erasure_ledger.write_to_file(erasure_of("ana-1", "aaaa"))
    forget_the_database()
    settings.SECRET_KEY = KEYS[1]
    erasure_ledger.write_to_file(erasure_of("ben-1", "bbbb"))
    assert [sorted(line)[0] for line in lines()] == ["id", "at", "id", "at"]


def test_erasures_with_two_keys_are_repeated(settings: Any, two_keys: None) -> None:
    forget_the_database()
    settings.SECRET_KEY_FALLBACKS = [KEYS[0]]
    room = make_room("Maths")
    for number, user_uuid in enumerate(("ana-1", "ben-1", "cem-1")):
        make_person(room, number, user_uuid=user_uuid)
    jobs = erasure_repeat.missing_erasures()
    assert (replacement("ana-1"), replacement("ben-1"), replacement("cem-1")) == (
        "erased-aaaa",
        "erased-bbbb",
        "",
    )
    assert [Subject.from_secret(job.secret).user_uuids for job in jobs] == [["ana-1"], ["ben-1"]]
    assert erasure_repeat.missing_erasures() == []


def test_erasures_with_two_keys_of_an_earlier_version_are_repeated(settings: Any, two_keys: None) -> None:
    old = [{name: one for name, one in line.items() if name not in ("id", "with")} for line in lines()]
    erasure_ledger.ledger_path().write_text("".join(f"{json.dumps(line)}\n" for line in old))
    forget_the_database()
    settings.SECRET_KEY_FALLBACKS = [KEYS[0]]
    assert len(erasure_repeat.missing_erasures()) == 2
    assert (replacement("ana-1"), replacement("ben-1")) == ("erased-aaaa", "erased-bbbb")


def test_erasure_whose_key_is_lost_does_not_stop_the_others(two_keys: None) -> None:
    forget_the_database()
    with pytest.raises(NoKey):
        erasure_repeat.missing_erasures()
    assert (replacement("ana-1"), replacement("ben-1")) == ("", "erased-bbbb")
    with pytest.raises(NoKey):
        erasure_repeat.missing_erasures()
    assert Erasure.objects.count() == 1


def test_key_that_an_earlier_version_encrypted_again_further_down_is_found(settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = KEYS[0], []
    erasure_ledger.write_to_file(erasure_of("ana-1", "aaaa"))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = KEYS[1], [KEYS[0]]
    assert erasure_ledger.encrypt_key_again() == 1
    old = [{name: one for name, one in line.items() if name not in ("id", "with")} for line in lines()]
    erasure_ledger.ledger_path().write_text("".join(f"{json.dumps(line)}\n" for line in old))
    settings.SECRET_KEY_FALLBACKS = []
    forget_the_database()
    assert len(erasure_repeat.missing_erasures()) == 1
    assert replacement("ana-1") == "erased-aaaa"


def test_key_is_encrypted_again_only_if_the_secret_key_changed(settings: Any, two_keys: None) -> None:
    settings.SECRET_KEY_FALLBACKS = [KEYS[0]]
    assert erasure_ledger.encrypt_key_again() == 1  # the other one is encrypted with this key already
    before = erasure_ledger.ledger_path().read_text()
    assert erasure_ledger.encrypt_key_again() == 0
    assert erasure_ledger.ledger_path().read_text() == before
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = KEYS[2], [KEYS[1]]
    assert erasure_ledger.encrypt_key_again() == 2
    settings.SECRET_KEY_FALLBACKS = []
    assert {entry.number: bool(entry.secret) for entry in erasure_ledger.entries_in_file()} == {
        "aaaa": True,
        "bbbb": True,
    }
