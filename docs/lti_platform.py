"""A small learning platform for trials and tests, written from the LTI 1.3 Advantage standard.

It registers tools, sends launches, and offers keys, access tokens, members in pages, line items and scores.
It checks what a tool sends as strictly as the standard says. It listens on 127.0.0.1 only, and forgets
everything at its end.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
import lti_pages
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
SCOPE = "https://purl.imsglobal.org/spec/"
SCOPES = {
    "members": SCOPE + "lti-nrps/scope/contextmembership.readonly",
    "lineitem": SCOPE + "lti-ags/scope/lineitem",
    "score": SCOPE + "lti-ags/scope/score",
}
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JSON = "application/json"


class Wrong(Exception):
    """The error if a tool does not keep the standard."""


def need(condition: object, why: str) -> None:
    if not condition:
        raise Wrong(why)


@dataclass
class Answer:
    """The answer to a request."""

    body: Any = None
    status: int = 200
    type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Person:
    """A member of the course."""

    sub: str
    name: str
    email: str = ""
    role: str = "Learner"
    status: str = "Active"


class Platform:
    """The platform. `read_keys` returns the tool's key set from its address."""

    def __init__(self, read_keys: Callable[[str], dict[str, Any]]) -> None:
        self.read_keys = read_keys
        self.url = ""
        self.client_id = "tool-1"
        self.deployment_id = "deployment-1"
        self.tool: dict[str, Any] = {}
        self.people: list[Person] = []
        self.page_size = 2
        self.line_items: list[dict[str, Any]] = []
        self.scores: list[dict[str, Any]] = []
        self.custom: dict[str, dict[str, str]] = {}
        self.requests: list[str] = []
        self.fail_next: list[int] = []
        self.registration_token = uuid.uuid4().hex
        self._tokens: dict[str, set[str]] = {}
        self._used: set[str] = set()
        self.kid = ""
        self.new_key()

    def new_key(self) -> None:
        """Sign with a new key from now on. The old public key is no longer published."""
        self.kid = uuid.uuid4().hex
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
        self.public = {**public, "kid": self.kid, "alg": "RS256", "use": "sig"}

    # --- launches ---------------------------------------------------------------------------
    def login_request(self, *, target: str, hint: str) -> dict[str, str]:
        """Return the parameters of a login initiation. `hint` says who launches what."""
        return {
            "iss": self.url,
            "client_id": self.client_id,
            "login_hint": hint,
            "lti_message_hint": "hint",
            "lti_deployment_id": self.deployment_id,
            "target_link_uri": target,
        }

    def nonce_and_state(self, address: str) -> tuple[str, str]:
        """Check the authentication request to which the tool sent the browser. Return its nonce and state."""
        parts = urlsplit(address)
        asked = dict(parse_qsl(parts.query))
        need(address.startswith(f"{self.url}/auth?"), f"another authentication address: {address}")
        wanted = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": self.client_id,
        }
        for name, value in wanted.items():
            need(asked.get(name) == value, f"{name} is {asked.get(name)!r} instead of {value!r}")
        redirect = asked.get("redirect_uri")
        need(redirect in self.tool.get("redirect_uris", [redirect]), f"{redirect} is not registered")
        need(asked.get("login_hint") and asked.get("nonce") and asked.get("state"), "a parameter is missing")
        return asked["nonce"], asked["state"]

    def claims(self, person: Person, *, nonce: str, **more: Any) -> dict[str, Any]:
        """Return the claims that every message has. `more` replaces some; the value None removes one."""
        now = int(time.time())
        found = {
            "iss": self.url,
            "aud": self.client_id,
            "sub": person.sub,
            "name": person.name,
            "email": person.email,
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
            CLAIM + "version": "1.3.0",
            CLAIM + "deployment_id": self.deployment_id,
            CLAIM + "roles": [ROLE + person.role],
            CLAIM + "context": {"id": "course-1", "title": "Biology 7b"},
            SCOPE + "lti-nrps/claim/namesroleservice": {
                "context_memberships_url": f"{self.url}/members",
                "service_versions": ["2.0"],
            },
            **more,
        }
        return {name: value for name, value in found.items() if value is not None}

    def resource(self, link_id: str, *, custom: dict[str, str] | None = None) -> dict[str, Any]:
        """Return the claims of a launch of an activity."""
        return {
            CLAIM + "message_type": "LtiResourceLinkRequest",
            CLAIM + "target_link_uri": "https://tool.example/launch",
            CLAIM + "resource_link": {"id": link_id, "title": "Cells"},
            CLAIM + "custom": custom or {},
            SCOPE + "lti-ags/claim/endpoint": {
                "scope": [SCOPES["lineitem"], SCOPES["score"]],
                "lineitems": f"{self.url}/lineitems?type_id=7",
            },
        }

    def deep_link(self, data: str = "opaque") -> dict[str, Any]:
        """Return the claims of a deep linking request."""
        return {
            CLAIM + "message_type": "LtiDeepLinkingRequest",
            DL + "deep_linking_settings": {
                "deep_link_return_url": f"{self.url}/deep-links",
                "accept_types": ["ltiResourceLink"],
                "accept_presentation_document_targets": ["window", "iframe"],
                "data": data,
            },
        }

    def signed(self, claims: dict[str, Any]) -> str:
        """Return the claims as an ID token."""
        return jwt.encode(claims, self.private, algorithm="RS256", headers={"kid": self.kid})

    def content_items(self, token: str) -> list[dict[str, Any]]:
        """Check a deep linking response. Return its items."""
        claims = self._verified(token, audience=self.url)
        need(claims["iss"] == self.client_id, "iss must be the client id")
        need(claims.get(CLAIM + "message_type") == "LtiDeepLinkingResponse", "message_type")
        need(claims.get(CLAIM + "version") == "1.3.0", "version")
        need(claims.get(CLAIM + "deployment_id") == self.deployment_id, "deployment_id")
        need(claims.get(DL + "data") == "opaque", "data must come back unchanged")
        need(claims.get("nonce"), "nonce")
        items: list[dict[str, Any]] = claims[DL + "content_items"]
        return items

    def _verified(self, token: str, *, audience: str) -> dict[str, Any]:
        keys = self.read_keys(self.tool.get("jwks_uri", ""))["keys"]
        kid = jwt.get_unverified_header(token)["kid"]
        found = [one for one in keys if one["kid"] == kid]
        need(len(found) == 1, "no published key has this kid")
        need(not {"d", "p", "q"} & set(found[0]), "a private key is published")
        claims: dict[str, Any] = jwt.decode(
            token, jwt.PyJWK(found[0]), algorithms=["RS256"], audience=audience,
            options={"require": ["exp", "iat", "iss", "aud"]},
        )  # fmt: skip
        return claims

    # --- services ---------------------------------------------------------------------------
    def answer(
        self, method: str, path: str, query: dict[str, list[str]], body: bytes, headers: Any
    ) -> Answer:
        """Return the answer to a request of the tool."""
        self.requests.append(f"{method} {path}")
        if self.fail_next and not path.startswith(("/jwks", "/token")):
            return Answer({"error": "later"}, status=self.fail_next.pop(0))
        if page := lti_pages.page(self, path, query, body):
            return Answer(page, type="text/html; charset=utf-8")
        if path == "/openid-configuration":
            return Answer(self._configuration())
        if path == "/jwks":
            return Answer({"keys": [self.public]})
        if path == "/register":
            return self._register(body, headers)
        if path == "/token":
            return self._token(dict(parse_qsl(body.decode())))
        if path == "/members":
            self._need_scope(headers, "members")
            return self._members(int(query.get("page", ["0"])[0]))
        if path == "/lineitems":
            self._need_scope(headers, "lineitem")
            return self._line_items(method, query, body, headers)
        if path.startswith("/lineitems/") and path.endswith("/scores"):
            self._need_scope(headers, "score")
            return self._score(path, query, body, headers)
        return Answer({"error": "unknown address"}, status=404)

    def _configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/auth",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "registration_endpoint": f"{self.url}/register",
            SCOPE + "lti-platform-configuration": {"product_family_code": "moodle", "version": "4.5"},
        }

    def _register(self, body: bytes, headers: Any) -> Answer:
        need(headers.get("Authorization") == f"Bearer {self.registration_token}", "the registration token")
        asked = json.loads(body)
        need(asked["application_type"] == "web", "application_type")
        need(asked["response_types"] == ["id_token"], "response_types")
        need({"implicit", "client_credentials"} <= set(asked["grant_types"]), "grant_types")
        need(asked["token_endpoint_auth_method"] == "private_key_jwt", "token_endpoint_auth_method")
        need(asked["initiate_login_uri"] and asked["redirect_uris"] and asked["jwks_uri"], "addresses")
        tool = asked[SCOPE + "lti-tool-configuration"]
        need({one["type"] for one in tool["messages"]} >= {"LtiDeepLinkingRequest"}, "messages")
        self.tool = asked
        tool = {**tool, "deployment_id": self.deployment_id}
        return Answer(
            {**asked, "client_id": self.client_id, SCOPE + "lti-tool-configuration": tool}, status=201
        )

    def _token(self, form: dict[str, str]) -> Answer:
        need(form.get("grant_type") == "client_credentials", "grant_type")
        need(form.get("client_assertion_type") == ASSERTION, "client_assertion_type")
        claims = self._verified(form["client_assertion"], audience=f"{self.url}/token")
        need(claims["iss"] == claims["sub"] == self.client_id, "iss and sub must be the client id")
        need(claims["jti"] not in self._used, "the jti was used before")
        self._used.add(claims["jti"])
        token = uuid.uuid4().hex
        self._tokens[token] = set(form["scope"].split())
        return Answer(
            {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": form["scope"]}
        )

    def _need_scope(self, headers: Any, name: str) -> None:
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        need(SCOPES[name] in self._tokens.get(token, set()), f"the access token lacks the scope {name}")

    def _members(self, page: int) -> Answer:
        start = page * self.page_size
        shown = self.people[start : start + self.page_size]
        members = [
            {
                "user_id": one.sub,
                "name": one.name,
                "email": one.email,
                "roles": [one.role],
                "status": one.status,
            }
            for one in shown
        ]
        headers = {}
        if start + self.page_size < len(self.people):
            headers["Link"] = f'<{self.url}/members?page={page + 1}>; rel="next"'
        body = {"id": f"{self.url}/members", "context": {"id": "course-1"}, "members": members}
        return Answer(body, type="application/vnd.ims.lti-nrps.v2.membershipcontainer+json", headers=headers)

    def _line_items(self, method: str, query: dict[str, list[str]], body: bytes, headers: Any) -> Answer:
        need(query.get("type_id") == ["7"], "the query of the address must stay")
        if method == "GET":
            wanted = query.get("resource_id", [None])[0]
            return Answer([one for one in self.line_items if wanted in (None, one.get("resourceId"))])
        need(headers.get("Content-Type") == "application/vnd.ims.lis.v2.lineitem+json", "Content-Type")
        item = json.loads(body)
        need(item["label"] and item["scoreMaximum"] > 0, "label and scoreMaximum")
        item["id"] = f"{self.url}/lineitems/{len(self.line_items) + 1}?type_id=7"
        self.line_items.append(item)
        return Answer(item, status=201, type="application/vnd.ims.lis.v2.lineitem+json")

    def _score(self, path: str, query: dict[str, list[str]], body: bytes, headers: Any) -> Answer:
        need(query.get("type_id") == ["7"], "the query of the address must stay")
        need(headers.get("Content-Type") == "application/vnd.ims.lis.v1.score+json", "Content-Type")
        score = json.loads(body)
        need(
            score["activityProgress"] == "Completed" and score["gradingProgress"] == "FullyGraded", "progress"
        )
        need(0 <= score["scoreGiven"] <= score["scoreMaximum"], "scoreGiven")
        earlier = [one["timestamp"] for one in self.scores if one["userId"] == score["userId"]]
        need(all(one < score["timestamp"] for one in earlier), "a later score needs a later timestamp")
        self.scores.append({**score, "line_item": path.removesuffix("/scores")})
        return Answer(status=204)


class _Handler(BaseHTTPRequestHandler):
    platform: Platform

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self, method: str) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            answer = self.platform.answer(method, parts.path, parse_qs(parts.query), body, self.headers)
        except (Wrong, KeyError, ValueError, jwt.PyJWTError) as wrong:
            answer = Answer({"error": "invalid_request", "error_description": repr(wrong)}, status=400)
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        content = b"" if answer.body is None else text.encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": answer.type, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def browser() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["Accept-Language"] = "en"
    return session


def read_keys(address: str) -> dict[str, Any]:
    """Return the dashboard's public keys."""
    found: dict[str, Any] = browser().get(address, timeout=30).json()
    return found


@contextmanager
def running(read_keys: Callable[[str], dict[str, Any]]) -> Any:
    """Run a platform on a free port of 127.0.0.1, and end it afterwards."""
    platform = Platform(read_keys)
    handler = type("Handler", (_Handler,), {"platform": platform})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    platform.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=20)
