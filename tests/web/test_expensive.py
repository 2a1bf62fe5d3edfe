"""Expensive pages are limited for each person and in total."""

from __future__ import annotations

import gc
import threading
from http import HTTPStatus

import pytest
from django.http import StreamingHttpResponse
from django.test import RequestFactory

from classroom_admin.web import expensive
from classroom_admin.web.expensive import Busy, Limit, within
from tests.school import School


def test_each_person_and_all_together_have_a_maximum() -> None:
    limit = Limit(per_person=2, in_total=3, wait_s=0)
    ends = [limit.begin(1), limit.begin(1)]
    with pytest.raises(Busy):
        limit.begin(1)
    ends.append(limit.begin(2))
    with pytest.raises(Busy):
        limit.begin(3)
    ends[0]()
    ends[0]()  # only the first call counts
    limit.begin(3)
    with pytest.raises(Busy):
        limit.begin(4)


def test_a_person_waits_until_a_turn_ends() -> None:
    limit = Limit(per_person=1, in_total=1)
    end = limit.begin(1)
    began = threading.Event()

    def second() -> None:
        limit.begin(2)
        began.set()

    thread = threading.Thread(target=second)
    thread.start()
    assert not began.wait(0.05)
    end()
    assert began.wait(5)
    thread.join()


def test_a_streamed_answer_keeps_its_turn_until_it_is_closed(school: School, rf: RequestFactory) -> None:
    limit = Limit(per_person=1, in_total=1, wait_s=0)
    request = rf.get("/")
    request.user = school.teacher
    answer = within(limit, request, lambda: StreamingHttpResponse([b"1"]))
    with pytest.raises(Busy):
        limit.begin(1)
    answer.close()
    limit.begin(1)()
    dropped = within(limit, request, lambda: StreamingHttpResponse([b"1"]))
    del dropped
    gc.collect()
    limit.begin(1)


def test_a_failed_page_ends_its_turn(school: School, rf: RequestFactory) -> None:
    limit = Limit(per_person=1, in_total=1, wait_s=0)
    request = rf.get("/")
    request.user = school.teacher
    with pytest.raises(ZeroDivisionError):
        within(limit, request, lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    limit.begin(1)


@pytest.mark.parametrize(
    ("limit", "address"),
    [
        (expensive.SEARCHES, "/search/?q=ana"),
        (expensive.REPLAYS, "/classes/{key}/replay/"),
        (expensive.EXPORTS, "/reports/attendance/?format=csv"),
    ],
)
def test_a_page_too_many_at_once_asks_the_person_to_wait(
    limit: Limit, address: str, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limit, "wait_s", 0)
    address = address.format(key=school.room.key)
    teacher, administrator = school.signed_in(school.teacher), school.signed_in(school.administrator)
    ends = [limit.begin(school.teacher.pk) for _ in range(limit.per_person)]
    refused = teacher.get(address)
    assert (refused.status_code, refused["Retry-After"]) == (HTTPStatus.TOO_MANY_REQUESTS, "10")
    assert "Wait until they are finished" in refused.content.decode()
    answers = [administrator.get(address)]
    for end in ends:
        end()
    answers.append(teacher.get(address))
    for answer in answers:
        assert answer.status_code == HTTPStatus.OK
        answer.close()
    assert not limit._people
