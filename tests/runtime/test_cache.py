"""CACHE_URL: one cache for several web processes, so that the limits on signing in hold for all together."""

import os
from pathlib import Path

from tests import quick_python

ROOT = Path(__file__).resolve().parents[2]


def in_a_process(code: str, data_dir: Path, **env: str) -> str:
    environment = os.environ | {"DATA_DIR": str(data_dir), "SECRET_KEY": "a-key-of-a-test-" * 3, **env}
    environment["DJANGO_SETTINGS_MODULE"] = "classroom_admin.settings"
    code = f"import django; django.setup(); from django.core.cache import cache; {code}"
    done = quick_python.run("-c", code, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_processes_share_counts_through_the_named_cache(tmp_path):
    cache_url = f"filecache://{tmp_path}/cache"
    if broker := os.environ.get("CELERY_BROKER_URL"):
        cache_url = broker.replace("redis://", "rediscache://")
    in_a_process("cache.set('tries', 3)", tmp_path, CACHE_URL=cache_url)
    assert in_a_process("print(cache.get('tries'))", tmp_path, CACHE_URL=cache_url) == "3"
    assert in_a_process("print(cache.get('tries'))", tmp_path, CACHE_URL="") == "None"
