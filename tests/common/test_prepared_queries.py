"""Queries whose SQL is built once return what the same queries of Django return."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.test.utils import CaptureQueriesContext

from classroom_admin.common.prepared_queries import PreparedCondition, PreparedQuery
from classroom_admin.rooms.models import Room

pytestmark = pytest.mark.django_db


@pytest.fixture
def rooms() -> list[Room]:
    return [Room.objects.create(room_uuid=f"room {n}", name=f"Room {n}", version=n) for n in range(5)]


def test_objects_have_their_columns_annotations_and_deferred_columns(rooms: list[Room]) -> None:
    @PreparedQuery
    def prepared(pks: Collection[int], since: int) -> QuerySet[Room, Any]:
        found = Room.objects.filter(pk__in=pks).annotate(double=F("version") * 2)
        return found.filter(Q(version__gt=since) | Q(name="100 %")).defer("properties").order_by("pk")

    found = prepared.objects([rooms[0].pk, rooms[3].pk, rooms[4].pk], 3)
    assert [(room.name, room.double) for room in found] == [("Room 4", 8)]  # type: ignore[attr-defined]
    assert found[0].get_deferred_fields() == {"properties"}
    found = prepared.objects([room.pk for room in rooms], 0)
    assert found == rooms[1:]


def test_row_has_the_columns_of_the_first_row_or_is_none(rooms: list[Room]) -> None:
    @PreparedQuery
    def prepared(pk: int) -> QuerySet[Room, Any]:
        return Room.objects.filter(pk=pk).values_list("name", "version")

    assert prepared.row(rooms[2].pk) == ("Room 2", 2)
    assert prepared.row(0) is None


def test_query_is_built_for_few_lengths_of_a_list(rooms: list[Room], django_assert_num_queries: Any) -> None:
    built: list[int] = []

    @PreparedQuery
    def prepared(pks: Collection[int]) -> QuerySet[Room, Any]:
        built.append(len(pks))
        return Room.objects.filter(pk__in=pks)

    pks = [room.pk for room in rooms]
    with django_assert_num_queries(5) as queries:
        assert isinstance(queries, CaptureQueriesContext)
        for chosen in (pks[:2], pks[2:4], pks[:3], pks[:4], pks):
            assert {room.pk for room in prepared.objects(chosen)} == set(chosen)
    assert built == [2, 4, 8]


def test_condition_reads_the_row_of_each_query_that_has_it(rooms: list[Room]) -> None:
    def build(pk: int, now: datetime) -> Q:
        same = Room.objects.filter(
            pk=OuterRef("pk"), version__lte=OuterRef("version"), planned_start_at__lt=now
        )
        return Q(Exists(same)) | Q(pk=pk)

    condition = PreparedCondition(Room, ("pk", "version"), build)
    past, future = (datetime(year, 1, 1, tzinfo=UTC) for year in (2020, 2040))
    Room.objects.filter(pk=rooms[1].pk).update(planned_start_at=datetime(2030, 1, 1, tzinfo=UTC))
    for now, found in ((past, {rooms[4]}), (future, {rooms[1], rooms[4]})):
        chosen = condition(rooms[4].pk, now)
        assert set(Room.objects.filter(chosen)) == set(Room.objects.filter(build(rooms[4].pk, now))) == found
        assert set(Room.objects.exclude(chosen)) == set(rooms) - found
        # in a subquery, Django calls the table of the rooms as the condition calls its own
        assert set(Room.objects.filter(pk__in=Room.objects.filter(chosen))) == found
        inner = Room.objects.filter(pk__in=Room.objects.filter(chosen).values("pk")).filter(pk=OuterRef("pk"))
        assert set(Room.objects.filter(Exists(inner))) == found


def test_condition_that_reads_another_column_is_refused(rooms: list[Room]) -> None:
    condition = PreparedCondition(Room, ("pk",), lambda pk: Q(pk=pk) | Q(version=pk))
    with pytest.raises(ValueError, match="other columns than pk"):
        Room.objects.filter(condition(1)).exists()


def test_condition_in_another_condition_is_refused(rooms: list[Room]) -> None:
    same = Room.objects.filter(pk=OuterRef("pk"))
    inner = PreparedCondition(Room, ("pk",), lambda version: Q(Exists(same.filter(version=version))))
    outer = PreparedCondition(Room, ("pk",), lambda version: Q(Exists(same.filter(inner(version)))))
    with pytest.raises(ValueError, match="part of another one"):
        Room.objects.filter(outer(1)).exists()
