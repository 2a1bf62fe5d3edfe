"""Settings of the test suite: the product's own, with a data folder that the run throws away.

Each worker of a parallel run (pytest-xdist) has a folder, a database and a broker of its own.
"""

import atexit
import contextlib
import fcntl
import os
import re
import shutil
import tempfile
import time
from pathlib import Path

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
PREFIX = "classroom-admin-tests-"


def _remove_folders_of_killed_runs() -> None:
    """A living run holds the lock in its folder."""
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/lock"):
        with contextlib.suppress(OSError), lock.open() as held:
            if time.time() - lock.stat().st_mtime > 60:  # a new folder may not be locked yet
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)


if "TEST_RUN_FOLDER" not in os.environ:
    _remove_folders_of_killed_runs()
_folder = os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix=PREFIX)
# open as long as this process lives
fcntl.flock(os.open(f"{_folder}/lock", os.O_CREAT | os.O_WRONLY, 0o600), fcntl.LOCK_EX)
os.environ.setdefault(
    "TEST_RUN_FOLDER", _folder
)  # the workers of a run share the one of the process that starts them
Path(_folder, "static").mkdir()  # WhiteNoise warns where STATIC_ROOT is missing
_of_process = os.getpid()


@atexit.register
def _throw_away() -> None:
    if os.getpid() == _of_process:
        shutil.rmtree(_folder, ignore_errors=True)


if not os.environ.get("TEST_KEEPS_SERVICES"):
    for name in ("DATABASE_URL", "CELERY_BROKER_URL"):
        os.environ.pop(name, None)
elif broker := os.environ.get("CELERY_BROKER_URL"):
    # Redis has 16 numbered databases: what one worker's tests send, another's must not take.
    number = int(re.sub(r"\D", "", WORKER) or -1) + 1
    os.environ["CELERY_BROKER_URL"] = re.sub(r"/\d+$", f"/{number % 16}", broker)
for name in [n for n in os.environ if n.startswith("AGORA_")]:
    del os.environ[name]
os.environ["SECOND_FACTOR"] = "nobody"  # here and in the processes that tests start
os.environ["DISK_RESERVE_MB"] = "0"  # the tests need little space, and should not depend on how much there is
os.environ["REAUTHENTICATION_MINUTES"] = "600"  # the browser tests sign in once

from classroom_admin.settings_with_simulator import *  # noqa: E402, F403
from tests.sqlite import without_waiting_for_the_disk  # noqa: E402

# Each client of a test loads the middleware, and WhiteNoise would read every static file's dates for it.
WHITENOISE_AUTOREFRESH = True
FIRST_RUN = False  # most tests have no administrator; those of the first-run page switch it on
ACCESS_LOG = False  # the servers of tests would fill the output
LOGGING["handlers"]["console"]["window_s"] = 0.0  # noqa: F405 (no thread that counts outlives a test)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A file, not memory: threads, live servers and subprocesses of a test share it.
DATABASES["default"].setdefault("TEST", {})  # noqa: F405
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    DATABASES["default"]["TEST"]["NAME"] = f"{DATA_DIR}/test.sqlite3"  # noqa: F405
    DATABASES["default"] = without_waiting_for_the_disk(DATABASES["default"])  # noqa: F405
