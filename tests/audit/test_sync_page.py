"""The page about the event sync and its quarantine, for administrators only."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from classroom_admin.common import clock
from classroom_admin.common.problems import Problem, to_text
from classroom_admin.sync import health
from classroom_admin.sync.models import Lease, MissedEvent, Quarantine, SequenceGap, StoredEvent
from tests.stepped_clock import SteppedClock, use

SYNC = "/settings/sync/"
NASTY = "</pre><script>alert(1)</script> \u202e"


@pytest.fixture
def trouble(school, settings):
    """One of every problem."""
    now = clock.now()
    Lease.objects.create(
        app_id=settings.AGORA.app_id,
        owner="vm|1|1|x",
        host="vm/abc",
        pid=4711,
        last_good_at=now - timedelta(seconds=7),
        last_error=to_text(Problem("poll_unreachable")),
    )
    event = StoredEvent.objects.create(
        room=school.assigned, stream="room", sequence=3, received_at=now, raw=NASTY, unreadable="odd"
    )
    Quarantine.objects.create(event=event, raw=NASTY, reason="It is <b>odd</b>.")
    Quarantine.objects.create(raw="x" * 50_000, reason="No JSON.", whole_answer=True)
    Quarantine.objects.create(raw="read since", reason="Old.", resolved_at=now)
    SequenceGap.objects.create(room=school.assigned, stream="room", first=1, last=2, found_at=now)
    for number in range(3):
        MissedEvent.objects.create(
            room=school.taught,
            sequence=number,
            known_answer=1,
            missed_at=now - timedelta(seconds=5 * number),
            confirmed_at=now,
        )


@pytest.mark.parametrize("who", ["administrator", "teacher", "other", None])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "htmx"])
def test_access_to_pages(school, browser_of, who, headers):
    person = getattr(school, who) if who else None
    answer = browser_of(person).get(SYNC, headers=headers)
    if who == "administrator":
        assert answer.status_code == 200
    elif who is None:
        assert answer.status_code == (401 if headers else 302)
    else:
        assert answer.status_code == 404


def test_sync_page_shows_its_figures(trouble, admin: Client):
    page = admin.get(SYNC).content.decode()
    assert re.search(r"\b([7-9]|1\d) s ago", page)
    assert re.search("vm\u2069?, process 4711", page)
    assert "The cloud can&#x27;t be reached." in page
    assert "Another client is reading this App ID's events." in page
    assert "3 events did not reach this server" in page
    assert re.search(r"In quarantine</td>\s*<td class=\"nowrap\">2<", page), page[
        page.index("In quarantine") :
    ][:200]


def test_quarantine_shows_raw_texts_escaped(trouble, school, admin: Client):
    page = admin.get(SYNC).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "It is &lt;b&gt;odd&lt;/b&gt;." in page
    assert f"/classes/{school.assigned.key}/" in page
    assert "room-given" not in page
    assert "Only the beginning is shown." in page
    assert "read since" not in page


def test_overview_links_to_the_sync_page(trouble, admin: Client):
    page = admin.get("/settings/").content.decode()
    assert SYNC in page
    assert "2 items from the cloud could not be read" in page
    assert "Another client is reading this App ID's events." in page


def test_sync_page_without_problems(school, admin: Client):
    page = admin.get(SYNC).content.decode()
    assert "All received data could be read." in page
    assert "Another client" not in page


def test_quarantine_has_pages(school, admin: Client):
    Quarantine.objects.bulk_create([Quarantine(raw=f"n{n}.", reason="why") for n in range(60)])
    first = admin.get(SYNC)
    assert len(first.context["items"]) == 50
    second = admin.get(f"{SYNC}?before={first.context['older']}")
    assert [item["raw"] for item in second.context["items"]] == [f"n{n}." for n in range(9, -1, -1)]
    assert second.context["older"] is None
    assert admin.get(f"{SYNC}?before=nonsense").status_code == 200


def test_log_gets_a_line_on_changes_and_at_most_one_a_minute(trouble, caplog):
    teller = health.ChangeLog()
    with use(SteppedClock(clock.now())) as hands, caplog.at_level("INFO"):
        assert teller.write()
        assert "open gaps 1" in caplog.text
        SequenceGap.objects.all().delete()
        assert not teller.write(), "not within the minute"
        hands.step(60)
        assert teller.write()
        hands.step(600)
        Lease.objects.update(last_good_at=clock.now())
        assert teller.write(), "the other reader is not seen any more"
        hands.step(60)
        assert not teller.write() or health.health().late
