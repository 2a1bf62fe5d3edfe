"""The settings about keys: which keys are in use, and how secrets stay out of error pages and logs."""

import os
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from classroom_admin.common import secret_values
from classroom_admin.environment import safety, variables
from classroom_admin.environment.variables import Environment
from classroom_admin.runtime import data_folder, key_files
from classroom_admin.settings_data import problems_in_words


def require_safe(env: Environment) -> None:
    """Raise ImproperlyConfigured if a value is not safe."""
    if wrong := safety.problems(env):
        raise ImproperlyConfigured("\n".join(wrong))


def _keys(env: Environment) -> tuple[str, list[str], list[str]]:
    """Return SECRET_KEY, its fallbacks and the keys of addresses.

    Without a variable, the key is in a file of DATA_DIR, which is created at the first start. An installation
    whose addresses were signed with the secret key keeps this key as an older key of addresses.
    """
    secret_file, address_file = env.DATA_DIR / key_files.SECRET_KEY, env.DATA_DIR / key_files.ADDRESS_KEY
    given = list(env.SECRET_KEY_FALLBACKS)
    try:
        if env.SECRET_KEY:
            secret = [env.SECRET_KEY, *given]
        else:
            is_new = not secret_file.exists()
            with problems_in_words(env.DATA_DIR):
                data_folder.make_private(env.DATA_DIR)
            secret = [*key_files.read_or_create(secret_file), *given]
            if not env.ADDRESS_KEY:
                key_files.read_or_create(address_file, older=() if is_new else secret)
        if env.ADDRESS_KEY:
            address = [env.ADDRESS_KEY]
        else:
            address = key_files.read(address_file) if address_file.exists() else []
    except key_files.UnusableKeyFile as error:
        raise ImproperlyConfigured(str(error)) from error
    return secret[0], secret[1:], list(dict.fromkeys([*address, *secret]))


def _secrets_of(env: Environment) -> list[str]:
    """Return the values of all secret variables, and the passwords in addresses."""
    found: list[str] = []
    for name, field in Environment.model_fields.items():
        text = os.environ.get(name, "")
        extra: Any = field.json_schema_extra
        if not text or field.repr:
            continue
        if extra["literal"]:
            value = getattr(env, name)
            found += value if isinstance(value, tuple) else [str(value)]
            continue
        for address in variables.plain(text).split(";"):
            password = urlsplit(address.replace("#", "%23")).netloc.rpartition("@")[0].partition(":")[2]
            found += [address, password, unquote(password)] if password else []
    return found


_env = variables.read(os.environ)
require_safe(_env)
SECRET_KEY, SECRET_KEY_FALLBACKS, ADDRESS_KEYS = _keys(_env)
"""The first of ADDRESS_KEYS signs addresses of files and calendars. All of them are accepted."""
secret_values.remember([SECRET_KEY, *SECRET_KEY_FALLBACKS, *ADDRESS_KEYS, *_secrets_of(_env)])
secret_values.install_hooks()

DEFAULT_EXCEPTION_REPORTER = "classroom_admin.common.secret_values.Reporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "classroom_admin.common.secret_values.ReporterFilter"
