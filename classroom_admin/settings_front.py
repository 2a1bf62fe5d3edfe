"""Settings of the front: trusted proxies, cookies, security headers, and limits of connections."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import SplitResult

from csp.constants import NONE, SELF

from classroom_admin.environment.variables import Environment

LOCAL_PROXIES: Final = ("127.0.0.1/32", "::1/128", "unix")
"""The default of TRUSTED_PROXIES if PUBLIC_URL is https: a proxy handles TLS, usually on this machine."""
HSTS_S: Final = 31_536_000
UNUSED_FEATURES: Final = (
    "accelerometer", "bluetooth", "camera", "display-capture", "geolocation", "gyroscope", "hid",
    "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment", "serial", "usb",
    "xr-spatial-tracking",
)  # fmt: skip
OWN_FEATURES: Final = (
    "autoplay", "clipboard-write", "fullscreen", "picture-in-picture",
    "publickey-credentials-create", "publickey-credentials-get", "screen-wake-lock",
)  # fmt: skip
"""Features of the browser that our own pages may use; frames of other sites may not."""


def of(env: Environment, *, public: SplitResult) -> dict[str, Any]:
    """Return the settings for the environment and the parts of PUBLIC_URL."""
    https = public.scheme == "https"
    has_the_host = https and not public.path  # some headers and cookies apply to the whole host
    prefix = "__Host-" if has_the_host else ""
    default_proxies = LOCAL_PROXIES if https else ()
    return {
        "TRUSTED_PROXIES": default_proxies if env.TRUSTED_PROXIES is None else env.TRUSTED_PROXIES,
        "MAX_CONNECTIONS": env.MAX_CONNECTIONS,
        "STOP_WAIT_S": env.STOP_WAIT_S,
        # web.trusted_proxies sets the scheme and the host of each request and removes the proxy's headers.
        "SECURE_PROXY_SSL_HEADER": None,
        "USE_X_FORWARDED_HOST": False,
        "SECURE_SSL_REDIRECT": False,  # the TLS proxy redirects; /healthz must also answer over HTTP
        **_cookies(prefix, path=public.path or "/", secure=https),
        "SECURE_HSTS_SECONDS": HSTS_S if has_the_host else 0,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": has_the_host,
        "SECURE_HSTS_PRELOAD": has_the_host and env.HSTS_PRELOAD,
        "SECURE_REFERRER_POLICY": "same-origin",
        "X_FRAME_OPTIONS": "DENY",
        "SILENCED_SYSTEM_CHECKS": ["security.W008", "security.W021"],
        "PERMISSIONS_POLICY": ", ".join(
            [f"{name}=()" for name in UNUSED_FEATURES] + [f"{name}=(self)" for name in OWN_FEATURES]
        ),
        "CONTENT_SECURITY_POLICY": {
            "DIRECTIVES": {
                "default-src": [SELF],
                "img-src": [SELF, "data:"],
                "object-src": [NONE],
                "base-uri": [NONE],
                "form-action": [SELF],
                "frame-ancestors": [NONE],
            }
        },
    }


def _cookies(prefix: str, *, path: str, secure: bool) -> dict[str, Any]:
    """Return the settings of the cookies.

    Browsers accept a `__Host-` cookie only over https, for exactly this host and its whole path. So no other
    host of the domain can set it.
    """
    return {
        "SESSION_COOKIE_NAME": f"{prefix}sessionid",
        "CSRF_COOKIE_NAME": f"{prefix}csrftoken",
        "LANGUAGE_COOKIE_NAME": f"{prefix}django_language",
        "MESSAGES_COOKIE_NAME": f"{prefix}messages",
        "DEVICE_COOKIE_NAME": f"{prefix}device",
        "JOIN_COOKIE_NAME": f"{prefix}join",
        "SESSION_COOKIE_PATH": path,
        "CSRF_COOKIE_PATH": path,
        "LANGUAGE_COOKIE_PATH": path,
        "SESSION_COOKIE_SECURE": secure,
        "CSRF_COOKIE_SECURE": secure,
        "LANGUAGE_COOKIE_SECURE": secure,
    }
