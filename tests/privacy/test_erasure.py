"""After an erasure, nothing of the person is in the database or on the disk. Classes keep their figures."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from classroom_admin.accounts.models import User
from classroom_admin.agora.answers import RawAnswer
from classroom_admin.agora.client import Client
from classroom_admin.audit import personal, record
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.privacy import erasure_ledger, person_export, person_jobs
from classroom_admin.privacy.person import candidates, subject_of
from classroom_admin.privacy.person_erasure import clean_database
from classroom_admin.privacy.person_models import Erasure, PersonJob
from classroom_admin.reports import summaries
from classroom_admin.reports.export_models import ExportJob
from classroom_admin.reports.models import PersonSummary
from classroom_admin.rooms.models import Answer, ChatMessage, Participant, PeerMessage, Presence, Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import inbox, projector, webhook
from classroom_admin.sync.models import InboxAnswer, Quarantine, StoredEvent
from classroom_admin.sync.replay import film_of
from tests.privacy import canary
from tests.privacy.canary import CanarySchool
from tests.stepped_clock import SteppedClock, use
from tests.sync.conftest import room, sync_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def school(sim: RunningSimulator, cloud: Client, tmp_path: Path) -> CanarySchool:
    return canary.build(sim, tmp_path)


def traces() -> dict[str, list[str]]:
    """Return the traces of the person in the files of the database and of the installation."""
    found: dict[str, list[str]] = {}
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        paths = [Path(name), Path(f"{name}-wal")]
    else:
        paths = [dumped()]
    paths += [path for path in Path(settings.DATA_DIR).rglob("*") if path.is_file()]
    for path in paths:
        content = path.read_bytes().lower() if path.exists() else b""
        mine = [trace for trace in canary.TRACES if trace.lower().encode() in content]
        if mine:
            found[path.name] = mine
    return found


def dumped() -> Path:
    import os
    import subprocess

    target = Path(settings.DATA_DIR) / "dump.sql"
    values = connection.settings_dict
    address = {
        "PGHOST": values["HOST"],
        "PGPORT": str(values["PORT"]),
        "PGUSER": values["USER"],
        "PGPASSWORD": values["PASSWORD"],
        "PGDATABASE": values["NAME"],
    }
    with target.open("wb") as file:
        subprocess.run(["pg_dump"], env={**os.environ, **address}, stdout=file, check=True)
    return target


def erase(mode: str, head: User, *, ticked: tuple[str, ...] = ("certain", "Choir")) -> PersonJob:
    """Erase the person: everything that is certain, and what was ticked."""
    found = candidates(user_uuids=[canary.USER_ID])
    values = [one.value for one in found if one.certain or one.about in ticked]
    job = person_jobs.request_erasure(subject_of(values), mode=mode, by=head)
    while person_jobs.work():
        pass
    job.refresh_from_db()
    return job


@pytest.mark.parametrize("mode", Erasure.Mode.values)
def test_nothing_of_an_erased_person_is_left(school: CanarySchool, mode: str) -> None:
    before = traces()
    assert {trace for found in before.values() for trace in found} >= {canary.NAME, *canary.WORDS}
    job = erase(mode, school.head)
    assert (job.state, job.problem, job.secret) == (PersonJob.State.DONE, None, "")
    assert traces() == {}
    assert {"events", "participants", "audit"} <= job.counts.keys()


def test_a_pseudonymised_person_still_counts(school: CanarySchool) -> None:
    maths = room("maths")
    before = canary.rows_of(maths)
    figures = PersonSummary.objects.get(user_uuid=canary.USER_ID)
    job = erase("pseudonymise", school.head)
    assert job.erasure is not None
    after = canary.rows_of(maths)
    assert {name: len(rows) for name, rows in after.items()} == {
        name: len(rows) for name, rows in before.items()
    }
    assert projector.project_again(maths.pk).rows == 0
    person = Participant.objects.get(name=job.erasure.name)
    assert person.user_uuid == f"erased-{job.erasure.number}"
    assert ChatMessage.objects.filter(user_uuid=person.user_uuid, text="").count() == 2
    assert ChatMessage.objects.filter(text="Words of Ben").exists()
    assert Answer.objects.get(user_uuid=person.user_uuid).selected == ["B"]
    for each in (Presence, PeerMessage):
        assert each._default_manager.filter(user_uuid=person.user_uuid).exists()
    summaries.refresh(room("maths"))
    new = PersonSummary.objects.get(user_uuid=person.user_uuid)
    assert (new.name, new.list_name, new.person_key) == (
        job.erasure.name,
        job.erasure.name,
        f"id:{person.user_uuid}",
    )
    assert (new.present_ms, new.hands, new.correct) == (figures.present_ms, figures.hands, figures.correct)
    assert new.final_status == "excused"


def test_an_erased_persons_rows_are_gone_and_the_class_stays(school: CanarySchool) -> None:
    maths = room("maths")
    erase("erase", school.head)
    assert projector.project_again(maths.pk).rows == 0
    people = set(Participant.objects.filter(room=maths).values_list("user_uuid", flat=True))
    assert people == {"t1", "ben"}
    assert set(ChatMessage.objects.values_list("text", flat=True)) == {"Words of Ben"}
    assert not Answer.objects.exclude(user_uuid="ben").exists()
    assert Room.objects.get(pk=maths.pk).state == 2


def test_an_export_without_a_file_does_not_stop_the_erasure(school: CanarySchool) -> None:
    ExportJob.objects.create(owner=school.head, what="attendance", format="csv", state=ExportJob.State.DONE)
    assert erase("erase", school.head).state == PersonJob.State.DONE


@pytest.mark.parametrize("mode", Erasure.Mode.values)
def test_old_events_that_arrive_later_are_rewritten(school: CanarySchool, mode: str) -> None:
    answers = [bytes(answer.body) for answer in InboxAnswer.objects.filter(source="poll")]
    maths = room("maths")
    StoredEvent.objects.filter(room=maths, stream="room", cmd=3).delete()  # as if they had never come
    projector.project_again(maths.pk)
    job = erase(mode, school.head)
    assert job.erasure is not None
    for body in answers:
        raw = RawAnswer(body=body, http_status=200, received_at_ms=clock.now_ms(), request_id="", path="")
        inbox.read(inbox.keep(raw, source=InboxAnswer.Source.POLL).pk)
    projector.project_rooms([maths.pk], past_gaps=True)
    clean_database()
    assert traces() == {}
    names = list(
        ChatMessage.objects.filter(sequence__lt=1000).order_by("sequence").values_list("name", flat=True)
    )
    assert names == ([job.erasure.name] if mode == "pseudonymise" else []) + ["Ben"]
    assert not Quarantine.objects.filter(answer__isnull=False).exists()


def test_old_events_are_rewritten_as_soon_as_another_process_has_begun_the_erasure(
    school: CanarySchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [bytes(answer.body) for answer in InboxAnswer.objects.filter(source="poll")]
    StoredEvent.objects.filter(room=room("maths"), stream="room", cmd=3).delete()
    assert erasure_ledger.finders()(None) is None  # what this process has read
    monkeypatch.setattr(erasure_ledger, "forget", lambda: None)  # the other process does not tell this one
    erase("pseudonymise", school.head)
    for body in answers:
        raw = RawAnswer(body=body, http_status=200, received_at_ms=clock.now_ms(), request_id="", path="")
        inbox.read(inbox.keep(raw, source=InboxAnswer.Source.POLL).pk)
    clean_database()
    assert traces() == {}


def test_an_old_notification_that_arrives_later_is_rewritten(school: CanarySchool) -> None:
    begun = room("maths").started_at
    assert begun is not None
    erase("pseudonymise", school.head)
    at_s = int(begun.timestamp())
    assert webhook.accept_notification(canary.notification("n-late", at_s=at_s)).stored == 1
    clean_database()
    assert traces() == {}


def test_a_sealed_class_is_rewritten_without_its_events(school: CanarySchool) -> None:
    maths = room("maths")
    StoredEvent.objects.filter(room=maths).delete()
    Room.objects.filter(pk=maths.pk).update(sealed_at=clock.now())
    before = canary.rows_of(maths)
    job = erase("pseudonymise", school.head)
    assert job.erasure is not None
    assert traces() == {}
    after = canary.rows_of(maths)
    assert {name: len(rows) for name, rows in after.items()} == {
        name: len(rows) for name, rows in before.items()
    }
    assert Participant.objects.get(name=job.erasure.name).rewards == 1
    assert room("maths").version == maths.version


def test_a_sealed_class_that_only_assigned_the_person_to_a_group_is_rewritten(school: CanarySchool) -> None:
    groups = {"details": {"g": {"users": [{"userUuid": canary.USER_ID, "userName": canary.NAME}]}}}
    Room.objects.create(room_uuid="quiet", sealed_at=clock.now(), groups=groups)
    job = erase("pseudonymise", school.head)
    assert job.erasure is not None
    user = Room.objects.get(room_uuid="quiet").groups["details"]["g"]["users"][0]
    assert user == {"userUuid": f"erased-{job.erasure.number}", "userName": job.erasure.name}


def test_a_replay_that_was_loaded_before_the_erasure_is_not_shown_after_it(school: CanarySchool) -> None:
    film, upto = film_of(room("maths"))
    assert canary.NAME in repr(film.frames)
    erase("pseudonymise", school.head)
    after, _upto = film_of(room("maths"), upto=upto)
    assert canary.NAME not in repr(after.frames)


def test_a_notification_about_an_unknown_class_is_rewritten(school: CanarySchool) -> None:
    body = json.loads(canary.notification("n-elsewhere", at_s=int(clock.now().timestamp()) - 60))
    body["payload"]["channelName"] = "elsewhere"
    assert webhook.accept_notification(json.dumps(body).encode()).stored == 1
    erase("pseudonymise", school.head)
    assert traces() == {}


def test_a_job_that_gave_up_forgets_whose_data_it_was(school: CanarySchool) -> None:
    job = person_jobs.request_export(subject_of([f"id:{canary.USER_ID}"]), by=school.head)
    PersonJob.objects.filter(pk=job.pk).update(attempts=person_jobs.MOST_ATTEMPTS)
    person_jobs.work()
    job.refresh_from_db()
    assert (job.state, job.secret) == (PersonJob.State.FAILED, "")


def test_clock_set_back_does_not_lengthen_the_lease_of_a_dead_worker(school: CanarySchool) -> None:
    with use(SteppedClock(clock.now())) as stepped:
        job = person_jobs.request_export(subject_of([f"id:{canary.USER_ID}"]), by=school.head)
        assert person_jobs.claim() is not None  # by a worker that dies
        begun = clock.now()
        stepped.set_wall(begun - timedelta(seconds=50))
        assert person_jobs.claim() is None, "the clocks of two servers may differ as much"
        stepped.set_wall(begun - timedelta(hours=1))
        person_jobs.work()
        job.refresh_from_db()
    assert job.state == PersonJob.State.DONE


def test_ids_that_differ_only_in_case_become_two_ids(school: CanarySchool) -> None:
    sealed = Room.objects.create(room_uuid="two", sealed_at=clock.now())
    for one in ("Zed-123456", "zed-123456"):
        Participant.objects.create(room=sealed, user_uuid=one, name="Zed Two")
    chosen = subject_of(["id:Zed-123456", "id:zed-123456"])
    job = person_jobs.request_erasure(chosen, mode="pseudonymise", by=school.head)
    while person_jobs.work():
        pass
    job.refresh_from_db()
    assert job.erasure is not None
    new = f"erased-{job.erasure.number}"
    assert set(sealed.participants.values_list("user_uuid", flat=True)) == {new, f"{new}-2"}


@pytest.mark.parametrize(("name", "left"), [("Zed Full", "[erased]"), ("王小明", "[erased]"), ("Zed", "Zed")])
def test_full_names_leave_entries_about_class_lists(school: CanarySchool, name: str, left: str) -> None:
    sealed = Room.objects.create(room_uuid="named", sealed_at=clock.now())
    Participant.objects.create(room=sealed, user_uuid="zed-123456", name=name)
    entry = record.done(actor=None, action="class_list.change", params={"names": [name]})
    person_jobs.request_erasure(subject_of(["id:zed-123456"]), mode="pseudonymise", by=school.head)
    while person_jobs.work():
        pass
    assert Entry.objects.get(pk=entry.pk).params == {"names": [left]}


def test_a_class_after_the_erasure_is_new_data(school: CanarySchool) -> None:
    erase("pseudonymise", school.head)
    school.sim.make_room("r2", state=1)
    school.sim.room("r2", "enter", userUuid=canary.USER_ID, userName=canary.NAME)
    assert sync_once() == ""
    assert Participant.objects.get(room=room("r2")).name == canary.NAME


def test_a_killed_erasure_continues(school: CanarySchool, monkeypatch: pytest.MonkeyPatch) -> None:
    job = person_jobs.request_erasure(
        subject_of([f"id:{canary.USER_ID}"]), mode="pseudonymise", by=school.head
    )

    class Killed(BaseException):
        pass

    def killed(*_args: Any, **_values: Any) -> int:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(personal, "erase", killed)
        with pytest.raises(Killed):
            person_jobs.work()
    job.refresh_from_db()
    assert (job.state, job.step) == (PersonJob.State.RUNNING, "audit")
    assert not person_jobs.work()
    PersonJob.objects.filter(pk=job.pk).update(claimable_at=job.made_at)  # the lease has expired
    while person_jobs.work():
        pass
    job.refresh_from_db()
    assert job.state == PersonJob.State.DONE


def test_an_unexpected_error_does_not_leave_a_job_running(
    school: CanarySchool, hands: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = person_jobs.request_export(subject_of([f"id:{canary.USER_ID}"]), by=school.head)

    def fails(*_args: Any, **_values: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(person_export, "write", fails)
    for _ in range(person_jobs.MOST_ATTEMPTS):
        with pytest.raises(ZeroDivisionError):
            person_jobs.work()
        hands.step(person_jobs.AGAIN.total_seconds())
    person_jobs.work()
    job.refresh_from_db()
    assert (job.state, job.secret) == (PersonJob.State.FAILED, "")
    assert "30" in job.why


def test_a_restored_database_repeats_the_erasure(school: CanarySchool, tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("copies a SQLite file")
    name = Path(str(connection.settings_dict["NAME"]))
    copy = tmp_path / "copy.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(copy)])
    job = erase("pseudonymise", school.head)
    assert job.erasure is not None
    connection.close()
    for end in ("-wal", "-shm"):
        Path(f"{name}{end}").unlink(missing_ok=True)
    # Another file of this name, because threads of earlier tests may still have connections to the old one.
    name.unlink()
    shutil.move(copy, name)
    assert traces()
    call_command("person", "repeat-erasures")
    assert traces() == {}
    assert Participant.objects.filter(name=job.erasure.name).exists()
    assert Erasure.objects.get().number == job.erasure.number
    call_command("person", "repeat-erasures")
    assert Erasure.objects.count() == 1
