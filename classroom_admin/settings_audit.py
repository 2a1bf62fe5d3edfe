"""Settings of the audit log: the key that signs it, and the copy for a syslog server."""

import os

from django.core.exceptions import ImproperlyConfigured

from classroom_admin.common import secret_values
from classroom_admin.environment import variables
from classroom_admin.runtime import data_folder, key_files
from classroom_admin.settings_data import problems_in_words

_env = variables.read(os.environ)


def _audit_keys() -> list[str]:
    """Return the keys, the newest first.

    Without AUDIT_KEY they come from SECRET_KEY, which is the same on every machine, or from a file.
    """
    if _env.AUDIT_KEY:
        return list(_env.AUDIT_KEY)
    if _env.SECRET_KEY:
        return [_env.SECRET_KEY, *_env.SECRET_KEY_FALLBACKS]
    path = _env.DATA_DIR / key_files.AUDIT_KEY
    with problems_in_words(_env.DATA_DIR):
        data_folder.make_private(_env.DATA_DIR)
    try:
        return key_files.read_or_create(path)
    except (OSError, key_files.UnusableKeyFile) as error:
        raise ImproperlyConfigured(f"The key of the audit log can't be used: {error}") from error


AUDIT_KEYS = _audit_keys()
secret_values.remember(AUDIT_KEYS)
AUDIT_SYSLOG = _env.AUDIT_SYSLOG
