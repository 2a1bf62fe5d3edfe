"""``manage.py send_test_mail ADDRESS``: send a mail, and say in words why it was not sent."""

from __future__ import annotations

from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from classroom_admin.accounts import mail
from classroom_admin.accounts.models import User
from classroom_admin.common import mail_problems
from classroom_admin.common.problem_texts import in_english


class Command(BaseCommand):
    help = (
        "Send a short mail to ADDRESS through EMAIL_URL, with the sender MAIL_FROM. If the mail server does "
        "not take it, say why and what to do. `doctor` checks the server without sending a mail."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="the email address of the recipient")

    def handle(self, *args: Any, **options: Any) -> None:
        address = options["address"]
        try:
            validate_email(address)
        except ValidationError:
            raise CommandError(f"{address} is not an email address.") from None
        if not mail.is_set_up():
            raise CommandError("No mail server is set. Set EMAIL_URL, and restart the dashboard.")
        message = mail.message(User(email=address), "test", {"sender": settings.DEFAULT_FROM_EMAIL})
        try:
            mail.deliver(message)
        except (SMTPException, OSError) as error:
            problem = mail_problems.problem_of(error)
            raise CommandError(f"{in_english(problem)} {mail_problems.FIXES[problem.code]}") from error
        where = mail_problems.place() if mail_problems.is_server() else "The folder of EMAIL_URL"
        self.stdout.write(f"{where} took the mail from {settings.DEFAULT_FROM_EMAIL} to {address}.")
