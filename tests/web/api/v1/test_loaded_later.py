"""A web process loads the API, which needs memory, for the first request that needs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[4]
PROGRAM: Final = """
import sys
from classroom_admin import asgi
from django.urls import get_resolver, resolve, reverse
get_resolver()._populate()
addresses = [reverse("api_docs"), reverse("live:classes")]
print([name for name in sys.modules if name.split(".")[0] == "ninja"], addresses)
print(resolve("/api/v1/me").view_name, reverse("api_v1:class", args=["abc"]), "ninja" in sys.modules)
"""


def test_web_process_loads_the_api_for_the_first_request_that_needs_it(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
    env |= {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "classroom_admin.settings"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    before, after = done.stdout.splitlines()[-2:]
    assert before == "[] ['/api/v1/docs', '/']"
    assert after == "api_v1:me /api/v1/classes/abc True"
