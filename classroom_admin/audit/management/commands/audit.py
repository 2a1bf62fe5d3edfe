"""``manage.py audit verify``: verify the audit log. ``audit accept``: accept a restored backup."""

import json
import sys
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classroom_admin.audit import acceptance, verification
from classroom_admin.audit.verification import Report

BROKEN: Final = 1
WARNINGS: Final = {
    "triggers_missing": "Triggers that protect the audit log are missing. Run `manage.py migrate`.",
    "permission_left": "The table audit_permission is not empty, so records can be changed. Empty it.",
}


class Command(BaseCommand):
    help = (
        "`verify` checks the whole audit log, and names the first record that was changed, removed or "
        "inserted; the exit code is then 1. `accept` accepts that the end of the log is missing, because an "
        "older backup was restored."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        verify = commands.add_parser("verify", help="verify the audit log")
        verify.add_argument("--json", action="store_true", help="print the result as JSON")
        accept = commands.add_parser("accept", help="accept that the end of the log is missing")
        accept.add_argument("--reason", required=True, help="why it is missing; the audit log records this")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["command"] == "accept":
            self._accept(options["reason"])
            return
        report = verification.verify()
        verification.keep(report)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(report)))
        else:
            self._print(report)
        if not report.is_valid:
            sys.exit(BROKEN)

    def _print(self, report: Report) -> None:
        rate = f"{report.records} records in {report.seconds:.1f} s"
        if report.problem is None:
            self.stdout.write(f"The audit log is intact from link {report.first} to {report.last} ({rate}).")
        else:
            self.stdout.write(f"The audit log is broken: {report.problem}. Intact before it: {rate}.")
        if report.unlinked:
            self.stdout.write(f"{report.unlinked} new records are valid, but not in the chain yet.")
        for code in report.warnings:
            self.stdout.write(f"Warning: {WARNINGS[code]}")

    def _accept(self, reason: str) -> None:
        missing = acceptance.accept(reason)
        if not missing:
            raise CommandError("The end of the audit log is not missing.")
        self.stdout.write(f"{missing} missing links were accepted and recorded.")


def as_json(report: Report) -> dict[str, Any]:
    """Return the result of a verification for `--json`."""
    problem = report.problem
    return {
        "ok": report.is_valid,
        "records": report.records,
        "first": report.first,
        "last": report.last,
        "unlinked": report.unlinked,
        "seconds": round(report.seconds, 3),
        "problem": None
        if problem is None
        else {
            "kind": problem.kind,
            "record": problem.record,
            "id": problem.id,
            "link": problem.number,
            "message": str(problem),
        },
        "warnings": report.warnings,
    }
