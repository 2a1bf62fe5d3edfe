"""Settings of the test suite: the product's own, with a data folder that the run throws away."""

import os
import tempfile

os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="classroom-admin-tests-")
for name in [n for n in os.environ if n.startswith("AGORA_") or n in {"DATABASE_URL", "CELERY_BROKER_URL"}]:
    if not os.environ.get("TEST_KEEPS_SERVICES"):
        del os.environ[name]

from classroom_admin.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A file, not memory: threads, live servers and subprocesses of a test share it.
DATABASES["default"].setdefault("TEST", {})  # noqa: F405
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    DATABASES["default"]["TEST"]["NAME"] = f"{DATA_DIR}/test.sqlite3"  # noqa: F405
