"""The learning platform of `docs/lti_platform.py`, and a browser that goes through its launches."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from django.test import Client

from classroom_admin.integrations.lti import keys
from classroom_admin.integrations.lti.models import Platform

DOCS = Path(__file__).resolve().parents[1] / "docs"


def document(name: str) -> Any:
    """Import a script of the documentation."""
    if name not in sys.modules:
        spec = spec_from_file_location(name, DOCS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


document("lti_pages")  # the next one imports it
lms = document("lti_platform")
TOP = {"HTTP_SEC_FETCH_DEST": "document"}
FRAME = {"HTTP_SEC_FETCH_DEST": "iframe"}


@dataclass
class Moodle:
    """A running platform, its row in the dashboard, and what it knows of the dashboard's keys."""

    server: Any
    published: dict[str, Any] = field(default_factory=dict)

    def row(self, **columns: Any) -> Platform:
        """Register the platform."""
        self.refresh_keys()
        url = self.server.url
        values = {
            "label": "Moodle", "issuer": url, "client_id": self.server.client_id,
            "deployment_ids": self.server.deployment_id, "login_url": f"{url}/auth",
            "token_url": f"{url}/token", "jwks_url": f"{url}/jwks", "create_accounts": True, **columns,
        }  # fmt: skip
        return Platform.objects.create(**values)

    def refresh_keys(self) -> None:
        """Let the platform read the dashboard's keys again. It can't see the database of a test itself."""
        self.published.clear()
        self.published.update(keys.published())

    def begin(self, client: Client, **more: str) -> tuple[str, str]:
        """Begin a login. Return nonce and state."""
        asked = self.server.login_request(target="http://127.0.0.1:8000/lti/launch/", hint="1") | more
        answer = client.post("/lti/login/", asked)
        assert answer.status_code == 302, answer.content.decode()
        client.cookies.load(answer.headers["Set-Cookie"])  # Django's client reads only its own cookies
        return self.server.nonce_and_state(answer["Location"])

    def launch(
        self,
        client: Client,
        person: Any,
        message: dict[str, Any],
        where: dict[str, str] = TOP,
        **changed: Any,
    ) -> Any:
        """Go through a whole launch. Return the dashboard's answer. `changed` are claims."""
        nonce, state = self.begin(client)
        claims = self.server.claims(person, nonce=nonce, **message) | changed
        claims = {name: value for name, value in claims.items() if value is not None}
        return self.send(client, state, self.server.signed(claims), where)

    @staticmethod
    def send(client: Client, state: str, token: str, where: dict[str, str] = TOP) -> Any:
        return client.post("/lti/launch/", {"state": state, "id_token": token}, **where)


@contextmanager
def moodle() -> Iterator[Moodle]:
    """Run a platform of its own."""
    published: dict[str, Any] = {}
    with lms.running(lambda _address: published) as server:
        yield Moodle(server, published)
