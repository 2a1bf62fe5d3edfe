"""Checks of `manage.py doctor` about the way to PUBLIC_URL: its name, its certificate, and the webhooks."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.shortcuts import resolve_url

from classroom_admin.common.public_address import absolute, reach
from classroom_admin.operations.doctor_front import NoAnswer, get
from classroom_admin.operations.doctor_result import Result, failed, ok, skipped, warning

CONNECT_S: Final = 5.0
FEW_DAYS: Final = 14
"""A certificate that ends so soon should have been renewed already: programs renew it 30 days before."""
HTTPS: Final = 443
WRONG_METHOD: Final = 405
# The variable of each secret, the name of its address, and who calls it.
_WEBHOOKS: Final = (
    ("RELAY_SECRET", "notifications", "your school's server"),
    ("AGORA_NOTIFICATIONS_SECRET", "channel_notifications", "Agora"),
    ("AGORA_CHAT_SECRET", "agora_chat", "Agora"),
)


def dns() -> Result:
    """Look up the host of PUBLIC_URL."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    if reach(settings.PUBLIC_URL) == "machine":
        return skipped(f"Only this machine can reach {settings.PUBLIC_URL}.")
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError as error:
        return failed(
            f"The name {host} has no address ({error.strerror or type(error).__name__}).",
            "Add an A or AAAA record for it in the DNS, or correct PUBLIC_URL.",
        )
    return ok(f"{host} has the address {', '.join(sorted(found))}.")


def certificate() -> Result:
    """Connect to PUBLIC_URL over TLS, and read when its certificate ends."""
    address = urlsplit(settings.PUBLIC_URL)
    if address.scheme != "https":
        return skipped("PUBLIC_URL is not https.")
    host = address.hostname or ""
    try:
        with (
            socket.create_connection((host, address.port or HTTPS), timeout=CONNECT_S) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secure,
        ):
            ends = str((secure.getpeercert() or {})["notAfter"])
    except ssl.SSLCertVerificationError as error:
        words = f"Browsers refuse the certificate of {host}: {error.verify_message}."
        return failed(words, "Renew or replace the certificate in the proxy, with its whole chain.")
    except ssl.SSLError as error:
        words = f"No TLS connection to {host} ({error.reason or type(error).__name__})."
        return failed(words, "Let the proxy handle TLS 1.2 or newer at this address.")
    except OSError as error:
        return skipped(f"{settings.PUBLIC_URL} does not answer from this machine ({type(error).__name__}).")
    left = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) - datetime.now(UTC)
    if left.days < FEW_DAYS:
        words = f"The certificate of {host} ends in {left.days} days."
        return warning(words, "Find out why it was not renewed, and renew it.")
    return ok(f"The certificate of {host} is valid for {left.days} more days.")


def webhooks() -> Result:
    """Ask each webhook whose secret is set, through PUBLIC_URL. A GET changes nothing."""
    used = [hook for hook in _WEBHOOKS if getattr(settings, hook[0])]
    if settings.AGORA.chat_url and not settings.AGORA_CHAT_SECRET:
        return warning(
            "AGORA_CHAT_URL is set without AGORA_CHAT_SECRET: messages appear only when the history is read.",
            "Set AGORA_CHAT_SECRET, and the callback in Agora's console (docs/agora-chat.md).",
        )
    if not used:
        return skipped("No webhook has a secret, so none is in use.")
    names = ", ".join(secret for secret, _, _ in used)
    for secret, name, _caller in used:
        address = absolute(resolve_url(name))
        try:
            status = get(address).status_code
        except NoAnswer as error:
            return failed(f"{address} does not answer: {error}.", "See the check public_address.")
        if status != WRONG_METHOD:
            return failed(
                f"{address} answers with status {status}, although {secret} is set.",
                "Restart the dashboard with this variable, and let the proxy pass on the address.",
            )
    if reach(settings.PUBLIC_URL) != "world" and any(caller == "Agora" for _, _, caller in used):
        words = f"Agora can't reach {settings.PUBLIC_URL} from the internet, but a webhook has a secret."
        return warning(words, "Set PUBLIC_URL to an address that is reachable from the internet.")
    return ok(f"The webhooks answer ({names}).")


CHECKS: Final = (dns, certificate, webhooks)
