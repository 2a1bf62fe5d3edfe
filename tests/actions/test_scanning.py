"""Uploads are checked by a virus scanner, and limited by a quota."""

from __future__ import annotations

import io
import shutil
import socket
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections

from classroom_admin.actions.class_list_files import store_file
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.files import scanning, uploads
from classroom_admin.actions.files.quota import quota_of
from classroom_admin.actions.files.scanning import ScannerDown, scan
from classroom_admin.actions.models import Upload
from classroom_admin.environment.variables import read
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.class_list_files.cells import UnreadableFile
from classroom_admin.runtime import ports
from tests.actions.clamd import EICAR, MOST_BYTES, clamd
from tests.actions.files import PDF
from tests.school import School

INFECTED = PDF + EICAR


@pytest.fixture(params=["tcp", "unix"])
def scanner(request: pytest.FixtureRequest) -> Iterator[str]:
    folder = tempfile.mkdtemp()  # the path of a socket must be short
    with clamd(Path(folder, "clamd.ctl") if request.param == "unix" else None) as url:
        yield url
    shutil.rmtree(folder)


def bring(school: School, content: bytes, name: str = "a.pdf") -> Upload:
    access = access_to(school.teacher, school.room)
    return uploads.take(access, file=SimpleUploadedFile(name, content))


def test_infected_file_is_refused_and_clean_file_taken(school: School, settings: Any, scanner: str) -> None:
    settings.CLAMD_URL = scanner
    bring(school, PDF)
    with pytest.raises(ActionRefused, match=r"“Win.Test.EICAR_HDB-1” in this file, so it was not stored"):
        bring(school, INFECTED)
    assert Upload.objects.get().size == len(PDF)


def test_infected_class_list_file_is_refused(school: School, settings: Any, scanner: str) -> None:
    settings.CLAMD_URL = scanner
    table = b"name,note\nAda,"
    store_file(actor=school.teacher, class_list=None, name="a.csv", content=table + b"x\n")
    with pytest.raises(UnreadableFile, match="EICAR"):
        store_file(actor=school.teacher, class_list=None, name="a.csv", content=table + EICAR + b"\n")


def test_without_a_scanner_nothing_is_scanned(school: School, settings: Any) -> None:
    assert settings.CLAMD_URL == ""
    bring(school, INFECTED)


@pytest.mark.parametrize("accepted", [False, True])
def test_scanner_that_is_down_refuses_unless_allowed(school: School, settings: Any, accepted: bool) -> None:
    settings.CLAMD_URL = f"tcp://127.0.0.1:{ports.free_port()}"
    settings.FILES_WITHOUT_SCAN = accepted
    if accepted:
        bring(school, PDF)
    else:
        with pytest.raises(ActionRefused, match="virus scanner does not answer"):
            bring(school, PDF)
    assert Upload.objects.count() == accepted


def test_file_that_is_too_large_for_the_scanner_is_not_clean(scanner: str) -> None:
    with pytest.raises(ScannerDown):
        scan(io.BytesIO(bytes(8 * MOST_BYTES)), url=scanner)


def test_silent_scanner_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ScannerDown):
        scan(io.BytesIO(PDF), url=f"tcp://127.0.0.1:{silent.getsockname()[1]}")


@pytest.mark.parametrize("url", ["tcp://clamav:3310", "tcp://[::1]:3310", "unix:///run/clamav/clamd.ctl"])
def test_address_of_the_scanner_is_read(url: str) -> None:
    assert url == read({"CLAMD_URL": url}).CLAMD_URL


@pytest.mark.parametrize(
    "url", ["clamav", "http://clamav", "unix://", "tcp://", "tcp://a:x", "unix://a/b", "tcp://a/b"]
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="it must be like tcp://127"):
        read({"CLAMD_URL": url})


def test_quota_refuses_what_does_not_fit(school: School, settings: Any) -> None:
    settings.FILES_QUOTA_BYTES = 2 * len(PDF) + 10
    first = bring(school, PDF)
    bring(school, PDF)
    with pytest.raises(ActionRefused, match="Your storage is full"):
        bring(school, PDF)
    assert quota_of(school.other_teacher).used == 0
    uploads.forget(first)
    bring(school, PDF)
    assert quota_of(school.teacher).used == 2 * len(PDF)


def test_no_quota_means_no_limit(school: School, settings: Any) -> None:
    settings.FILES_QUOTA_BYTES = 0
    bring(school, PDF)
    assert quota_of(school.teacher).percent == 0


@pytest.mark.django_db(transaction=True)
def test_uploads_at_the_same_time_never_exceed_the_quota(school: School, settings: Any) -> None:
    settings.FILES_QUOTA_BYTES = 2 * len(PDF)

    def take(_: int) -> bool:
        try:
            bring(school, PDF)
        except ActionRefused:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(4) as pool:
        taken = sum(pool.map(take, range(8)))
    assert quota_of(school.teacher).used == taken * len(PDF) <= settings.FILES_QUOTA_BYTES
