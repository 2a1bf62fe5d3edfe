"""What the processes of `manage.py serve` have in common."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
ONLY_SOME_WORK: Final = (
    "apprise", "boto3", "celery.bin", "icalendar", "psycopg", "python_calamine", "qrcode", "storages",
    "uvicorn", "xlsxwriter",
)  # fmt: skip
"""Libraries that only some work needs, and that the part which does this work imports itself."""
PROGRAM: Final = f"""
import sys, django
django.setup()
from classroom_admin.runtime.installation import warm_up
warm_up()
print([name for name in {ONLY_SOME_WORK!r} if name in sys.modules])
"""


def test_processes_of_serve_do_not_load_libraries_that_only_some_work_needs(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
    env |= {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "classroom_admin.settings"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
