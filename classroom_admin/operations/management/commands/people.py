"""``manage.py people FILE``: import a file with teachers, administrators and other people who sign in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classroom_admin.accounts.models import User
from classroom_admin.actions.account_files import saving
from classroom_admin.actions.account_files.comparison import Change, Plan
from classroom_admin.actions.account_files.rows import AccountContents, read_accounts
from classroom_admin.operations.file_questions import (
    Asked,
    columns_as_text,
    mapping_of,
    number_of_people,
    problem_as_question,
    problems_said,
)
from classroom_admin.rooms.class_list_files.cells import Question
from classroom_admin.rooms.class_list_files.contents import Options
from classroom_admin.rooms.class_list_files.header_words import ACCOUNT_COLUMNS


class Command(BaseCommand):
    help = (
        "Import a CSV, TSV, XLSX, XLS or ODS file with accounts: name, email, role, active and cloud user "
        "ids. People are matched by email address; people who are not in the file stay as they are. If "
        "something must be asked first, nothing is written and the exit code is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the file")
        parser.add_argument(
            "--as",
            default="",
            dest="actor",
            help="email of the importing administrator (default: the first)",
        )
        parser.add_argument(
            "--role",
            default=User.Role.TEACHER.value,
            choices=User.Role.values,
            help="the role of new people for whom the file names none (default: teacher)",
        )
        parser.add_argument("--invite", action="store_true", help="mail a link to each new person")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and write nothing")
        parser.add_argument(
            "--mapping", default="{}",
            help='JSON, for example {"Nr.": "ignore"}: what columns hold, by header: '
            "name, first, last, email, role, user_id, active or ignore",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        with problems_said(self.stdout, as_json=options["as_json"]):
            contents, plan = import_file(options)
        if options["as_json"]:
            self.stdout.write(json.dumps(as_json(contents, plan), ensure_ascii=False))
        else:
            self.stdout.write(as_text(contents, plan, is_done=not options["dry_run"]))


def import_file(options: dict[str, Any]) -> tuple[AccountContents, Plan]:
    """Import the file. Return its contents and what was done. Raise ``Asked`` if the user must decide."""
    actor = _actor(options["actor"])
    contents = read_accounts(
        Path(options["file"]).read_bytes(), Options(mapping=mapping_of(options["mapping"], ACCOUNT_COLUMNS))
    )
    if contents.question:
        raise Asked(contents.question)
    if contents.problems:
        raise Asked(problem_as_question(contents))
    rows, role = contents.rows, options["role"]
    plan = saving.plan_of(actor=actor, rows=rows, new_role=role)
    if plan.problems:
        first, more = plan.problems[0], len(plan.problems) - 1
        text = f"{first} ({more} more problems)" if more else str(first)
        raise Asked(Question(about="file", line=first.line, text=text))
    if not options["dry_run"]:
        plan = saving.import_accounts(actor=actor, rows=rows, new_role=role, invite=options["invite"])
    return contents, plan


def as_json(contents: AccountContents, plan: Plan) -> dict[str, Any]:
    """Return the contents of the file and what was done with each person as a JSON value."""
    return {
        "encoding": contents.encoding or None,
        "mapping": dict(contents.mapping),
        "ignored": contents.ignored,
        "people": [_person(change) for change in plan.changes],
        "warnings": [str(warning) for warning in contents.warnings],
        **plan.counts,
    }


def as_text(contents: AccountContents, plan: Plan, *, is_done: bool) -> str:
    """Return a summary of the import and its warnings as text."""
    counts = ", ".join(f"{count} {name}" for name, count in plan.counts.items())
    done = "imported" if is_done else "read, nothing was written"
    lines = [
        f"{number_of_people(len(plan.changes))} {done}: {counts}.",
        columns_as_text(contents.mapping, contents.ignored),
    ]
    return "\n".join([*lines, *map(str, contents.warnings)])


def _person(change: Change) -> dict[str, Any]:
    account = change.after
    return {
        "name": account.name,
        "email": account.email,
        "role": account.role,
        "user_ids": list(account.user_ids),
        "active": account.active,
        "done": change.what,
    }


def _actor(email: str) -> User:
    """Return the administrator in whose name the command works."""
    first = User.objects.filter(role=User.Role.ADMINISTRATOR, is_active=True).order_by("pk").first
    found = User.objects.with_address(email) if email else first()
    if found is None or not found.is_active or not found.is_administrator:
        wanted = f"with the email {email!r}" if email else "yet"
        raise CommandError(f"There is no active administrator {wanted}. Nothing was written.")
    return found
