"""``manage.py rotate_keys``: replace the secret key, and encrypt stored secrets again."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from classroom_admin.common import encryption, secret_values
from classroom_admin.environment.safety import GENERATE
from classroom_admin.environment.variables import read
from classroom_admin.runtime import data_folder, key_files


class Command(BaseCommand):
    help = (
        "Create a new secret key in DATA_DIR, keep the old one as a fallback, and encrypt stored secrets "
        "again. If SECRET_KEY is set in the environment, only encrypt again, and say what to set. "
        "Stop the dashboard before."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--forget-old",
            action="store_true",
            help="create no new key; encrypt with the current key, then delete the old ones in DATA_DIR",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.DATA_DIR / key_files.SECRET_KEY
        in_environment = bool(read(os.environ).SECRET_KEY)
        try:
            with ExitStack() as lock:
                lock.enter_context(data_folder.hold(settings.DATA_DIR))
                if not in_environment and not options["forget_old"]:
                    self._make_key(path)
                self._encrypt_again()
                if not in_environment and options["forget_old"]:
                    key_files.replace(path, [settings.SECRET_KEY])
        except data_folder.AlreadyRunning as error:
            raise CommandError(f"{error} The keys did not change.") from error
        except (key_files.UnusableKeyFile, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_next_step(in_environment=in_environment, forget_old=options["forget_old"]))

    def _make_key(self, path: Path) -> None:
        """Use a new key in this process and in the file. The old key stays in the file as a fallback."""
        keys = [key_files.new_key(), *key_files.read(path)]
        secret_values.remember(keys)
        key_files.replace(path, keys)
        given = read(os.environ).SECRET_KEY_FALLBACKS
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = keys[0], [*keys[1:], *given]
        self.stdout.write(f"{path} has a new secret key. People stay signed in.")

    def _encrypt_again(self) -> None:
        for name, count in encryption.encrypt_all_again().items():
            self.stdout.write(f"{name}: {count} encrypted again")


def _next_step(*, in_environment: bool, forget_old: bool) -> str:
    if in_environment and forget_old:
        return "Remove SECRET_KEY_FALLBACKS from the environment of every process, then start the dashboard."
    if in_environment:
        return (
            "SECRET_KEY comes from the environment, so it did not change. To replace it: add its value to "
            "SECRET_KEY_FALLBACKS, set ADDRESS_KEY to its value if ADDRESS_KEY is not set, and set "
            f"SECRET_KEY to a new value ({GENERATE}) for every process. Then run this command again."
        )
    if forget_old:
        return "The old secret keys are deleted. Sessions that were last used before the rotation end."
    return (
        "Start the dashboard. When everyone has used it once, run manage.py rotate_keys --forget-old to "
        "delete the old key."
    )
