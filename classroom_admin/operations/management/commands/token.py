"""``manage.py token EMAIL``: print a new API token of an account."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classroom_admin.accounts import api_tokens
from classroom_admin.accounts.models import User
from classroom_admin.actions.api_tokens import create_token
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common.problem_texts import in_english


class Command(BaseCommand):
    help = (
        "Create an API token of the account EMAIL. Standard output is the token alone. It is shown only "
        "once. The audit log records that it was created."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the email address of an active account")
        parser.add_argument(
            "--scopes", default=api_tokens.READ, help="read, write, or read,write (default: read)"
        )
        parser.add_argument(
            "--days",
            type=int,
            default=api_tokens.USUAL_DAYS,
            help=f"how many days the token is valid, 1 to {api_tokens.MOST_DAYS} "
            f"(default: {api_tokens.USUAL_DAYS})",
        )

    def handle(self, *args: Any, email: str, scopes: str, days: int, **options: Any) -> None:
        person = User.objects.with_address(email.strip().replace("\x00", ""))
        if person is None:
            raise CommandError(f"No account has the email address {email!r}. Check the address.")
        chosen = [one.strip() for one in scopes.split(",") if one.strip()]
        unknown = sorted(set(chosen) - set(api_tokens.SCOPES))
        if unknown or not chosen:
            raise CommandError(
                f"Unknown scope: {', '.join(unknown) or 'none given'}. Choose read, write, or read,write."
            )
        try:
            token, secret = create_token(
                person=person, name="manage.py token", scopes=chosen, days=days, actor=None
            )
        except ActionRefused as refusal:
            raise CommandError(in_english(refusal.problem)) from refusal
        self.stdout.write(secret)
        self.stderr.write(
            f"The token of {person.email} may {' and '.join(token.scope_names)} until "
            f"{token.expires_at:%Y-%m-%d %H:%M} UTC. It is shown only once."
        )
