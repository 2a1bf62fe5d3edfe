"""Create, start, end, close and destroy classes, by command or by schedule."""

from typing import Any

from classroom_admin.simulator.errors import class_ended, class_started, conflict
from classroom_admin.simulator.world import agora_chat, groups, people, recordings, stage
from classroom_admin.simulator.world.model import ClassState, Room, Schedule
from classroom_admin.simulator.world.world import World

DESTROY_AFTER_MS = 60 * 60 * 1000
KEPT_MS = 5 * 24 * 60 * 60 * 1000


def create(
    world: World,
    *,
    uuid: str,
    name: str,
    type: int,
    schedule: Schedule | None = None,
    properties: dict[str, Any] | None = None,
    processes: dict[str, Any] | None = None,
    widgets: dict[str, Any] | None = None,
    role_config: dict[str, Any] | None = None,
    uses_chat: bool | None = None,
) -> Room:
    """Create a room and schedule its state changes. Raise CloudError 409 20409000 if the room exists."""
    if uuid in world.rooms:
        raise conflict("the room exists already")
    room = Room(uuid=uuid, name=name, type=type, created_ms=world.now, shapes=world.shapes_for(uuid))
    room.schedule = schedule or Schedule()
    room.properties = dict(properties or {})
    room.processes = dict(processes or {})
    room.widgets = dict(widgets or {})
    room.role_config = dict(role_config or {})
    world.rooms[uuid] = room
    agora_chat.open_room(world, room, wanted=uses_chat)
    _schedule(world, room)
    return room


def _schedule(world: World, room: Room) -> None:
    if room.schedule.start_ms is not None:
        start_ms = room.schedule.start_ms
        room.timers["start"] = world.timeline.at(
            start_ms, lambda: _advance_state(world, room, ClassState.STARTED)
        )
    room.timers["expire"] = world.after(KEPT_MS, lambda: _expire(world, room))


def _expire(world: World, room: Room) -> None:
    if room.state != ClassState.CLOSED:
        _enter_state(world, room, ClassState.CLOSED, operator=None)
    world.forget(room)


def _advance_state(world: World, room: Room, state: ClassState) -> None:
    if room.destroyed_ms is None and room.state < state:
        _enter_state(world, room, state, operator=None)


def set_state(world: World, room: Room, state: int, *, operator: str | None) -> None:
    """Change the class state.

    Raise CloudError 409 if the class already has this state, is closed, or has ended and would not be closed.
    """
    if room.state == ClassState.CLOSED or (room.state == ClassState.ENDED and state <= ClassState.ENDED):
        raise class_ended()
    if room.state == state == ClassState.STARTED:
        raise class_started()
    if room.state == state:
        raise conflict("the class has not been started")
    _enter_state(world, room, ClassState(state), operator=operator)


def _enter_state(world: World, room: Room, state: ClassState, *, operator: str | None) -> None:
    now = world.now
    room.state = state
    data: dict[str, Any] = {"state": room.shapes.number(int(state))}
    room.cancel("start", "end", "close")
    if state == ClassState.NOT_STARTED:
        room.started_ms = None
    elif state == ClassState.STARTED:
        planned = room.schedule.start_ms
        room.started_ms = planned if operator is None and planned is not None else now
        _schedule_end(world, room)
    elif state == ClassState.ENDED:
        room.ended_ms = now
        delay_ms = room.schedule.close_delay_s * 1000
        room.timers["close"] = world.after(delay_ms, lambda: _advance_state(world, room, ClassState.CLOSED))
    else:
        room.ended_ms = room.ended_ms or now
        room.closed_ms = now
    if room.started_ms is not None:
        data["startTime"] = room.shapes.number(room.started_ms)
    if state >= ClassState.ENDED:
        data["endTime"] = room.ended_ms
    if state == ClassState.CLOSED:
        data["closeTime"] = room.closed_ms
    if operator is not None or not room.shapes.chance(0.4):
        data["operator"] = world.operator(room, operator)
    world.emit(room, 1, data)
    if state == ClassState.CLOSED:
        _close_down(world, room)
    _schedule_destruction(world, room, state)


def _schedule_end(world: World, room: Room) -> None:
    duration = room.schedule.duration_s
    if duration is None or room.started_ms is None:
        return
    end_ms = room.started_ms + duration * 1000
    room.timers["end"] = world.timeline.at(end_ms, lambda: _advance_state(world, room, ClassState.ENDED))


def _close_down(world: World, room: Room) -> None:
    if room.current_recording() is not None:
        recordings.stop(world, room, operator=None)
    groups.close_rooms(world, room)
    people.remove_everyone(world, room)


def _schedule_destruction(world: World, room: Room, state: ClassState) -> None:
    moment = ClassState.ENDED if world.destroy_after == "ended" else ClassState.CLOSED
    if state >= moment and "destroy" not in room.timers:
        room.cancel("expire")
        room.timers["destroy"] = world.after(DESTROY_AFTER_MS, lambda: world.forget(room))


def describe(room: Room) -> dict[str, Any]:
    """Return the room as ``GET rooms/{room}`` does."""
    schedule: dict[str, Any] = {"state": int(room.state), "closeDelay": room.schedule.close_delay_s}
    start = room.started_ms if room.started_ms is not None else room.schedule.start_ms
    if start is not None:
        schedule["startTime"] = start
    if room.schedule.duration_s is not None:
        schedule["duration"] = room.schedule.duration_s
    end = room.ended_ms
    if end is None and start is not None and room.schedule.duration_s is not None:
        end = start + room.schedule.duration_s * 1000
    if end is not None:
        schedule["endTime"] = end
        schedule["closeTime"] = room.closed_ms or end + room.schedule.close_delay_s * 1000
    properties = {**room.properties, "roomType": room.type, "schedule": schedule, "muteChat": room.mute_chat}
    properties |= {"record": recordings.property_of(room), "processes": stage.processes_of(room)}
    properties |= {"widgets": room.widgets, "extApps": room.ext_apps, "screen": room.screen}
    properties |= {"carousel": room.carousel, "expandedScope": room.expanded_scope}
    if room.groups:
        properties["groups"] = {"state": 1, "details": room.groups}
    return {
        "roomUuid": room.uuid,
        "roomName": room.name,
        "roomType": room.type,
        "createTime": room.created_ms,
        "state": int(room.state),
        "roomProperties": properties,
        "roleConfig": room.role_config,
        "muteChat": room.mute_chat,
    }
