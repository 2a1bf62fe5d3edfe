"""Print a report about a class, or write it to a file: ``manage.py report attendance ROOM_UUID``."""

import json
import os
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError

from classroom_admin.reports.attendance_json import attendance_as_json
from classroom_admin.reports.exports.files import pieces_of, school_zone
from classroom_admin.reports.exports.one_class import table_from_json
from classroom_admin.reports.exports.workbook import write_workbook
from classroom_admin.rooms.models import Room


class Command(BaseCommand):
    help = "Report on a class: who attended it, and how complete the evidence is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("report", choices=["attendance"], help="the kind of report")
        parser.add_argument("room_uuid", help="the cloud's id of the room")
        parser.add_argument(
            "--format", choices=["json", "csv", "xlsx"], default="json", help="the format of the report"
        )
        parser.add_argument(
            "--output", type=Path, help="write to this file instead of standard output; xlsx needs it"
        )

    def handle(self, *args: Any, room_uuid: str, output: Path | None, **options: Any) -> None:
        file_format = options["format"]
        if file_format == "xlsx" and output is None:
            raise CommandError("An XLSX file can't be printed. Add --output FILE.xlsx.", returncode=1)
        rooms = Room.objects.select_related("list_version", "class_list")
        room = rooms.filter(room_uuid=room_uuid.replace("\x00", "")).first()
        if room is None:
            raise CommandError(
                f"No room {room_uuid!r} is known. Check the id. A room becomes known with its first event, "
                "or when it is created here.",
                returncode=1,
            )
        report = attendance_as_json(room)
        if output is None:
            self.stdout.write("".join(piece.decode() for piece in _pieces(report, file_format)), ending="")
            return
        try:
            with _whole_file(output) as file:
                if file_format == "xlsx":
                    write_workbook(table_from_json(report), file, zone=school_zone())
                else:
                    file.writelines(_pieces(report, file_format))
        except OSError as error:
            raise CommandError(
                f"The report can't be written to {output}: {error.strerror}.", returncode=1
            ) from error


def _pieces(report: dict[str, Any], file_format: str) -> Iterator[bytes]:
    if file_format == "json":
        yield (json.dumps(report, ensure_ascii=False) + "\n").encode("utf-8", "replace")
    else:
        yield from pieces_of(table_from_json(report), file_format)


@contextmanager
def _whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `path`. It replaces `path` only if the block ends without an error.

    If `path` is no regular file, such as /dev/stdout, write to it directly.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as direct:
            yield direct
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)  # without an error, the file has its own name by now


def _umask() -> int:
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
