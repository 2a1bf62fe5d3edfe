"""Control calls for what happens in a class: quizzes, polls, recordings, files, screens and widgets."""

from typing import Any

from classroom_admin.simulator.control.call import Control, table
from classroom_admin.simulator.control.room_calls import done
from classroom_admin.simulator.world import recordings, resources, views, widget_settings, widgets
from classroom_admin.simulator.world.model import Question


def _running(questions: dict[str, Question], uuid: str | None) -> Question:
    question = questions.get(uuid) if uuid else next((q for q in questions.values() if q.running), None)
    if question is None:
        raise widgets.no_such_question()
    return question


@table.add("POST", "/rooms/{room}/quiz")
def quiz(control: Control) -> dict[str, Any]:
    """Let ``userUuid`` start a quiz with ``items`` and ``correctItems``.

    If ``stop`` is true, end the quiz.
    """
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
    return done(control, room, popupQuizId=question.uuid)


@table.add("POST", "/rooms/{room}/poll")
def poll(control: Control) -> dict[str, Any]:
    """Let ``userUuid`` start a poll with ``pollItems`` and ``mode``. If ``stop`` is true, end the poll."""
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
    return done(control, room, pollId=question.uuid)


@table.add("POST", "/rooms/{room}/answer")
def answer(control: Control) -> dict[str, Any]:
    """Answer the running quiz or poll as ``userUuid``.

    ``selectedItems`` is the answer to a quiz, and ``selectIndex`` the answer to a poll.
    """
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
    return done(control, room)


@table.add("POST", "/rooms/{room}/record")
def record(control: Control) -> dict[str, Any]:
    """Start (``state`` 1) or stop (``state`` 0) a recording.

    ``mode`` is web or composite. If ``publish`` is true, the recording is also streamed. If ``failed`` is
    true, it ends without usable files. If ``again`` is true, it times out and starts again. If ``onhold`` is
    true, it is paused. If ``deleted`` is true, the files of the last recording are deleted.
    """
    room, fields = control.room(), control.fields
    if fields.boolean("deleted"):
        recordings.delete_files(room)
        return done(control, room)
    on_hold = fields.boolean("onhold")
    if fields.boolean("again"):
        recordings.try_again(control.world, room)
    elif on_hold is not None:
        recordings.update(control.world, room, {"onhold": on_hold})
    elif fields.integer("state", low=0, high=1, default=1):
        mode = fields.choice("mode", ("web", "composite"), default="web")
        config = {"url": "https://example.test/class"}
        if fields.boolean("publish"):
            config["publishRtmp"] = "true"
        recordings.start(control.world, room, mode=mode, config=config)
    else:
        failed = bool(fields.boolean("failed"))
        recordings.stop(control.world, room, operator=fields.text("by"), failed=failed)
    return done(control, room)


@table.add("POST", "/rooms/{room}/resource")
def resource(control: Control) -> dict[str, Any]:
    """Add the file ``resourceUuid``. If ``convert`` is true, it is converted step by step."""
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
    return done(control, room)


@table.add("POST", "/rooms/{room}/screen")
def screen(control: Control) -> dict[str, Any]:
    """Let ``userUuid`` share their screen. If ``state`` is 0, stop sharing it."""
    room, fields = control.room(), control.fields
    user = control.user(room)
    if fields.integer("state", low=0, high=1, default=1):
        views.share_screen(control.world, room, user, operator=user.uuid)
    else:
        views.stop_screen(control.world, room, user, operator=user.uuid)
    return done(control, room)


@table.add("POST", "/rooms/{room}/widget")
def widget(control: Control) -> dict[str, Any]:
    """Set ``state`` and ``extra`` of the widget ``widget``. If ``delete`` is true, delete it."""
    room, fields = control.room(), control.fields
    name, by = fields.id("widget"), fields.text("by")
    if fields.boolean("delete"):
        widget_settings.delete(control.world, room, name, operator=by)
    else:
        state, extra = fields.integer("state", low=0, high=1), fields.object("extra")
        widget_settings.put(control.world, room, name, state=state, extra=extra, operator=by)
    return done(control, room)
