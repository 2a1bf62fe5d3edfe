"""Print a report about a class, or write it to a file: ``manage.py report attendance ROOM_UUID``."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from classroom_admin.reports.attendance_json import attendance_as_json
from classroom_admin.rooms.models import Room


class Command(BaseCommand):
    help = "Report on a class: who attended it, and how complete the evidence is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("report", choices=["attendance"], help="the kind of report")
        parser.add_argument("room_uuid", help="the cloud's id of the room")
        parser.add_argument("--format", choices=["json"], default="json", help="the format of the report")
        parser.add_argument("--output", type=Path, help="write to this file instead of standard output")

    def handle(self, *args: Any, room_uuid: str, output: Path | None, **options: Any) -> None:
        room = Room.objects.select_related("list_version").filter(room_uuid=room_uuid).first()
        if room is None:
            raise CommandError(
                f"No room {room_uuid!r} is known. Check the id. A room becomes known with its first event, "
                "or when it is created here.",
                returncode=1,
            )
        report = json.dumps(attendance_as_json(room), ensure_ascii=False)
        if output is None:
            self.stdout.write(report)
            return
        try:
            output.write_text(report + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"The report can't be written to {output}: {error.strerror}.") from error
