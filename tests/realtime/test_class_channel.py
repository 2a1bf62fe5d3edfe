"""The stream of a class: what is sent, and to whom. Real server, real writes."""

from __future__ import annotations

from datetime import timedelta

from classroom_admin.audit.models import Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common import clock
from classroom_admin.rooms.models import Participant
from classroom_admin.sync.models import Lease
from classroom_admin.web.classroom import roster
from tests.realtime.conftest import Open, version_of
from tests.realtime.serving import Reader, Server, until
from tests.school import HOSTILE, ROOM_UUID, School, make_event, make_person


def raise_hand(school: School, user_uuid: str, *, up: bool = True) -> None:
    school.change(Participant.objects.get(user_uuid=user_uuid), hand_raised=up)


def test_a_change_reaches_a_page_that_is_up_to_date(school: School, server: Server, watch: Open) -> None:
    page = watch()
    assert (page.status, page.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert "no-store" in page.headers["cache-control"]
    assert page.headers["x-accel-buffering"] == "no"
    assert page.hello().facts["age"] >= 0
    until(lambda: server.hub.channel(school.room.pk).subscribers)
    raise_hand(school, "ana")
    told = page.changes()
    assert "Ana Torres" in told.data
    assert told.id == version_of(school.room)


def test_one_hand_among_a_thousand_is_one_row_under_4_kb_on_the_wire(
    school: School, server: Server, watch: Open
) -> None:
    Participant.objects.bulk_create(
        Participant(
            room=school.room, user_uuid=f"u{n}", name=f"Pupil {n}", role="student", online=True, version=1
        )
        for n in range(1000)
    )
    page = joined(school, server, watch)
    raise_hand(school, "u500")
    school.room.last_sequence += 1
    told = page.changes()
    assert told.data.count("<tr ") == 1
    assert "Pupil 500" in told.data
    assert told.size <= 4096


def joined(school: School, server: Server, watch: Open, **query: str) -> Reader:
    """A page that is up to date, and whose parts the server knows."""
    page = watch(**query)
    page.hello()
    channel = until(lambda: server.hub.channel(school.room.pk))
    until(lambda: channel.skips_unchanged_parts)
    return page


def test_one_rendering_for_all_subscribers(school: School, server: Server, watch: Open) -> None:
    pages = [watch(user) for user in [school.administrator, school.teacher] * 15]
    for page in pages:
        page.hello()
    channel = server.hub.channel(school.room.pk)
    until(lambda: channel.subscribers == len(pages))
    before = channel.renders
    raise_hand(school, "ana")
    messages = {page.changes().data for page in pages}
    assert len(messages) == 1
    assert channel.renders == before + 1


def test_message_has_nothing_personal_and_no_cloud_ids(
    school: School, server: Server, watch: Open, settings
) -> None:
    settings.JOIN_URL_TEMPLATE = "https://class.test/?room={room}&user={user}"
    school.teacher.time_zone = "Asia/Tokyo"
    school.teacher.save()
    told = [watch(user, v="nothing").changes() for user in (school.administrator, school.teacher)]
    assert told[0].data == told[1].data
    for word in ("csrf", "class.test", "Tokyo", ROOM_UUID, "cloud-user-2", "cloud-file-1", HOSTILE):
        assert word not in told[0].data
    assert "&lt;script&gt;" in told[0].data


def test_returning_pages_get_the_missed_changes_rendered_once(
    school: School, server: Server, watch: Open
) -> None:
    left_at = version_of(school.room)
    for number in range(5):
        make_person(school.room, 100 + number, name=f"Late {number}", version=0)
    for number in range(5):
        school.change(Participant.objects.get(user_uuid=f"cloud-user-{100 + number}"), rewards=number)
    pages = [watch(v=left_at) for _ in range(10)]
    told = [page.changes() for page in pages]
    assert all(f"Late {number}" in told[0].data for number in range(5))
    assert "Ana Torres" not in told[0].data.partition("people-here")[2]
    assert {one.data for one in told} == {told[0].data}
    assert told[0].id == version_of(school.room)
    assert server.hub.channel(school.room.pk).renders == 1


def test_page_that_missed_much_gets_the_whole_part(school: School, server: Server, watch: Open) -> None:
    left_at = version_of(school.room)
    for number in range(100):
        make_person(school.room, 100 + number, version=2)
    school.change(Participant.objects.get(user_uuid="ana"), rewards=1)
    told = watch(v=left_at).changes()
    assert 'id="people"' in told.data
    assert (
        told.data.count("<tr id=") == roster.FIRST_PEOPLE + 1
    )  # the first part of those who are there, and the one who left
    assert "data-rest" in told.data


def test_page_from_before_a_restored_backup_gets_everything(
    school: School, server: Server, watch: Open
) -> None:
    told = watch(v="900-900-0-900-900").changes()
    assert "Ana Torres" in told.data
    assert 'id="class-header"' in told.data
    assert told.id == version_of(school.room)


def test_unchanged_parts_are_not_sent(school: School, server: Server, watch: Open) -> None:
    page = joined(school, server, watch)
    raise_hand(school, "ana")
    told = page.changes().data
    assert "#people-here" in told
    assert 'id="actions"' not in told
    assert 'id="recording"' not in told


def test_command_is_sent_as_requested_and_then_as_confirmed(
    school: School, server: Server, watch: Open
) -> None:
    page = joined(school, server, watch)
    entry = record(actor=school.teacher, action="class.end", room_uuid=school.room.room_uuid)
    add_step(entry, Step.Kind.REQUESTED)
    told = page.changes().data
    assert 'id="commands"' in told
    assert "Requested" in told
    add_step(entry, Step.Kind.CONFIRMED, {"took_ms": 400})
    while "Confirmed in" not in (told := page.changes().data):
        pass
    assert "Confirmed in 0." in told


def test_pages_that_join_during_changes_miss_none(school: School, server: Server, watch: Open) -> None:
    """Every page ends at the last version with every change in it, whenever it came."""
    make_event(school.room, 3)
    pages = []
    for number in range(20):
        make_person(school.room, 200 + number, name=f"Number {number:02}.", version=0)
        pages.append((number, watch()))
        school.change(Participant.objects.get(user_uuid=f"cloud-user-{200 + number}"), rewards=1)
    last = version_of(school.room)
    for first, page in pages:
        seen = ""
        while page.version != last:
            seen += page.changes().data
        assert all(f"Number {number:02}." in seen for number in range(first, 20))


def test_cost_of_a_change_does_not_depend_on_the_number_of_pages(
    school: School, server: Server, watch: Open
) -> None:
    """What a change costs does not depend on how many watch."""
    page = joined(school, server, watch)
    channel = server.hub.channel(school.room.pk)

    def cost() -> tuple[int, int]:
        reads, renders = server.hub.reads, channel.renders
        raise_hand(school, "ana", up=not Participant.objects.get(user_uuid="ana").hand_raised)
        page.changes()
        return server.hub.reads - reads, channel.renders - renders

    assert cost()[1] == 1
    others = [watch() for _ in range(25)]
    until(lambda: channel.subscribers == 26)
    assert cost()[1] == 1
    assert len(others) == 25


def test_hub_stops_without_pages_and_starts_again(school: School, server: Server, watch: Open) -> None:
    page = watch()
    page.hello()
    page.close()
    until(lambda: not server.hub.subscribers)
    until(lambda: not server.hub.is_running)
    again = joined(school, server, watch)
    raise_hand(school, "ana")
    assert "Ana Torres" in again.changes().data


def test_first_page_after_a_pause_gets_the_current_age(school: School, server: Server, watch: Open) -> None:
    Lease.objects.update(last_good_at=clock.now() - timedelta(seconds=500))
    page = watch()
    assert page.hello().facts["age"] >= 500
    page.close()
    until(lambda: not server.hub.is_running)
    Lease.objects.update(last_good_at=clock.now())
    assert watch().hello().facts["age"] < 100
