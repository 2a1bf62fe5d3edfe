"""Control calls for one class: everything that the people in the class can do."""

from typing import Any

from classroom_admin.simulator.api.classroom import role_of, stream_changes
from classroom_admin.simulator.api.rooms import room_type, schedule_of
from classroom_admin.simulator.checks import identifier
from classroom_admin.simulator.control.call import Control, table
from classroom_admin.simulator.errors import bad_parameter
from classroom_admin.simulator.world import (
    Room,
    classes,
    media,
    messages,
    oracle,
    people,
    properties,
    recordings,
    resources,
    stage,
    widgets,
)
from classroom_admin.simulator.world.model import FOREVER, Question, Role


def _done(control: Control, room: Room, **more: Any) -> dict[str, Any]:
    return {"roomUuid": room.uuid, "last": {name: log.last for name, log in room.logs.items()}, **more}


@table.add("POST", "/rooms")
def make_room(control: Control) -> dict[str, Any]:
    """Create a room.

    Fields: ``roomUuid``, ``roomName``, ``roomType`` (default 4), ``startTime`` (ms), ``duration`` (s),
    ``closeDelay`` (s), ``state``, ``processes``, ``roleConfig``.
    """
    fields = control.fields
    uuid = fields.id("roomUuid")
    kind = room_type(fields, required=False)
    room = classes.create(
        control.world,
        uuid=uuid,
        name=fields.text("roomName") or uuid,
        type=4 if kind is None else kind,
        schedule=schedule_of(fields),
        processes=fields.object("processes"),
        role_config=fields.object("roleConfig"),
    )
    control.cloud.tick()
    state = fields.integer("state", low=0, high=3)
    if state is not None and state != room.state:
        classes.set_state(control.world, room, state, operator=None)
    return _done(control, room)


@table.add("GET", "/rooms")
def list_rooms(control: Control) -> dict[str, Any]:
    """Return a summary of each room."""
    rows = [
        {
            "roomUuid": room.uuid,
            "roomName": room.name,
            "state": int(room.state),
            "people": len(room.online()),
            "hands": len(room.hands),
            "recording": room.current_recording() is not None,
            "last": room.logs["room"].last,
        }
        for room in control.world.rooms.values()
    ]
    return {"rooms": rows}


@table.add("GET", "/rooms/{room}")
def read_room(control: Control) -> dict[str, Any]:
    """Return the complete state of one room."""
    return oracle.room_truth(control.world, control.room())


@table.add("POST", "/rooms/{room}/enter")
def enter(control: Control) -> dict[str, Any]:
    """Let ``userUuid`` enter with the role ``role`` (default 2). With ``stream`` true, their camera is on."""
    fields, room = control.fields, control.room()
    role = role_of(fields) if "role" in fields else Role.STUDENT
    uuid = fields.id("userUuid")
    user = people.enter(
        control.world,
        room,
        uuid=uuid,
        name=fields.text("userName") or uuid,
        role=int(role),
        properties=fields.object("properties"),
        with_stream=bool(fields.boolean("stream")),
    )
    return _done(control, room, user=people.describe(user))


@table.add("POST", "/rooms/{room}/leave")
def leave(control: Control) -> dict[str, Any]:
    room = control.room()
    people.leave(control.world, room, control.user(room))
    return _done(control, room)


@table.add("POST", "/rooms/{room}/drop")
def drop(control: Control) -> dict[str, Any]:
    """Break the connection of ``userUuid``. Their next entry counts as a reconnect."""
    room = control.room()
    people.leave(control.world, room, control.user(room), how="dropped")
    return _done(control, room)


@table.add("POST", "/rooms/{room}/tab")
def tab(control: Control) -> dict[str, Any]:
    """Let ``userUuid`` open a second tab, or close it (``open`` false). The user stays present."""
    room = control.room()
    opens = control.fields.boolean("open")
    act = people.close_tab if opens is False else people.open_tab
    act(control.world, room, control.user(room))
    return _done(control, room)


@table.add("POST", "/rooms/{room}/vanish")
def vanish(control: Control) -> dict[str, Any]:
    """Let ``userUuid`` leave without an event."""
    room = control.room()
    people.vanish(control.world, room, control.user(room))
    return _done(control, room)


@table.add("POST", "/rooms/{room}/kick")
def kick(control: Control) -> dict[str, Any]:
    """Remove ``userUuid``. ``by`` is the operator.

    ``duration`` also bans the user for this many seconds; -1 bans permanently.
    """
    room = control.room()
    duration = control.fields.integer("duration", low=FOREVER)
    people.kick(
        control.world,
        room,
        control.user(room),
        ban_s=duration,
        lift=False,
        operator=control.fields.text("by"),
    )
    return _done(control, room)


@table.add("POST", "/rooms/{room}/state")
def set_state(control: Control) -> dict[str, Any]:
    room = control.room()
    state = control.fields.integer("state", low=0, high=3, required=True) or 0
    classes.set_state(control.world, room, state, operator=control.fields.text("by"))
    return _done(control, room)


@table.add("POST", "/rooms/{room}/destroy")
def destroy(control: Control) -> dict[str, Any]:
    room = control.room()
    control.world.forget(room)
    return _done(control, room)


@table.add("POST", "/rooms/{room}/chat")
def chat(control: Control) -> dict[str, Any]:
    room = control.room()
    messages.chat(control.world, room, control.user(room), control.fields.required_text("message"))
    return _done(control, room)


@table.add("POST", "/rooms/{room}/custom")
def custom(control: Control) -> dict[str, Any]:
    """Send the custom message ``message`` from ``userUuid``. ``cmd`` is 99 (default) or 21."""
    room = control.room()
    cmd = control.fields.choice("cmd", (99, 21), default=99)
    messages.custom(control.world, room, control.user(room), control.fields.required_text("message"), cmd=cmd)
    return _done(control, room)


@table.add("POST", "/rooms/{room}/peer")
def peer(control: Control) -> dict[str, Any]:
    """Send ``message`` from ``userUuid`` to ``toUserUuid``. ``cmd`` is 1 (chat) or 99 (custom).

    The field ``relay`` of the response contains the item that a webhook receives.
    """
    room, fields = control.room(), control.fields
    cmd = fields.choice("cmd", (1, 99), default=1)
    delivered = messages.peer(
        control.world,
        room,
        control.user(room),
        to=fields.id("toUserUuid"),
        message=fields.required_text("message"),
        cmd=cmd,
    )
    return _done(control, room, relay=delivered)


@table.add("POST", "/rooms/{room}/wave")
def wave(control: Control) -> dict[str, Any]:
    """Raise the hand of ``userUuid`` with ``payload``. ``timeout`` (s) lowers it again later."""
    room, fields = control.room(), control.fields
    timeout = fields.integer("timeout", low=1)
    stage.wave(control.world, room, control.user(room), payload=fields.object("payload"), timeout_s=timeout)
    return _done(control, room)


@table.add("POST", "/rooms/{room}/lower")
def lower(control: Control) -> dict[str, Any]:
    room = control.room()
    stage.lower(control.world, room, control.user(room))
    return _done(control, room)


@table.add("POST", "/rooms/{room}/stage")
def go_on_stage(control: Control) -> dict[str, Any]:
    room = control.room()
    stage.go_on(control.world, room, control.user(room))
    return _done(control, room)


@table.add("POST", "/rooms/{room}/unstage")
def leave_stage(control: Control) -> dict[str, Any]:
    room = control.room()
    stage.go_off(control.world, room, control.user(room))
    return _done(control, room)


@table.add("POST", "/rooms/{room}/reward")
def reward(control: Control) -> dict[str, Any]:
    """Give ``change`` rewards (default 1) to ``userUuid``."""
    room = control.room()
    change = control.fields.integer("change", low=-1000, high=1000, default=1) or 0
    stage.reward(control.world, room, [(control.user(room), change)])
    return _done(control, room)


@table.add("POST", "/rooms/{room}/mute")
def mute(control: Control) -> dict[str, Any]:
    """Mute (``muteChat`` 1, the default) or unmute (0) the chat of ``userUuid``, or of the whole room.

    ``by`` is the operator.
    """
    room, fields = control.room(), control.fields
    state = fields.integer("muteChat", low=0, high=1, default=1) or 0
    by = fields.text("by")
    if "userUuid" in fields:
        people.mute_user(control.world, room, control.user(room), state, operator=by)
    else:
        messages.mute_room(control.world, room, state, operator=by)
    return _done(control, room)


@table.add("POST", "/rooms/{room}/stream")
def stream(control: Control) -> dict[str, Any]:
    """Change the stream ``streamUuid`` (default: the camera) of ``userUuid``. With ``delete``, stop it.

    The fields to change are ``videoState``, ``audioState``, ``videoSourceType`` and ``audioSourceType``.
    """
    room, fields = control.room(), control.fields
    user = control.user(room)
    uuid = fields.text("streamUuid") or user.stream_uuid
    if fields.boolean("delete"):
        media.delete(control.world, room, user, uuid)
    else:
        media.put(control.world, room, user, uuid, stream_changes(fields))
    return _done(control, room)


@table.add("POST", "/rooms/{room}/property")
def change_property(control: Control) -> dict[str, Any]:
    """Set ``properties``, or delete the names in ``delete``, of one user, several users or the room.

    ``userUuid`` or ``userUuids`` names the users. With ``userUuids``, emit one event 23 for all of them.
    """
    room, fields, world = control.room(), control.fields, control.world
    by = fields.text("by")
    changes, names = fields.object("properties"), fields.strings("delete")
    if (changes is None) == (not names):
        raise bad_parameter("properties", "or delete must be given")
    if "userUuids" in fields:
        users = [world.user(room, identifier("userUuids", uuid)) for uuid in fields.strings("userUuids")]
        properties.put_users(world, room, users, changes or {}, operator=by)
    elif "userUuid" in fields:
        user = control.user(room)
        if changes is not None:
            properties.put_user(world, room, user, changes, operator=by)
        else:
            properties.delete_user(world, room, user, names, operator=by)
    elif changes is not None:
        properties.put_room(world, room, changes, operator=by)
    else:
        properties.delete_room(world, room, names, operator=by)
    return _done(control, room)


def _running(questions: dict[str, Question], uuid: str | None) -> Question:
    question = questions.get(uuid) if uuid else next((q for q in questions.values() if q.running), None)
    if question is None:
        raise widgets.no_such_question()
    return question


@table.add("POST", "/rooms/{room}/quiz")
def quiz(control: Control) -> dict[str, Any]:
    """Let ``userUuid`` start a quiz with ``items`` and ``correctItems``. ``stop`` ends the running quiz."""
    room, fields = control.room(), control.fields
    if fields.boolean("stop"):
        question = _running(room.quizzes, fields.text("popupQuizId"))
        widgets.stop_quiz(control.world, room, question)
    else:
        items = fields.strings("items") or ["A", "B", "C", "D"]
        correct = fields.strings("correctItems") or items[:1]
        question = widgets.start_quiz(
            control.world, room, starter=fields.id("userUuid"), items=items, correct=correct
        )
    return _done(control, room, popupQuizId=question.uuid)


@table.add("POST", "/rooms/{room}/poll")
def poll(control: Control) -> dict[str, Any]:
    """Let ``userUuid`` start a poll with ``pollItems`` and ``mode`` (1). ``stop`` ends the running poll."""
    room, fields = control.room(), control.fields
    if fields.boolean("stop"):
        question = _running(room.polls, fields.text("pollId"))
        widgets.stop_poll(control.world, room, question)
    else:
        items = fields.strings("pollItems") or ["yes", "no"]
        mode = fields.integer("mode", low=1, high=2, default=1) or 1
        question = widgets.start_poll(
            control.world, room, starter=fields.id("userUuid"), items=items, mode=mode
        )
    return _done(control, room, pollId=question.uuid)


@table.add("POST", "/rooms/{room}/answer")
def answer(control: Control) -> dict[str, Any]:
    """Answer the running quiz (``selectedItems``) or poll (``selectIndex``) as ``userUuid``."""
    room, fields = control.room(), control.fields
    user = control.user(room)
    if "selectIndex" in fields:
        indexes = [int(index) for index in fields.array("selectIndex") or [] if isinstance(index, int)]
        widgets.answer_poll(control.world, room, _running(room.polls, fields.text("pollId")), user, indexes)
    else:
        selected = fields.strings("selectedItems", required=True)
        widgets.answer_quiz(
            control.world, room, _running(room.quizzes, fields.text("popupQuizId")), user, selected
        )
    return _done(control, room)


@table.add("POST", "/rooms/{room}/record")
def record(control: Control) -> dict[str, Any]:
    """Start (``state`` 1) or stop (``state`` 0) a recording.

    ``mode`` is web or composite. With ``publish`` true, the recording is streamed too. With ``failed`` true,
    the recording ends without usable files.
    """
    room, fields = control.room(), control.fields
    if fields.integer("state", low=0, high=1, default=1):
        mode = fields.choice("mode", ("web", "composite"), default="web")
        config = {"url": "https://example.test/class"}
        if fields.boolean("publish"):
            config["publishRtmp"] = "true"
        recordings.start(control.world, room, mode=mode, config=config)
    else:
        failed = bool(fields.boolean("failed"))
        recordings.stop(control.world, room, operator=fields.text("by"), failed=failed)
    return _done(control, room)


@table.add("POST", "/rooms/{room}/resource")
def resource(control: Control) -> dict[str, Any]:
    """Add the file ``resourceUuid``. With ``convert`` true, the file is converted step by step."""
    room, fields = control.room(), control.fields
    uuid = fields.id("resourceUuid")
    resources.put(
        control.world,
        room,
        uuid=uuid,
        name=fields.text("resourceName") or uuid,
        ext=fields.text("ext") or "pdf",
        size=fields.integer("size", low=0, default=1000) or 0,
        url=fields.text("url") or "https://example.test/file.pdf",
        conversion={"type": "static"} if fields.boolean("convert") else None,
        operator=None,
    )
    return _done(control, room)


@table.add("POST", "/rooms/{room}/void")
def void(control: Control) -> dict[str, Any]:
    """Skip ``count`` (1) sequence numbers, as the real cloud does for events that it hides from servers."""
    room = control.room()
    skipped = [
        room.logs["room"].next_sequence()
        for _ in range(control.fields.integer("count", low=1, default=1) or 1)
    ]
    return _done(control, room, void=skipped)
