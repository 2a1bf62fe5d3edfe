"""``manage.py doctor``: check the installation, and say what to do about each problem."""

import json
import sys
from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from classroom_admin.common.program_files import with_our_command
from classroom_admin.operations import doctor_checks
from classroom_admin.operations.doctor_checks import Finding


class Command(BaseCommand):
    help = "Check the settings, the services, the proxy and the cloud. Exit with 1 if a check failed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = [replace(finding, fix=with_our_command(finding.fix)) for finding in doctor_checks.run()]
        is_ok = doctor_checks.is_ok(findings)
        if options["json"]:
            checks = [finding.as_json() for finding in findings]
            self.stdout.write(json.dumps({"ok": is_ok, "checks": checks}, indent=2))
        else:
            for finding in findings:
                self._write(finding)
        self.stdout.flush()
        if not is_ok:
            sys.exit(1)

    def _write(self, finding: Finding) -> None:
        self.stdout.write(f"{finding.status:8} {finding.name}: {finding.message}")
        if finding.fix:
            self.stdout.write(f"{'':8} → {finding.fix}")
