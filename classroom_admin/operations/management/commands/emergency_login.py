"""``manage.py emergency_login EMAIL``: print a link with which an administrator signs in once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classroom_admin.actions import emergency
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common.problem_texts import in_english


class Command(BaseCommand):
    help = (
        "Print a link with which the administrator EMAIL signs in once, within 15 minutes, without a "
        "password and without school sign-on. The audit log records that the link was made and who used "
        "it. Standard output is the link alone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the email address of an active administrator")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            link = emergency.make_link(options["email"])
        except ActionRefused as refusal:
            raise CommandError(in_english(refusal.problem)) from refusal
        self.stdout.write(link)
        self.stderr.write(
            f"The link works once, for {emergency.VALID_MINUTES} minutes. Anyone who has it can sign in as "
            f"{options['email']}: open it yourself, and do not send it by mail or chat."
        )
