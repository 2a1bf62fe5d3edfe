"""``manage.py backup``: write the whole installation into one file, or verify such a file."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from classroom_admin.operations.backups import series, verification
from classroom_admin.operations.backups.manifest import Manifest
from classroom_admin.operations.backups.places import new_file
from classroom_admin.operations.backups.problem import BackupProblem, in_words
from classroom_admin.operations.backups.writing import Writer

_STANDARD_OUTPUT: Final = "-"


class Command(BaseCommand):
    help = (
        "Write database, uploaded files, list of erasures and keys into the tar FILE, while the dashboard "
        "runs. Or verify FILE. The exit code is 1 if that fails, and 2 for wrong options."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", metavar="FILE", help="the tar; - writes it to standard output")
        parser.add_argument("--verify", action="store_true", help="write nothing, but verify FILE")
        parser.add_argument("--force", action="store_true", help="replace FILE if it exists")
        parser.add_argument("--without-keys", action="store_true", help="leave the keys in DATA_DIR out")
        parser.add_argument(
            "--into",
            metavar="FOLDER",
            help="name the file by the time, verify it, and delete the oldest ones",
        )
        parser.add_argument(
            "--keep", metavar="N", type=int, help=f"with --into: how many to keep, {series.KEEP} unless given"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if problem := _wrong(options):
            raise CommandError(problem, returncode=2)
        try:
            with _ended_by_sigterm():
                if options["into"]:
                    self._add_to_series(options)
                elif options["verify"]:
                    self._say("Good", options["file"], verification.verify(Path(options["file"])))
                elif options["file"] == _STANDARD_OUTPUT:
                    self._stream(options)
                else:
                    self._write(options)
        except BackupProblem as error:
            raise CommandError(str(error)) from error

    def _write(self, options: dict[str, Any]) -> None:
        path = Path(options["file"])
        with new_file(path, force=options["force"]) as (file, _part):
            writer = Writer(file)
            made = writer.write(place=path.absolute().parent, with_keys=not options["without_keys"])
        self._warn(writer.warnings)
        self._say("Written", path, made)

    def _stream(self, options: dict[str, Any]) -> None:
        if sys.stdout.isatty():
            raise CommandError(
                "Standard output is a terminal. Redirect it into a file or a program.", returncode=2
            )
        with in_words("standard output"):
            writer = Writer(sys.stdout.buffer)
            writer.write(place=settings.DATA_DIR, with_keys=not options["without_keys"])
            sys.stdout.buffer.flush()
        self._warn(writer.warnings)

    def _add_to_series(self, options: dict[str, Any]) -> None:
        keep = series.KEEP if options["keep"] is None else options["keep"]
        made = series.add(Path(options["into"]), keep=keep, with_keys=not options["without_keys"])
        self._warn(made.warnings)
        self._say("Written and verified", made.path, made.manifest)
        for path in made.deleted:
            self.stdout.write(f"Deleted: {path}")

    def _warn(self, warnings: list[str]) -> None:
        for line in warnings:
            self.stderr.write(f"Warning: {line}")

    def _say(self, what: str, path: object, made: Manifest) -> None:
        rows = sum(made.rows.values())
        self.stdout.write(
            f"{what}: {path} ({made.bytes / 1e6:.1f} MB, {rows} rows of {made.database}, "
            f"{len(made.members)} files, {'with' if made.keys else 'without'} keys, made {made.made_at})"
        )
        if not made.files.included:
            self.stdout.write(
                f"Uploaded files are not in it: they are in the bucket {made.files.bucket}, which needs its "
                "own backup."
            )
        if made.keys_in_environment:
            names = ", ".join(made.keys_in_environment)
            self.stdout.write(f"Not in it, because they are in the environment: {names}. Keep them, too.")


def _wrong(options: dict[str, Any]) -> str:
    """Return what is wrong with the options, or ""."""
    if bool(options["file"]) == bool(options["into"]):
        return "Name a FILE, or a folder with --into."
    if options["keep"] is not None and (not options["into"] or options["keep"] < 1):
        return "--keep needs --into, and at least 1."
    if options["verify"] and (options["into"] or options["file"] == _STANDARD_OUTPUT):
        return "--verify needs a FILE."
    if options["force"] and (options["into"] or options["verify"]):
        return "--force is only for writing a FILE."
    return ""


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM raise ``SystemExit`` during the block, so that unfinished files are deleted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
