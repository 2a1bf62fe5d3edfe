"""Nothing secret is ever on record, whatever was asked for and whatever the cloud says."""

import re

import pytest

from classroom_admin import agora
from classroom_admin.actions import class_state, properties, recordings
from classroom_admin.actions.files import resources
from classroom_admin.audit.models import Claim, Entry
from classroom_admin.common.redaction import shown_address, shown_properties
from classroom_admin.rooms.access import access_to
from tests.actions.conftest import config_for, kinds, last_detail, make_school, on_record
from tests.agora.cloud import APP_ID, CERTIFICATE, answer, running_cloud

TOKEN = "007eJxTYBBbsMMnKq7p9Hf/HcIX5kce9b518kCiQgSr5Zrp4X1Tu6UUGCzNLc0TU41TUs1TTUyMzC2NDc"


def test_no_token_and_no_certificate(school, sim, settings):
    access = access_to(school.teacher, school.room)
    class_state.start_class(access)
    recordings.start_recording(
        access,
        mode="web",
        web_config={"rootUrl": "https://me:hunter2@school.test/page?pass=opensesame", "publishRtmp": "true"},
    )
    resources.put_resource_by_url(
        access, name="F", url="https://s3.test/a.pdf?X-Amz-Signature=deadbeef", ext="pdf", size=1
    )
    properties.set_properties(
        access,
        properties={"apiToken": "t0p", "nested": {"Password": "s3cret", "ok": 1}, "note": f"use {TOKEN}"},
        cause={"cookie": "crumbs"},
    )
    words = on_record()
    assert Entry.objects.count() == 4
    assert all(kinds(entry)[-1] == "accepted" for entry in Entry.objects.all())
    for secret in (
        sim.app_certificate,
        "hunter2",
        "opensesame",
        "deadbeef",
        "t0p",
        "s3cret",
        "crumbs",
        TOKEN,
        "live.simulator.test",
    ):
        assert secret not in words
    assert not re.search(r"00[67]eJ", words)
    assert "https://s3.test/a.pdf?…" in words
    assert '"name": "ok", "value": 1' in words


def test_a_cloud_that_echoes_the_token(db, settings):
    school = make_school("maths")
    with running_cloud(answer(status=400, code=400, msg=f"bad token={TOKEN}")) as cloud:
        settings.AGORA = config_for(cloud.url, app_id=APP_ID, app_certificate=CERTIFICATE)
        entry = class_state.start_class(access_to(school.teacher, school.room))
        agora.client_for(settings.AGORA).close()
    assert "[hidden]" in last_detail(entry)["message"]
    assert TOKEN not in on_record()


def test_the_claim_holds_a_hash_only(school):
    resources.put_resource_by_url(
        access_to(school.teacher, school.room),
        name="F",
        url="https://s3.test/a.pdf?k=deadbeef",
        ext="pdf",
        size=1,
    )
    assert re.fullmatch("[0-9a-f]{64}", Claim.objects.get().dedupe_key)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://f.test/a.pdf", "https://f.test/a.pdf"),
        ("https://f.test/a.pdf?k=1", "https://f.test/a.pdf?…"),
        ("https://f.test/a.pdf#k", "https://f.test/a.pdf?…"),
        ("https://u:p@f.test:8443/a", "https://f.test:8443/a"),
        ("http://[", "[hidden]"),
    ],
)
def test_addresses(url, shown):
    assert shown_address(url) == shown


def test_properties_are_shown_with_their_names():
    assert shown_properties({"a": [1, {"secretKey": "x"}]}) == [
        {"name": "a", "value": [1, [{"name": "secretKey", "value": "[hidden]"}]]}
    ]
