"""Register all places in the database with encrypted secrets, for `manage.py rotate_keys`."""

from typing import Final

from classroom_admin.common import encryption
from classroom_admin.privacy import erasure_ledger

FIELDS: Final = (
    ("accounts.SignOnProvider", "secret"),
    ("lti.SigningKey", "private_pem"),
    ("chat_targets.ChatTarget", "secret"),
    ("mfa.Authenticator", "data"),
    ("outgoing_webhooks.Endpoint", "secret"),
    ("outgoing_webhooks.Endpoint", "old_secret"),
    ("privacy.ErasureKey", "secret"),
    ("privacy.PersonJob", "secret"),
)
"""The model and the field of each place. The field contains what `encryption.encrypt` returned."""


def register() -> None:
    for model, field in FIELDS:
        encryption.register_field(model, field)
    encryption.register("erasures/ledger.jsonl", erasure_ledger.encrypt_key_again)
