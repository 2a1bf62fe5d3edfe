"""Refuse passwords that the school has put on a list."""

from functools import cached_property
from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from classroom_admin.accounts.models import User


class DeniedPasswords:
    """A validator that refuses the passwords in a text file, one per line. Case does not matter."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    @cached_property
    def _denied(self) -> frozenset[str]:
        lines = self._path.read_text("utf-8").splitlines()
        return frozenset(line.strip().lower() for line in lines if line.strip())

    def validate(self, password: str, user: User | None = None) -> None:
        if password.strip().lower() in self._denied:
            raise ValidationError(_("Your school does not allow this password. Choose another one."))

    def get_help_text(self) -> str:
        return _("Your password can’t be on your school’s list of refused passwords.")
