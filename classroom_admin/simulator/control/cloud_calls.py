"""Control calls for the whole simulator: health, reset, clock, oracle, faults, events and classes."""

import dataclasses
from typing import Any

from classroom_admin.simulator import json_bytes
from classroom_admin.simulator.checks import Fields
from classroom_admin.simulator.control.call import Control, table
from classroom_admin.simulator.errors import CloudError, bad_parameter, conflict
from classroom_admin.simulator.faults import stream as stream_faults
from classroom_admin.simulator.faults.board import Fault
from classroom_admin.simulator.faults.kinds import KINDS
from classroom_admin.simulator.school import start_lessons
from classroom_admin.simulator.school.past_class import PastClass, offer
from classroom_admin.simulator.world import oracle
from classroom_admin.simulator.world.dialects import DIALECTS
from classroom_admin.simulator.world.model import ROOM_STREAM, STREAMS


@table.add("GET", "/health")
def health(control: Control) -> dict[str, Any]:
    """Return the settings and the numbers of rooms, events and faults."""
    world = control.world
    return {
        "simulator": "classroom-admin",
        "appId": world.app_id,
        "seed": control.cloud.settings.seed,
        "clock": control.cloud.clock.as_dict(),
        "rooms": len(world.rooms),
        "events": world.emitted,
        "waiting": oracle.waiting(world),
        "faults": len(control.cloud.faults.all()),
        "plain": world.plain,
        "dialect": world.dialect,
        "groupRooms": world.group_rooms,
        "pagesGetReady": world.pages_get_ready,
    }


_SETTINGS = {
    "seed": "seed",
    "stepped": "stepped",
    "speed": "speed",
    "startMs": "start_ms",
    "pollBatch": "poll_batch",
    "plain": "plain",
    "destroyAfter": "destroy_after",
    "dialect": "dialect",
    "groupRooms": "group_rooms",
}


@table.add("POST", "/reset")
def reset(control: Control) -> dict[str, Any]:
    """Delete all data and start again with the settings in the body.

    Other settings get the values with which the simulator was started. If there is no ``seed``, the cloud is
    empty.
    """
    unknown = set(control.body) - set(_SETTINGS)
    if unknown:
        raise bad_parameter(sorted(unknown)[0], "is not a setting; settings: " + ", ".join(_SETTINGS))
    fields = control.fields
    fields.integer("seed", low=0)
    fields.integer("startMs", low=0)
    fields.integer("pollBatch", low=1)
    fields.number("speed", low=0.001, high=100_000)
    for name in ("stepped", "plain", "groupRooms"):
        fields.boolean(name)
    fields.choice("dialect", DIALECTS)
    fields.choice("destroyAfter", ("closed", "ended"))
    changes: dict[str, Any] = {
        _SETTINGS[name]: value for name, value in control.body.items() if value is not None
    }
    control.cloud.reset(dataclasses.replace(control.cloud.started_with, **{"seed": None, **changes}))
    return health(control)


@table.add("POST", "/seed")
def seed(control: Control) -> dict[str, Any]:
    """Start a simulated school in the current world."""
    number = control.fields.integer("seed", low=0, required=True) or 0
    control.cloud.open_school(number)
    return health(control)


@table.add("GET", "/clock")
def read_clock(control: Control) -> dict[str, Any]:
    return control.cloud.clock.as_dict()


@table.add("POST", "/clock")
def set_clock(control: Control) -> dict[str, Any]:
    """Change ``mode`` or ``speed`` of the clock, or move it by ``step`` milliseconds.

    All effects that are due by then are run.
    """
    fields, clock = control.fields, control.cloud.clock
    mode = fields.choice("mode", ("real", "stepped"))
    speed = fields.number("speed", low=0.001, high=100_000)
    step = fields.integer("step", low=0)
    # If the world can't keep up with a fast clock, the clock continues from the world's time.
    clock.change(mode=mode, speed=speed, at_ms=control.world.now)
    if step is not None:
        try:
            clock.step(step)
        except ValueError as error:
            raise conflict(str(error)) from error
    control.cloud.tick()
    return clock.as_dict()


@table.add("POST", "/plain")
def set_plain(control: Control) -> dict[str, Any]:
    """Turn variations on or off. If ``plain`` is true, events have only documented shapes."""
    control.world.plain = bool(control.fields.boolean("plain", required=True))
    return {"plain": control.world.plain}


@table.add("POST", "/agora-chat")
def set_agora_chat(control: Control) -> dict[str, Any]:
    """Change the simulated Agora Chat.

    ``uses`` (off, some, all) says which new classes use it. A message is in the history after ``delay`` ms.
    The history keeps messages for ``kept`` ms. ``secret`` signs the callbacks to ``callbackTo``.
    """
    fields, cloud, chat = control.fields, control.cloud, control.world.agora_chat
    chat.uses = fields.choice("uses", ("off", "some", "all"), default=chat.uses)
    delay = fields.integer("delay", low=0)
    chat.delay_ms = chat.delay_ms if delay is None else delay
    kept = fields.integer("kept", low=0)
    chat.kept_ms = chat.kept_ms if kept is None else kept
    to, secret = fields.text("callbackTo"), fields.text("secret")
    cloud.chat_callback_to = cloud.chat_callback_to if to is None else to
    cloud.chat_secret = cloud.chat_secret if secret is None else secret
    return {"uses": chat.uses, "delay": chat.delay_ms, "callbackTo": cloud.chat_callback_to}


@table.add("POST", "/dialect")
def set_dialect(control: Control) -> dict[str, Any]:
    """Choose how new events look: ``dialect`` is 2021, 2023 or sdk."""
    control.world.dialect = control.fields.choice("dialect", DIALECTS, required=True)
    return {"dialect": control.world.dialect}


@table.add("POST", "/switches")
def set_switches(control: Control) -> dict[str, Any]:
    """Turn behaviour of the cloud on or off.

    If ``groupRooms`` is true, people in new breakout rooms emit events under the id of the breakout room. If
    ``pagesGetReady`` is false, recorded pages never report that they have loaded.
    """
    world, fields = control.world, control.fields
    for name, attribute in (("groupRooms", "group_rooms"), ("pagesGetReady", "pages_get_ready")):
        value = fields.boolean(name)
        if value is not None:
            setattr(world, attribute, value)
    return {"groupRooms": world.group_rooms, "pagesGetReady": world.pages_get_ready}


@table.add("GET", "/oracle")
def read_oracle(control: Control) -> dict[str, Any]:
    """Return the state of the cloud. The query parameter ``room`` limits it to one room.

    If ``events`` is 0, omit the events. Otherwise return at most ``limit`` events with ids above ``after``.
    """
    return oracle.report(
        control.world,
        room=control.query.get("room"),
        with_events=control.query.get("events") != "0",
        after=control.query_integer("after", 0) or 0,
        limit=control.query_integer("limit"),
    )


@table.add("GET", "/faults")
def list_faults(control: Control) -> dict[str, Any]:
    kinds = [{"kind": kind.name, "does": kind.does, "params": kind.params} for kind in KINDS.values()]
    return {"faults": [fault.as_dict() for fault in control.cloud.faults.all()], "kinds": kinds}


_FAULT_FIELDS = (
    "kind",
    "route",
    "probability",
    "count",
    "afterCalls",
    "fromMs",
    "untilMs",
    "params",
)


@table.add("POST", "/faults")
def set_fault(control: Control) -> dict[str, Any]:
    """Add a fault. It is active from ``fromMs`` to ``untilMs`` in milliseconds by the simulator's clock."""
    fields, now = control.fields, control.world.now
    for name in control.body:
        if name not in _FAULT_FIELDS:
            raise bad_parameter(name, "is not a field; fields: " + ", ".join(_FAULT_FIELDS))
    kind = fields.choice("kind", tuple(KINDS), required=True)
    params = _params(fields, kind)
    if kind == "outage":
        if control.outage is None:
            raise conflict("this server cannot stop listening")
        control.outage(int(params.get("ms", 1000)))
        return {"outage": int(params.get("ms", 1000))}
    starts, ends = fields.integer("fromMs", low=0), fields.integer("untilMs", low=0)
    probability = fields.number("probability", low=0, high=1)
    fault = control.cloud.faults.add(
        kind=kind,
        route=fields.text("route") or "*",
        probability=1.0 if probability is None else probability,
        count=fields.integer("count", low=1),
        after_calls=fields.integer("afterCalls", low=0) or 0,
        from_ms=None if starts is None else now + starts,
        until_ms=None if ends is None else now + ends,
        params=params,
    )
    every = params.get("everyMs")
    if kind == "foreign_reader" and every:
        _poll_as_competing_reader(control, fault, int(every))
    return fault.as_dict()


TEXTS = ("room", "body", "kind", "region")
"""The settings of faults that are texts; all others are numbers."""


def _params(fields: Fields, kind: str) -> dict[str, Any]:
    params = fields.object("params") or {}
    known = KINDS[kind].params
    for name, value in params.items():
        if name not in known:
            raise bad_parameter(
                f"params.{name}", f"is not a setting of {kind}; settings: {', '.join(known) or 'none'}"
            )
        if name not in TEXTS and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise bad_parameter(f"params.{name}", "must be a number")
    return params


def _poll_as_competing_reader(control: Control, fault: Fault, every_ms: int) -> None:
    """Let a competing reader poll every ``every_ms`` milliseconds until ``fault`` is removed."""
    cloud, world = control.cloud, control.world

    def poll() -> None:
        if fault not in cloud.faults.all() or cloud.world is not world:
            return
        if fault.is_on(world.now):
            share = float(fault.params.get("share", 0.5))
            fault.hits += bool(stream_faults.take_share(world, share=share, limit=cloud.settings.poll_batch))
        world.after(max(1, every_ms), poll)

    world.after(max(1, every_ms), poll)


@table.add("DELETE", "/faults")
def clear_faults(control: Control) -> dict[str, Any]:
    control.cloud.faults.clear()
    return list_faults(control)


@table.add("DELETE", "/faults/{fault}")
def remove_fault(control: Control) -> dict[str, Any]:
    number = control.params["fault"]
    if not number.isdigit() or not control.cloud.faults.remove(int(number)):
        raise CloudError(404, 404, "no such fault")
    return list_faults(control)


@table.add("POST", "/emit")
def emit(control: Control) -> dict[str, Any]:
    """Emit an event in a room. It has ``cmd`` and ``data``, or it is the text ``raw``.

    If ``sequence`` is given, it replaces the next sequence number. ``fields`` adds or replaces fields of the
    event. If a value is null, the field is removed.
    """
    fields, world = control.fields, control.world
    room = world.room(fields.id("roomUuid"))
    stream = fields.choice("stream", STREAMS, default=ROOM_STREAM)
    sequence = fields.integer("sequence")
    if sequence is None:
        sequence = room.logs[stream].next_sequence()
    cmd = fields.integer("cmd")
    raw = fields.text("raw")
    if raw is not None:
        body = raw.encode("utf-8", "replace")
    else:
        event: dict[str, Any] = {"roomUuid": room.uuid, "cmd": control.body.get("cmd"), "sequence": sequence}
        event |= {"version": 1, "ts": world.now, "data": control.body.get("data")}
        extra = fields.object("fields") or {}
        event = {
            name: value for name, value in (event | extra).items() if name not in extra or value is not None
        }
        body = json_bytes.dump(event)
    emitted = world.emit_raw(room, body, sequence=sequence, cmd=cmd, stream=stream)
    return {"id": emitted.id, "sequence": sequence, "stream": stream}


@table.add("POST", "/lesson")
def lesson(control: Control) -> dict[str, Any]:
    """Start ``rooms`` classes with ``students`` students each.

    They last ``minutes`` by the simulator's clock. ``pupils`` is an earlier name of ``students``.
    """
    fields = control.fields
    rooms = fields.integer("rooms", low=1, high=5000, default=1) or 1
    students = fields.integer("students" if "students" in fields else "pupils", low=0, high=2000, default=10)
    minutes = fields.number("minutes", low=0.1, high=24 * 60)
    number = fields.integer("seed", low=0, default=0) or 0
    prefix = fields.text("prefix") or "lesson"
    made = start_lessons(
        control.world,
        rooms=rooms,
        students=students or 0,
        minutes=minutes if minutes is not None else 10.0,
        seed=number,
        prefix=prefix,
    )
    control.cloud.tick()
    return {"rooms": made}


@table.add("POST", "/past-class")
def past_class(control: Control) -> dict[str, Any]:
    """Simulate a class that took place in the past, and offer its events and its room from now on.

    The body has ``roomUuid``, ``roomName``, ``startTime`` (ms), ``duration`` (s), ``teacher`` and
    ``students`` (each with ``userUuid`` and ``userName``). ``recorded`` is true by default. ``lost`` is
    an object with ``from`` and ``to``, in seconds after the start. The events between these times are lost,
    and the room is destroyed.
    """
    fields = control.fields
    teacher, lost = fields.fields("teacher", required=True), fields.fields("lost")
    uuid = fields.id("roomUuid")
    past = PastClass(
        uuid=uuid,
        name=fields.text("roomName") or uuid,
        type=4,
        start_ms=fields.integer("startTime", low=0, high=control.world.now, required=True) or 0,
        duration_s=fields.integer("duration", low=60, high=86_400, required=True) or 0,
        teacher=teacher.id("userUuid"),
        teacher_name=teacher.required_text("userName"),
        people=[
            (student.id("userUuid"), student.required_text("userName"))
            for student in fields.objects("students")
        ],
        recorded=bool(fields.boolean("recorded", default=True)),
        lost_from_s=lost.integer("from", low=0, default=0) or 0,
        lost_to_s=lost.integer("to", low=0, default=0) or 0,
    )
    room = offer(control.world, past)
    return {"roomUuid": room.uuid, "last": {name: log.last for name, log in room.logs.items()}}
