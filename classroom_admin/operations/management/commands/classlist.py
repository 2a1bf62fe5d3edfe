"""``manage.py classlist FILE --name NAME``: import a file of people into a class list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.http import Http404

from classroom_admin.accounts.models import User
from classroom_admin.actions import class_list_files, class_lists
from classroom_admin.operations.file_questions import (
    Asked,
    columns_as_text,
    mapping_of,
    number_of_people,
    problem_as_question,
    problems_said,
)
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.class_list_files import oneroster
from classroom_admin.rooms.class_list_files.cells import Question
from classroom_admin.rooms.class_list_files.contents import Contents, Options, read_contents
from classroom_admin.rooms.class_list_files.header_words import ROLES
from classroom_admin.rooms.models import ClassList, Room


class Command(BaseCommand):
    help = (
        "Import a CSV, TSV, XLSX, XLS or ODS file, or a OneRoster export, into the class list NAME. The "
        "people of the file replace those on the list. If something must be asked first, nothing is written "
        "and the exit code is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", help="the file, or a folder with users.csv, classes.csv and enrollments.csv"
        )
        parser.add_argument("--name", required=True, help="the list; it is created if it does not exist")
        parser.add_argument(
            "--owner", default="", help="email of the list's owner (default: an administrator)"
        )
        parser.add_argument("--room", default="", help="the cloud's id of a class that shall use the list")
        parser.add_argument(
            "--mapping", default="{}",
            help='JSON, for example {"Nr.": "ignore"}: what columns hold, by header: '
            "name, first, last, user_id, email, group or ignore",
        )  # fmt: skip
        parser.add_argument(
            "--class", default="", dest="class_id", help="sourcedId of a class in a OneRoster export"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        with problems_said(self.stdout, as_json=options["as_json"]):
            try:
                with transaction.atomic():
                    contents = import_file(options)
            except Http404 as error:
                raise CommandError(
                    "The owner may not use this list or this class. Nothing was written."
                ) from error
        self.stdout.write(
            json.dumps(as_json(contents), ensure_ascii=False) if options["as_json"] else as_text(contents)
        )


def import_file(options: dict[str, Any]) -> Contents:
    """Import the file into the list and return its contents. Raise ``Asked`` if the user must decide."""
    owner = _owner(options["owner"])
    room = _room(options["room"])
    made = _list(options["name"], owner if options["owner"] else None)
    contents = read_contents(
        _content(Path(options["file"]), options["class_id"]),
        Options(
            mapping=mapping_of(options["mapping"], ROLES),
            usual=made.mapping if made else {},
            class_id=options["class_id"],
            usual_class_id=made.sourced_id if made else "",
        ),
    )
    if options["class_id"] and not contents.classes:
        raise CommandError("--class is for OneRoster exports, and this file is none.")
    if contents.question:
        raise Asked(contents.question)
    if contents.problems:
        raise Asked(problem_as_question(contents))
    made = made or class_lists.make_list(actor=owner, name=options["name"])
    class_list_files.apply_contents(actor=owner, class_list=made, contents=contents, version=made.version)
    if room:
        class_lists.use_list(access_to(owner, room), class_list=made)
    return contents


def as_json(contents: Contents) -> dict[str, Any]:
    """Return the imported contents as a JSON value."""
    return {
        "encoding": contents.encoding or None,
        "mapping": dict(contents.mapping),
        "ignored": contents.ignored,
        "people": [
            {"name": one.name, "user_id": one.user_uuid, "email": one.email, "group": one.group}
            for one in contents.people
        ],
        "warnings": [str(warning) for warning in contents.warnings],
    }


def as_text(contents: Contents) -> str:
    """Return a summary of the import and its warnings as text."""
    lines = [
        f"{number_of_people(len(contents.people))} imported.",
        columns_as_text(contents.mapping, contents.ignored),
    ]
    return "\n".join([*lines, *map(str, contents.warnings)])


def _content(path: Path, class_id: str) -> bytes:
    """Return the file's bytes. If the path is a folder with a OneRoster export, return a ZIP file of it."""
    folder = path if path.is_dir() else path.parent
    if path.is_dir() or (class_id and path.name.lower() in oneroster.FILES):
        files = {
            each.name.lower(): each.read_bytes()
            for each in folder.iterdir()
            if each.name.lower() in (*oneroster.FILES, oneroster.MANIFEST)
        }
        if not files:
            raise CommandError(f"{folder} has no users.csv, classes.csv or enrollments.csv.")
        return oneroster.packed(files)
    return path.read_bytes()


def _owner(email: str) -> User:
    if email:
        found = User.objects.filter(email__iexact=email, is_active=True).first()
        if found is None:
            raise CommandError(f"Nobody with the email {email!r} has an active account.")
        return found
    administrator = User.objects.filter(role=User.Role.ADMINISTRATOR, is_active=True).order_by("pk").first()
    if administrator is None:
        raise CommandError("There is no administrator yet. Name the list's owner with --owner.")
    return administrator


def _list(name: str, owner: User | None) -> ClassList | None:
    """Return the class list with this name, or None. Raise ``Asked`` if several lists have the name."""
    found = ClassList.objects.filter(name=name.strip()).select_related("owner").order_by("pk")
    lists = list(found.filter(owner=owner) if owner else found)
    if len(lists) > 1:
        owners = tuple(dict.fromkeys(each.owner.email for each in lists if each.owner))
        raise Asked(
            Question(
                about="name",
                text=f"{len(lists)} lists have the name {name!r}. Rename one, or choose its --owner.",
                choices=owners if owner is None else (),
            )
        )
    return lists[0] if lists else None


def _room(room_uuid: str) -> Room | None:
    found = Room.objects.filter(room_uuid=room_uuid).first() if room_uuid else None
    if room_uuid and found is None:
        raise CommandError(f"No room {room_uuid!r} is known.")
    return found
