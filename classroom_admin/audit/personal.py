"""Erase personal data from the audit log. The entries stay, and their chain stays valid."""

from collections.abc import Collection
from typing import Final

from django.contrib.auth.base_user import AbstractBaseUser

ERASED: Final = "[erased]"
"""The text that replaces a name, id or address that was erased."""


def erase(
    user_ids: Collection[str],
    *,
    account: AbstractBaseUser | None = None,
    emails: Collection[str] = (),
    names: Collection[str] = (),
    by: AbstractBaseUser | None = None,
) -> int:
    """Replace what identifies a person in all entries and steps. Return how many entries changed.

    `user_ids` are cloud user ids. `account` is the person's account: its entries lose the name, the client
    address and the browser, but keep the reference to the account, which the caller makes anonymous. Each
    name in `names` is replaced wherever it occurs as a whole word, so pass full names only. The erasure is
    recorded as an action of `by`. A repeated call changes nothing and returns 0.
    """
    raise NotImplementedError
