"""`manage.py rotate_keys`: a new secret key, while people stay signed in and addresses keep working."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import classroom_admin
from classroom_admin.common import encryption
from classroom_admin.runtime import data_folder, key_files
from tests import migrated
from tests.environment.test_variables import python

MAKE = """
import django, json
django.setup()
from allauth.mfa.models import Authenticator
from django.test import Client
from classroom_admin.accounts.models import CalendarFeed, User
from classroom_admin.common.encryption import encrypt
from classroom_admin.web.calendar.views import address_of
User.objects.create_user("admin@school.test", "x", role="administrator")  # closes the first-run page
user = User.objects.create_user("ana@school.test", "x")
Authenticator.objects.create(user=user, type="totp", data={"secret": encrypt("JBSWY3DP"), "kept": "as it is"})
browser = Client()
browser.force_login(user)
feed = CalendarFeed.objects.create(user=user, code="a code")
print(json.dumps({"session": browser.session.session_key, "feed": address_of(feed)}))
"""
LOOK = """
import django, json, sys
django.setup()
from urllib.parse import urlsplit
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import Client
from classroom_admin.common.encryption import Undecipherable, decrypt
made = json.loads(sys.argv[1])
browser = Client()
browser.cookies[settings.SESSION_COOKIE_NAME] = made["session"]
page = browser.get("/account/settings/")
data = Authenticator.objects.get().data
fallbacks, settings.SECRET_KEY_FALLBACKS = settings.SECRET_KEY_FALLBACKS, []
try:
    secret = decrypt(data["secret"])
except Undecipherable:
    secret = "undecipherable with the current key"
feed = Client().get(urlsplit(made["feed"]).path)
print(json.dumps({
    "signed_in": page.status_code == 200, "secret": secret, "kept": data["kept"],
    "feed": feed.status_code, "fallbacks": len(fallbacks), "session": browser.session.session_key,
}))
"""
NEEDED = {"ALLOWED_HOSTS": "testserver", "SECOND_FACTOR": "nobody"}
LONG = "rF7x-qLm2_Zt9vKc4wPs8yHbN3dGjE6a"


class Installation:
    """An installation in a folder of its own, seen by one process after another."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder, self.env = folder, NEEDED | env
        migrated.copy_into(folder)
        self.made = self._run("-c", MAKE)

    def look(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._run("-c", LOOK, self.made))
        # The first visit after a rotation gives the session a new key, in the cookie of the answer.
        self.made = json.dumps(json.loads(self.made) | {"session": found["session"]})
        return found

    def rotate(self, *options: str) -> str:
        return self._run("manage.py", "rotate_keys", *options)

    def _run(self, *arguments: str) -> str:
        done = python(*arguments, DATA_DIR=str(self.folder), **self.env)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


GOOD = {"signed_in": True, "secret": "JBSWY3DP", "kept": "as it is", "feed": 200}


def test_people_secrets_and_addresses_survive_a_rotation(tmp_path: Path) -> None:
    here = Installation(tmp_path)
    (first,) = key_files.read(tmp_path / "secret_key")
    found = here.look()
    assert found | GOOD == found
    said = here.rotate()
    assert "mfa.Authenticator.data: 1 encrypted again" in said
    assert first not in said
    second, kept = key_files.read(tmp_path / "secret_key")
    assert (kept, second == first) == (first, False)
    found = here.look()
    assert found | GOOD == found
    assert found["fallbacks"] == 1
    assert "0 encrypted again" in here.rotate("--forget-old")
    assert key_files.read(tmp_path / "secret_key") == [second]
    found = here.look()
    assert found | GOOD == found
    assert found["fallbacks"] == 0


def test_addresses_from_before_the_upgrade_survive_two_rotations(tmp_path: Path) -> None:
    (tmp_path / "address_key").write_text(LONG)  # signs as the secret key did before the upgrade
    (tmp_path / "secret_key").write_text(LONG)
    here = Installation(tmp_path)
    (tmp_path / "address_key").unlink()
    here.rotate()
    here.rotate()
    here.rotate("--forget-old")
    found = here.look()
    assert (found["feed"], found["secret"], found["fallbacks"]) == (200, "JBSWY3DP", 0)
    assert len(key_files.read(tmp_path / "secret_key")) == 1


def test_key_of_the_environment_is_replaced_by_hand(tmp_path: Path) -> None:
    here = Installation(tmp_path, SECRET_KEY=LONG)
    said = here.rotate()
    assert "SECRET_KEY comes from the environment" in said
    assert LONG not in said
    here.env |= {"SECRET_KEY": f"{LONG}2", "SECRET_KEY_FALLBACKS": LONG, "ADDRESS_KEY": LONG}
    assert here.look()["secret"].startswith("undecipherable")
    assert "1 encrypted again" in here.rotate()
    assert here.look()["signed_in"]
    del here.env["SECRET_KEY_FALLBACKS"]
    found = here.look()
    assert (found["secret"], found["feed"], found["signed_in"]) == ("JBSWY3DP", 200, True)
    assert not (tmp_path / "secret_key").exists()


def test_running_dashboard_keeps_its_keys(tmp_path: Path) -> None:
    here = Installation(tmp_path)
    before = key_files.read(tmp_path / "secret_key")
    with data_folder.hold(tmp_path):
        done = python("manage.py", "rotate_keys", DATA_DIR=str(tmp_path), **here.env)
    assert done.returncode == 1
    assert "Already running" in done.stderr
    assert key_files.read(tmp_path / "secret_key") == before


USES = re.compile(r"\bencrypt\(|as_secret\(")
KNOWN = {
    "common/encryption.py",
    "accounts/mfa_adapter.py",
    "actions/sign_on_providers.py",
    "integrations/chat_targets/actions.py",
    "integrations/lti/keys.py",
    "integrations/webhooks/actions.py",
    "privacy/erasure_ledger.py",
    "privacy/person.py",
    "privacy/person_jobs.py",
}
"""Modules that encrypt, and whose secrets `operations/encrypted_places.py` registers."""


def test_every_module_that_encrypts_is_known() -> None:
    folder = Path(classroom_admin.__file__).parent
    found = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if "simulator" not in path.parts and USES.search(path.read_text())
    }
    assert found == KNOWN, "register the field in operations/encrypted_places.py"


@pytest.mark.parametrize("text", ["", "plain", "gAAAAAB", "gAAAAAé", "x" * 200])
def test_text_that_is_not_encrypted_does_not_change(text: str) -> None:
    assert encryption.renewed(text) == text
