"""``manage.py restore FILE``: restore a backup into an empty place, and make it ready to start."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.common import clock
from classroom_admin.operations.backups import databases, restoring
from classroom_admin.operations.backups.problem import BackupProblem
from classroom_admin.operations.backups.restoring import Restored
from classroom_admin.runtime.installation import migration_names
from classroom_admin.sync import reconciliation


class Command(BaseCommand):
    help = (
        "Verify a backup, and restore it into an empty DATA_DIR and database. Then migrate, and repeat "
        "erasures. Nothing is ever replaced. The exit code is 1 if that fails."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the tar that manage.py backup made")
        parser.add_argument(
            "--ledger",
            metavar="FILE",
            help="the newest erasures/ledger.jsonl of the old installation: people in it are erased again",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        ledger = Path(options["ledger"]).absolute() if options["ledger"] else None
        try:
            done = restoring.restore(Path(options["file"]).absolute(), ledger=ledger)
            connections.close_all()
            self._say_restored(done)
            self._require_all_rows(done)
        except BackupProblem as error:
            raise CommandError(str(error)) from error
        if not migration_names() <= set(done.manifest.migrations):
            self._run("migrate", "--no-input", "--verbosity", "0")
            self.stdout.write(f"Migrated from version {done.manifest.version}.")
        reconciliation.soon(why="a backup was restored")
        self._repeat_erasures()
        self._verify_audit_log()
        self._say_next(done, has_ledger=ledger is not None)

    def _say_restored(self, done: Restored) -> None:
        made, rows = done.manifest, sum(done.manifest.rows.values())
        self.stdout.write(
            f"Restored the backup of {made.made_at} (version {made.version}): {rows} rows, "
            f"{done.uploads} uploaded files, {'with' if done.with_keys else 'without'} keys."
        )

    def _require_all_rows(self, done: Restored) -> None:
        if databases.of_kind(done.manifest.database).rows() != done.manifest.rows:
            raise BackupProblem(
                "The restored database has other numbers of rows than the backup. Do not use it: delete it, "
                "and restore again."
            )

    def _repeat_erasures(self) -> None:
        repeated = json.loads(self._run("person", "repeat-erasures", "--json"))["repeated"]
        self.stdout.write(
            f"Erasures of people that were made after the backup, and repeated: {len(repeated)}."
        )

    def _verify_audit_log(self) -> None:
        found = json.loads(self._run("audit", "verify", "--json", accepted=(0, 1)))
        if found["ok"]:
            self.stdout.write(f"The audit log is intact: {found['records']} records.")
        else:
            self.stderr.write(f"Warning: the audit log is broken: {found['problem']['message']}.")

    def _say_next(self, done: Restored, *, has_ledger: bool) -> None:
        steps = []
        if due := ScheduledCommand.objects.filter(claimable_at__lt=clock.now()).count():
            steps.append(
                f"Scheduled commands that were due since the backup: {due}. They run when the dashboard "
                "starts, also if the old installation has run them already."
            )
        if not has_ledger:
            steps.append(
                "If people were erased after the backup, get erasures/ledger.jsonl from the old DATA_DIR, "
                f"append it to {settings.DATA_DIR / 'erasures' / 'ledger.jsonl'}, and run manage.py person "
                "repeat-erasures before you start the dashboard."
            )
        if not done.manifest.files.included:
            steps.append(
                f"Uploaded files are not in the backup: name the bucket {done.manifest.files.bucket} in "
                "FILES_S3_BUCKET."
            )
        steps += [
            "Stop the old installation for ever: two installations would take events from each other.",
            "Start the dashboard. It fetches the events since the backup that the cloud still has.",
            "Check: manage.py doctor, and manage.py rebuild, which should print 0 rows changed.",
        ]
        self.stdout.write("Next:")
        for number, step in enumerate(steps, start=1):
            self.stdout.write(f"  {number}. {step}")

    def _run(self, *command: str, accepted: tuple[int, ...] = (0,)) -> str:
        """Run another command in a new process, which uses the restored keys. Return what it prints."""
        ran = subprocess.run(
            [sys.executable, "-m", "django", *command],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DATA_DIR": str(settings.DATA_DIR)},
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode not in accepted:
            raise CommandError(
                f"The data is restored, but manage.py {' '.join(command)} failed: {ran.stderr.strip()}\n"
                "Do not start the dashboard before this command succeeds."
            )
        return ran.stdout
