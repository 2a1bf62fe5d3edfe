"""Who may use each operation of the API. Add a new operation here, with one line.

The names are the `operationId`s of the OpenAPI document. A line says what the operation is about, which
permission it needs besides (None: everyone who sees the thing), and the values of its path and a valid body.
The values are the names of things in `tests/web/access_world.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from classroom_admin.accounts.permissions import Permission as P

SCHOOL, CLASS, LIST, PLAN, EXPORT = "school", "class", "list", "plan", "export"
SENT = (424,)
"""The answer to people who may send a command: the test has no cloud."""


@dataclass(frozen=True)
class Operation:
    of: str
    needs: P | None = None
    args: dict[str, str] = field(default_factory=dict)
    body: Any = None
    ok: tuple[int, ...] = (200,)


def of_class(
    needs: P | None = None, *, body: Any = None, ok: tuple[int, ...] = (200,), **args: str
) -> Operation:
    return Operation(CLASS, needs, {"key": "key", **args}, body, ok)


def of_list(*, body: Any = None, ok: tuple[int, ...] = (200,)) -> Operation:
    return Operation(LIST, P.CLASS_LISTS, {"key": "list"}, body, ok)


def of_series(*, body: Any = None, ok: tuple[int, ...] = (200,), **args: str) -> Operation:
    return Operation(PLAN, P.SCHEDULE, {"key": "plan", **args}, body, ok)


def of_export(ok: tuple[int, ...] = (200,)) -> Operation:
    return Operation(EXPORT, P.REPORTS, {"key": "export"}, None, ok)


SOON = {"name": "Latin", "starts_at": "2199-01-01T09:00:00Z"}
FILE = {"name": "a.pdf", "url": "https://files.school.example/a.pdf", "extension": "pdf", "size": 10}
EXCUSED = {"user_id": "ana", "status": "excused"}
LINK = {"ends_at": "2199-01-01T09:00:00Z"}
PDF = SimpleUploadedFile("a.pdf", b"%PDF-1.7\n%%EOF")
OPERATIONS = {
    "get_me": Operation(SCHOOL),
    "list_classes": Operation(SCHOOL),
    "create_class": Operation(SCHOOL, P.SCHEDULE, body=SOON, ok=(201,)),
    "get_class": of_class(),
    "change_class": of_class(P.SCHEDULE, body={"name": "Greek"}, ok=(422,)),
    "start_class": of_class(P.START_END, ok=SENT),
    "end_class": of_class(P.START_END, ok=SENT),
    "cancel_class": of_class(P.START_END, ok=(422,)),
    "assign_teachers": of_class(P.PEOPLE, body={"emails": []}),
    "list_commands": of_class(),
    "send_command": of_class(P.RUN, body={"command": "chat.mute"}, ok=SENT),
    "get_command": of_class(id="entry"),
    "verify_command": of_class(P.RUN, id="entry", ok=SENT),
    "list_participants": of_class(),
    "get_participant": of_class(id="person"),
    "list_presence": of_class(),
    "list_messages": of_class(),
    "list_direct_messages": of_class(),
    "list_quizzes": of_class(),
    "list_quiz_answers": of_class(id="of the quiz"),
    "list_polls": of_class(),
    "list_poll_answers": of_class(id="of the poll"),
    "list_recordings": Operation(SCHOOL, P.REPORTS),
    "get_recording": Operation(CLASS, P.REPORTS, {"id": "recording"}),
    "list_class_recordings": of_class(),
    "list_recording_files": Operation(CLASS, P.REPORTS, {"id": "recording"}, ok=(404,)),  # not ready
    "get_recording_file": Operation(CLASS, P.REPORTS, {"id": "recording", "number": "first"}, ok=(404,)),
    "list_recording_links": Operation(CLASS, P.REPORTS, {"id": "recording"}),
    "create_recording_link": Operation(CLASS, P.RECORD, {"id": "recording"}, LINK, ok=(422,)),
    "end_recording_link": Operation(CLASS, P.RECORD, {"id": "recording", "link": "missing"}, ok=(404,)),
    "list_files": of_class(),
    "share_file": of_class(P.FILES, body=FILE, ok=SENT),
    "upload_file": of_class(P.FILES, body=PDF, ok=SENT),
    "delete_file": of_class(P.FILES, id="file", ok=(202, 422)),  # the file is being deleted already
    "list_class_lists": Operation(SCHOOL, P.CLASS_LISTS),
    "create_class_list": Operation(SCHOOL, P.CLASS_LISTS, body={"name": "8a"}, ok=(201,)),
    "get_class_list": of_list(),
    "change_class_list": of_list(body={"name": "8a"}),
    "delete_class_list": of_list(ok=(204,)),
    "list_people": of_list(),
    "replace_people": of_list(body={"version": 1, "people": [{"name": "Ada"}]}),
    "choose_class_list": of_class(P.CHOOSE_LIST, body={"class_list": None}),
    "list_series": Operation(SCHOOL, P.SCHEDULE),
    "create_series": Operation(SCHOOL, P.SCHEDULE, body={**SOON, "times": 2}, ok=(201,)),
    "get_series": of_series(),
    "list_series_classes": of_series(),
    "change_series_class": of_series(id="missing", body={"name": "Greek"}, ok=(404,)),
    "cancel_series": of_series(),
    "retry_series": of_series(),
    "cancel_series_class": of_series(id="missing", ok=(404,)),
    "restore_series_class": of_series(id="missing", ok=(404,)),
    "get_attendance": of_class(P.REPORTS),
    "correct_attendance": of_class(P.ATTENDANCE, body=EXCUSED, ok=(422,)),  # the class still runs
    "list_exports": Operation(SCHOOL, P.REPORTS),
    "create_export": Operation(SCHOOL, P.REPORTS, body={"what": "attendance"}, ok=(202,)),
    "get_export": of_export(),
    "cancel_export": of_export(),
    "get_export_file": of_export(ok=(404,)),  # not ready
    "list_entries": Operation(SCHOOL, P.AUDIT),
}
