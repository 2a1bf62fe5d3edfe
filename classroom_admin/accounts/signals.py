"""Signals of events that the audit log records. The receivers are in `actions.sign_ins`."""

from typing import Final

from django.dispatch import Signal

link_mailed: Final = Signal()
"""A person who forgot the password was sent a link. Argument: `user`."""
password_chosen: Final = Signal()
"""A person chose a password with a link. Argument: `user`."""
sessions_ended: Final = Signal()
"""A person ended sessions of their own. Arguments: `user`, `devices` (a description of each session)."""
