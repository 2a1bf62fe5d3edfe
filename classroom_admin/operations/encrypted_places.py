"""Register all places in the database with encrypted secrets, for `manage.py rotate_keys`."""

from typing import Final

from classroom_admin.common import encryption

FIELDS: Final = (("accounts.SignOnProvider", "secret"), ("mfa.Authenticator", "data"))
"""The model and the field of each place. The field contains what `encryption.encrypt` returned."""


def register() -> None:
    for model, field in FIELDS:
        encryption.register_field(model, field)
