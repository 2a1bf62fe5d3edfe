"""Set up second factors in tests, and compute the codes of an authenticator app."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
from html import unescape

from django.test import Client

APP = "/account/security/app/"


def code_of(key: str, *, steps: int = 0) -> str:
    """Return the code that the app shows now, or `steps` times 30 s later (RFC 6238)."""
    count = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.new(base64.b32decode(key), count, hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def set_up_app(client: Client) -> tuple[str, list[str]]:
    """Set up an authenticator app. Return its key and the recovery codes."""
    key = re.search(r'id="app-secret"[^>]* value="([A-Z2-7]+)"', client.get(APP).content.decode())[1]
    answer = client.post(APP, {"code": code_of(key)}, follow=True)
    shown = re.search(r"<textarea[^>]*>([^<]*)", answer.content.decode())[1]
    return key, unescape(shown).split()
