"""Refresh rooms: read their names, types, schedules and recordings' files, which no event contains.

A refresh writes only the columns for these values. A change increases the room's version, so pages show it.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F

from classroom_admin.agora.calls import ReadRoom
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError
from classroom_admin.agora.models import RoomInfo
from classroom_admin.common import clock
from classroom_admin.common.text_matching import stored_key
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.sync import chat_rooms, presence_corrections, recording_files, room_events
from classroom_admin.sync.models import RoomRefresh
from classroom_admin.sync.room_events import Fetched

WHILE_LIVE = timedelta(minutes=15)
AFTER_A_PLAN = timedelta(seconds=5)
LONGEST_BACK_OFF_S = 300.0
LATEST_MS = 253_402_300_799_000


def refresh_due(client: Client, *, most: int | None = None) -> Fetched:
    """Refresh the details, recordings and people of rooms that are due. The longest-waiting rooms are first.

    `most` limits the number of requests.
    """
    result = Fetched()
    now = clock.cloud_now()
    refreshes = RoomRefresh.objects.filter(room__gone_at__isnull=True, room__sealed_at__isnull=True)
    refreshes = refreshes.select_related("room")
    profiles = refreshes.filter(profile_due_at__lte=now).order_by("profile_due_at")[:most]
    recordings = refreshes.filter(recordings_due_at__lte=now).order_by("recordings_due_at")[:most]
    people = refreshes.filter(people_due_at__lte=now).order_by("people_due_at")[:most]
    kinds = (
        (list(profiles), _profile),
        (list(recordings), recording_files.refresh),
        (list(people), partial(_people, result)),
    )
    for due, run in kinds:
        for refresh in due:
            if result.ends or (most is not None and result.requests >= most):
                return result
            own = RoomRefresh.objects.filter(pk=refresh.pk)
            with room_events.outcome_in(
                result,
                refresh.room_id,
                invalid=partial(own.update, profile_due_at=None, recordings_due_at=None, people_due_at=None),
                failed=partial(_failed, refresh),
            ):
                result.requests += 1
                run(client, refresh)
    return result


def _profile(client: Client, refresh: RoomRefresh) -> None:
    info = client.send(ReadRoom(room_uuid=refresh.room.room_uuid))
    now = clock.cloud_now()
    with transaction.atomic():
        room = Room.objects.select_for_update().get(pk=refresh.room_id)
        columns = profile_columns(info) | timetable_columns(info, room)
        changed = {name: value for name, value in columns.items() if getattr(room, name) != value}
        if changed:
            changed["version"] = room.version + 1
        Room.objects.filter(pk=room.pk).update(profile_read_at=now, **changed)
        for name, value in changed.items():
            setattr(room, name, value)
        RoomRefresh.objects.filter(pk=refresh.pk).update(
            profile_due_at=next_profile(room, now=now), profile_failures=0
        )
        chat_rooms.note(room, info)


def profile_columns(info: RoomInfo) -> dict[str, Any]:
    """Return the values of a room's columns that the cloud's details of the room contain."""
    schedule = info.schedule
    end_ms, close_ms = schedule.end_time, schedule.close_time
    if end_ms is None and schedule.start_time is not None and schedule.duration is not None:
        end_ms = schedule.start_time + schedule.duration * 1000
    if close_ms is None and end_ms is not None and schedule.close_delay is not None:
        close_ms = end_ms + schedule.close_delay * 1000
    state = info.class_state
    columns: dict[str, Any] = {
        "name": None if info.room_name is None else info.room_name[:255],
        "room_type": _small(info.kind),
        "profile_state": state if state in (0, 1, 2, 3) else None,
        "planned_start_at": _moment(schedule.start_time),
        "planned_end_at": _moment(end_ms),
        "planned_close_at": _moment(close_ms),
    }
    if info.room_name is not None:
        columns["name_search"] = stored_key(columns["name"])
    return {name: value for name, value in columns.items() if value is not None}


def timetable_columns(info: RoomInfo, room: Room) -> dict[str, Any]:
    """Return the planned start and end of the class, if they are known.

    When a class starts and ends, the cloud replaces the planned times with the actual times. After the start,
    the stored planned start is therefore not replaced.
    """
    schedule, state = info.schedule, info.class_state or 0
    end_ms = schedule.end_time if state < RoomState.ENDED else None
    if schedule.start_time is not None and schedule.duration is not None:
        end_ms = schedule.start_time + schedule.duration * 1000
    columns = {"timetable_start_at": _moment(schedule.start_time), "timetable_end_at": _moment(end_ms)}
    has_begun = state >= RoomState.STARTED
    return {
        name: value
        for name, value in columns.items()
        if value is not None and not (has_begun and room.timetable_start_at is not None)
    }


def next_profile(room: Room, *, now: datetime) -> datetime | None:
    """Return when to read the room again, or None for never.

    The room is read after each planned time, and every 15 minutes while it is live.
    """
    planned = (room.planned_start_at, room.planned_end_at, room.planned_close_at)
    ahead = [
        moment + AFTER_A_PLAN for moment in planned if moment is not None and moment + AFTER_A_PLAN > now
    ]
    if room.current_state in (1, 2, None):
        ahead.append(now + WHILE_LIVE)
    return min(ahead, default=None)


def _people(result: Fetched, client: Client, refresh: RoomRefresh) -> None:
    result.requests += max(0, presence_corrections.read(client, refresh) - 1)


def _failed(refresh: RoomRefresh, error: CloudError) -> None:
    wait = timedelta(seconds=min(LONGEST_BACK_OFF_S, 2.0 * 2.0**refresh.profile_failures))
    due = clock.cloud_now() + wait
    RoomRefresh.objects.filter(pk=refresh.pk).update(profile_failures=F("profile_failures") + 1)
    RoomRefresh.objects.filter(pk=refresh.pk, profile_due_at__lt=due).update(profile_due_at=due)
    RoomRefresh.objects.filter(pk=refresh.pk, recordings_due_at__lt=due).update(recordings_due_at=due)
    RoomRefresh.objects.filter(pk=refresh.pk, people_due_at__lt=due).update(people_due_at=due)


def _moment(ms: int | None) -> datetime | None:
    return clock.from_ms(ms) if ms is not None and 0 < ms <= LATEST_MS else None


def _small(number: int | None) -> int | None:
    return number if number is not None and abs(number) < 2**31 else None
