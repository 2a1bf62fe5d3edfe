"""Uploaded files in a bucket that speaks S3, by the settings that a school gives; over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.files import addresses, uploads
from classroom_admin.rooms.access import access_to
from tests.actions.bucket import Bucket, running_bucket
from tests.actions.files import PDF
from tests.actions.test_uploads import bring, fetch

pytestmark = [
    # The server reads files asynchronously; the test client is synchronous.
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators"),
    # boto3 keeps the connections of a client open until the client is collected.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).resolve().parents[2]


def storages_for(environment: dict[str, str], tmp_path: Path) -> dict[str, Any]:
    """`STORAGES` as the settings make them of an environment."""
    script = "import json; from classroom_admin import settings; print(json.dumps(settings.STORAGES))"
    env = os.environ | {"DATA_DIR": str(tmp_path / "var")} | environment
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


@pytest.fixture
def bucket(settings: Any, tmp_path: Path) -> Any:
    with running_bucket() as running:
        environment = {
            "FILES_S3_BUCKET": "classroom-files",
            "FILES_S3_ENDPOINT": running.url,
            "FILES_S3_REGION": "eu-central-1",
            "FILES_S3_ACCESS_KEY": "key",
            "FILES_S3_SECRET_KEY": "secret",
            "FILES_S3_ADDRESSING": "path",
        }
        settings.STORAGES = storages_for(environment, tmp_path)
        yield running


def test_kept_read_in_part_and_forgotten(school: Any, bucket: Bucket) -> None:
    upload = bring(school)
    (kept,) = bucket.objects
    assert kept.startswith("/classroom-files/")
    assert bucket.objects[kept] == PDF
    address = addresses.address_of(upload)
    assert b"".join(fetch(address)) == PDF
    part = fetch(address, headers={"Range": "bytes=2-5"})
    assert (part.status_code, b"".join(part)) == (206, PDF[2:6])
    assert bucket.asked[-1][2] == "bytes=2-5"  # the bucket was only asked for that part
    uploads.forget(upload)
    assert bucket.objects == {}
    assert fetch(address).status_code == 404


def test_a_bucket_that_refuses(school: Any, bucket: Bucket) -> None:
    upload = bring(school)
    bucket.status = 403
    with pytest.raises(ActionRefused, match="storage"):
        uploads.take(access_to(school.teacher, school.room), file=SimpleUploadedFile("a.pdf", PDF))
    assert fetch(addresses.address_of(upload)).status_code == 404


def test_the_disk_unless_said_otherwise(tmp_path: Path) -> None:
    default = storages_for({"FILES_S3_BUCKET": "", "FILES_DIR": ""}, tmp_path)["default"]
    assert default["OPTIONS"]["location"] == str(tmp_path / "var" / "files")
    elsewhere = storages_for({"FILES_S3_BUCKET": "", "FILES_DIR": "/srv/files"}, tmp_path)["default"]
    assert elsewhere["OPTIONS"]["location"] == "/srv/files"
