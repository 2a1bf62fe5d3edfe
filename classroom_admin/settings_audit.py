"""Settings of the audit log: the key that signs it, and the copy for a syslog server."""

import os

from django.core.exceptions import ImproperlyConfigured

from classroom_admin.environment import variables
from classroom_admin.runtime import data_folder
from classroom_admin.runtime.kept_keys import kept_key

_env = variables.read(os.environ)


def _audit_keys() -> list[str]:
    """Return the keys, the newest first.

    Without AUDIT_KEY they come from SECRET_KEY, which is the same on every machine, or from a file.
    """
    if _env.AUDIT_KEY:
        return list(_env.AUDIT_KEY)
    if _env.SECRET_KEY:
        return [_env.SECRET_KEY]
    path = _env.DATA_DIR / "audit_key"
    try:
        data_folder.make_private(_env.DATA_DIR)
        return [kept_key(path)]
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"The key of the audit log can't be read from {path}: {error}.") from error


AUDIT_KEYS = _audit_keys()
AUDIT_SYSLOG = _env.AUDIT_SYSLOG
