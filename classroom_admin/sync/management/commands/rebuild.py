"""Project the stored events again, and write only the rows that differ: `manage.py rebuild [ROOM_UUID]`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classroom_admin.rooms.models import Room
from classroom_admin.sync import inbox, projector, registry


class Command(BaseCommand):
    help = "Project the stored events again from the first one, and write what comes out differently."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "room_uuid", nargs="?", metavar="ROOM_UUID", help="only this room; all unless given"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        rooms = projector.projectable().order_by("id")
        if options["room_uuid"] is not None:
            rooms = rooms.filter(room_uuid=options["room_uuid"])
            if Room.objects.filter(room_uuid=options["room_uuid"], sealed_at__isnull=False).exists():
                raise CommandError(
                    f"Room {options['room_uuid']!r} has no events any more, because retention deleted them. "
                    "Its rows stay as they are."
                )
            if not rooms.exists():
                raise CommandError(f"No room {options['room_uuid']!r} is known here.")
        for answer_id in inbox.unread():
            inbox.read(answer_id)
        inbox.read_quarantine_again()
        registry.adopt_all()
        changed = sum(
            projector.project_again(room_id).rows for room_id in list(rooms.values_list("id", flat=True))
        )
        self.stdout.write(f"{changed} rows changed")
