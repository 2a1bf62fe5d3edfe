"""Exports in the background: the queue, killed workers, cancellation, access and expiry."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import translation
from python_calamine import CalamineWorkbook

from classroom_admin.accounts.models import User
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.reports.export_models import KEPT_FOR, ExportJob
from classroom_admin.reports.exports import attendance, jobs
from classroom_admin.reports.exports.kinds import EXPORTS, Export
from classroom_admin.reports.models import PersonSummary
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.reports.tasks import run_exports, tidy_exports
from classroom_admin.rooms.access import NotYours
from classroom_admin.rooms.models import ClassList, RoomTeacher
from tests.reports.summary_rows import make_people, make_person, make_summary
from tests.school import School
from tests.stepped_clock import SteppedClock, use

State = ExportJob.State


@pytest.fixture(autouse=True)
def _no_files_left(school: School) -> Iterator[None]:
    yield
    for job in ExportJob.objects.exclude(file=""):
        default_storage.delete(job.file)


@pytest.fixture
def classes(school: School) -> School:
    own, other = make_summary("Algebra"), make_summary("Latin", 1)
    RoomTeacher.objects.create(room=own.room, user=school.teacher)
    make_person(own, "Ada")
    make_person(other, "Ben")
    return school


def ask(owner: User, file_format: str = "csv", **chosen: Any) -> ExportJob:
    return jobs.request_export(
        owner=owner,
        what="attendance",
        file_format=file_format,
        chosen=ReportFilter(viewer=owner, **chosen),
        options={},
        total=2,
    )


def names_in(job: ExportJob, reader: User | None = None) -> list[str]:
    _job, file = jobs.file_for(reader or job.owner, job.key)
    with file:
        return [row["name"] for row in csv.DictReader(io.StringIO(file.read().decode("utf-8-sig")))]


def now(job: ExportJob) -> ExportJob:
    return ExportJob.objects.select_related("owner").get(pk=job.pk)


def test_worker_writes_what_the_owner_may_see(classes: School) -> None:
    mine, all_classes = ask(classes.teacher), ask(classes.administrator)
    run_exports()
    assert names_in(now(mine)) == ["Ada"]
    assert names_in(now(all_classes)) == ["Ben", "Ada"]
    done = now(all_classes)
    assert (done.state, done.done, done.total, done.claimable_at) == (State.DONE, 2, 2, None)
    assert done.expires_at is not None
    assert done.expires_at - done.changed_at == KEPT_FOR
    assert Entry.objects.filter(action="report.export").count() == 2


def test_observer_who_no_longer_sees_all_classes_can_not_read_an_export_of_all(classes: School) -> None:
    observer = User.objects.create_user("o@school.test", "x", role=User.Role.OBSERVER, all_classes=True)
    job = ask(observer)
    run_exports()
    assert names_in(now(job)) == ["Ben", "Ada"]
    User.objects.filter(pk=observer.pk).update(all_classes=False)
    with pytest.raises(NotYours):
        names_in(now(job))
    User.objects.filter(pk=observer.pk).update(all_classes=True)
    assert names_in(now(job)) == ["Ben", "Ada"]


def test_the_filter_is_that_of_the_request(classes: School) -> None:
    made = ClassList.objects.create(name="7b", owner=classes.administrator)
    summary = make_summary("Music", 2, class_list=made)
    make_person(summary, "Cleo")
    job = ask(classes.administrator, class_list=made, since=summary.starts_at, words="mus")
    run_exports()
    assert names_in(now(job)) == ["Cleo"]


def test_workbook_is_in_the_language_of_the_owner(classes: School) -> None:
    with translation.override("ar"):
        job = ask(classes.administrator, "xlsx")
    run_exports(job.pk)
    _job, file = jobs.file_for(classes.administrator, job.key)
    with file:
        content = file.read()
    assert len(CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()) == 3
    from zipfile import ZipFile

    assert b'rightToLeft="1"' in ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")


def test_export_of_a_dead_worker_is_made_by_another(classes: School) -> None:
    job = ask(classes.administrator)
    dead = jobs.claim()
    assert dead is not None
    assert jobs.claim() is None, "the lease protects it"
    default_storage.save(f"exports/{job.key}/1.csv", io.BytesIO(b"half a fi"))
    ExportJob.objects.update(claimable_at=clock.now())  # the lease has expired
    run_exports()
    found = now(job)
    assert (found.state, found.attempts) == (State.DONE, 2)
    assert names_in(found) == ["Ben", "Ada"]
    jobs.run(dead)  # the first worker was only slow
    assert now(job).attempts == 2
    assert names_in(now(job)) == ["Ben", "Ada"]
    assert default_storage.listdir(f"exports/{job.key}")[1] == ["2.csv"]


def test_export_that_kills_workers_is_given_up(classes: School) -> None:
    job = ask(classes.administrator)
    for _ in range(jobs.MOST_ATTEMPTS):
        assert jobs.claim() is not None
        ExportJob.objects.update(claimable_at=clock.now())
    run_exports()
    assert now(job).state == State.FAILED
    assert "5 attempts" in now(job).why


def test_cancelled_export_stops_and_leaves_no_file(classes: School, monkeypatch: pytest.MonkeyPatch) -> None:
    job = ask(classes.administrator)

    def cancelled_meanwhile(chosen: ReportFilter, options: Any) -> Any:
        made = attendance.attendance_table(chosen, options)
        assert jobs.cancel(job)
        return made

    monkeypatch.setitem(EXPORTS, "attendance", Export(title="", make=cancelled_meanwhile))
    run_exports()
    assert (now(job).state, now(job).file) == (State.CANCELLED, "")
    assert not default_storage.exists(f"exports/{job.key}/1.csv")
    assert not jobs.cancel(job)
    with pytest.raises(NotYours):
        jobs.file_for(classes.administrator, job.key)


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": User.Role.TEACHER}])
def test_person_who_lost_rights_gets_nothing(classes: School, change: dict[str, Any]) -> None:
    before, after = ask(classes.administrator), None
    run_exports()
    after = ask(classes.administrator)
    User.objects.filter(pk=classes.administrator.pk).update(**change)
    run_exports()
    assert now(after).state == State.FAILED
    assert "access has changed" in now(after).why
    with pytest.raises(NotYours):
        jobs.file_for(now(before).owner, before.key)


def test_teacher_who_lost_a_class_can_not_download_it(classes: School) -> None:
    job = ask(classes.teacher)
    run_exports()
    assert names_in(now(job)) == ["Ada"]
    RoomTeacher.objects.filter(user=classes.teacher).delete()
    with pytest.raises(NotYours):
        jobs.file_for(classes.teacher, job.key)
    assert names_in(now(job), classes.administrator) == ["Ada"]


def test_class_list_that_is_no_longer_visible_fails_the_export(classes: School) -> None:
    job = ask(classes.administrator, class_list=ClassList.objects.create(name="7b"))
    ClassList.objects.all().delete()
    run_exports()
    assert now(job).state == State.FAILED


def test_only_the_owner_and_administrators_find_it(classes: School) -> None:
    job = ask(classes.teacher)
    assert jobs.job_for(classes.administrator, job.key) == job
    for person, key in ((classes.other_teacher, job.key), (classes.teacher, "none")):
        with pytest.raises(NotYours):
            jobs.job_for(person, key)


def test_file_is_deleted_when_it_expires(classes: School) -> None:
    job = ask(classes.administrator)
    run_exports()
    name = now(job).file
    tidy_exports()
    assert default_storage.exists(name), "not yet"
    ExportJob.objects.update(expires_at=clock.now())
    with pytest.raises(NotYours):
        jobs.file_for(classes.administrator, job.key)
    tidy_exports()
    assert not default_storage.exists(name)
    assert (now(job).state, now(job).file) == (State.EXPIRED, "")
    ExportJob.objects.update(changed_at=clock.now() - KEPT_FOR)
    tidy_exports()
    assert not ExportJob.objects.exists()


def test_person_has_a_limit_of_unfinished_exports(classes: School) -> None:
    for _ in range(jobs.MOST_OPEN):
        ask(classes.teacher)
    with pytest.raises(jobs.TooManyExports):
        ask(classes.teacher)
    ask(classes.administrator)
    run_exports()
    ask(classes.teacher)


def test_full_storage_is_a_reason_that_people_read(classes: School, settings: Any, tmp_path: Any) -> None:
    (tmp_path / "exports").write_text("not a folder")
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path)},
        }
    }
    job = ask(classes.administrator)
    run_exports()
    assert now(job).state == State.FAILED
    assert "could not be stored" in now(job).why


_WORKER = """
import django
django.setup()
from django.db import connections
from classroom_admin.reports.exports import attendance, jobs
def slow(rows):
    for number, row in enumerate(rows):
        if number == 700:
            print("half", flush=True)
            import time
            time.sleep(60)
        yield row
made = attendance._rows
attendance._rows = lambda *args: slow(made(*args))
jobs.work()
"""


@pytest.mark.django_db(transaction=True)
def test_killed_process_loses_nothing(school: School, tmp_path: Any) -> None:
    """Kill a worker with SIGKILL in the middle of a file. Another worker makes the whole file."""
    from django.db import connection

    make_people(make_summary("Algebra"), 1200)
    job = ask(school.administrator)
    # its temporary data folder stays when it is killed
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "TMPDIR": str(tmp_path)}
    database = str(connection.settings_dict["NAME"])
    known = "from django.conf import settings"
    code = f"{known}\nsettings.DATABASES['default']['NAME'] = {database!r}\n{_WORKER}"
    if ":memory:" in database or "mode=memory" in database:
        pytest.skip("another process can't read a database in memory")
    worker: Any = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=env)
    try:
        assert worker.stdout.readline() == b"half\n"
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait(timeout=20)
        worker.stdout.close()
    assert now(job).state == State.RUNNING
    assert now(job).done > 0, "the page shows progress"
    assert now(job).claimable_at is not None
    ExportJob.objects.update(claimable_at=clock.now() - timedelta(seconds=1))
    run_exports()
    assert len(names_in(now(job))) == PersonSummary.objects.count() == 1200


def test_export_waits_while_the_disk_is_almost_full(classes: School, settings: Any) -> None:
    job = ask(classes.teacher)
    settings.DISK_RESERVE_BYTES = 2**62  # no disk has so much space
    run_exports(job.pk)
    assert now(job).state == State.WAITING
    settings.DISK_RESERVE_BYTES = 1
    run_exports(job.pk)
    assert now(job).state == State.DONE


def test_clock_set_back_does_not_lengthen_the_lease_of_a_dead_worker(classes: School) -> None:
    with use(SteppedClock(clock.now())) as stepped:
        job = ask(classes.administrator)
        assert jobs.claim() is not None  # by a worker that dies
        begun = clock.now()
        stepped.set_wall(begun - timedelta(seconds=50))
        assert jobs.claim() is None, "the clocks of two servers may differ as much"
        stepped.set_wall(begun - timedelta(hours=1))
        assert not jobs.work()
        job.refresh_from_db()
    assert job.state == State.DONE
