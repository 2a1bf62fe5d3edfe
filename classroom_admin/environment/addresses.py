"""Parse the addresses in environment variables, without using settings, the network or files.

Each function returns a normalised value, or raises ValueError. The error's text continues a sentence that
begins with the variable's name.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from classroom_admin.common.numbers import is_number

_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?")
_FOLDER: Final = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
_NAME: Final = re.compile(r"[a-z][a-z0-9]{0,19}")
_TEMPLATE: Final = re.compile(r"(?!javascript:|data:)[a-z][a-z0-9+.-]*://[^\s]+", re.IGNORECASE)
_CHECKS: Final = {"none": "none", "optional": "optional", "required": "required"} | {
    f"cert_{name}": name for name in ("none", "optional", "required")
}
RABBITMQ: Final = ("amqp://", "amqps://", "pyamqp://")
_BROKERS: Final = ("redis", "rediss", "redis+socket", "sentinel", "amqp", "amqps", "pyamqp", "memory")
_MAIL: Final = {
    "smtp": "smtp",
    "smtps": "smtp",
    "smtp+tls": "smtp",
    "smtp+ssl": "smtp",
    "consolemail": "console",
    "filemail": "filebased",
    "memorymail": "locmem",
    "dummymail": "dummy",
}
_MAIL_OPTIONS: Final = ("EMAIL_USE_TLS", "EMAIL_USE_SSL", "EMAIL_TIMEOUT")
_DATABASE_SWITCHES: Final = (
    "ATOMIC_REQUESTS",
    "AUTOCOMMIT",
    "DISABLE_SERVER_SIDE_CURSORS",
    "CONN_HEALTH_CHECKS",
)
_CACHES: Final = {
    "locmemcache": "locmem.LocMemCache",
    "dummycache": "dummy.DummyCache",
    "dbcache": "db.DatabaseCache",
    "filecache": "filebased.FileBasedCache",
}
_REDIS_CACHES: Final = {
    "rediscache": "redis",
    "redis": "redis",
    "rediss": "rediss",
    "valkey": "redis",
    "valkeys": "rediss",
}
_CACHE_OPTIONS: Final = ("TIMEOUT", "KEY_PREFIX", "VERSION")


def public_address(text: str) -> str:
    """Return the address of the dashboard: scheme, host, port and path.

    The default port of the scheme and a slash at the end are removed.
    """
    wrong = ValueError("it must be like https://classes.school.example")
    parts = _web_parts(text, wrong)
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise wrong
    folders = [folder for folder in parts.path.split("/") if folder]
    if not all(_FOLDER.fullmatch(folder) for folder in folders):
        raise ValueError("its path may contain only the letters a to z, digits and - . _ ~")
    return _origin(parts, wrong) + "".join(f"/{folder}" for folder in folders)


def names(text: str) -> tuple[str, ...]:
    """Return names that are separated by commas, such as those of sign-on providers, in lower case."""
    found = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if not all(_NAME.fullmatch(name) for name in found):
        raise ValueError("a name may contain only letters and digits, and must begin with a letter")
    if len(set(found)) < len(found):
        raise ValueError("each name can occur only once")
    return found


def origin(text: str) -> str:
    """Return the origin of a web address. The host may begin with `*.` to allow all subdomains."""
    wrong = ValueError("each part must be like https://classes.school.example")
    wild = "://*." in text
    found = _origin(_web_parts(text.replace("://*.", "://", 1), wrong), wrong)
    return found.replace("://", "://*.", 1) if wild else found


def web_address(text: str) -> str:
    """Return the http or https address of a service, without a slash at its end."""
    wrong = ValueError("it must be like https://service.example")
    parts = _web_parts(text, wrong)
    return _origin(parts, wrong) + parts.path.rstrip("/")


def scanner(text: str) -> str:
    """Return the address of the virus scanner clamd: a TCP port or a Unix socket."""
    wrong = ValueError("it must be like tcp://127.0.0.1:3310 or unix:///run/clamav/clamd.ctl")
    parts = _parts(text, wrong)
    is_socket = parts.scheme == "unix" and not parts.netloc and len(parts.path) > 1
    is_port = parts.scheme == "tcp" and bool(parts.hostname) and not parts.path.strip("/")
    if not (is_socket or is_port) or parts.query or parts.username or _port(parts, wrong) == 0:
        raise wrong
    return text


def link_template(text: str) -> str:
    """Return an address with placeholders in braces. Reject schemes that run scripts."""
    if not _TEMPLATE.fullmatch(text):
        raise ValueError("it must be like https://classroom.example/{room}")
    return text


def listening_host(text: str) -> str:
    """Return the host on which a server listens. Remove the brackets of an IPv6 address."""
    host = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not _is_address(host) and not _HOST.fullmatch(host.lower()):
        raise ValueError("it must be an address or a name like 127.0.0.1, without a scheme or a port")
    return host


def allowed_host(text: str) -> str:
    """Return a host name for ALLOWED_HOSTS. Put an IPv6 address in brackets."""
    host = text.lower()
    if host == "*" or _HOST.fullmatch(host.removeprefix(".")):
        return host
    bare = host.removeprefix("[").removesuffix("]")
    if _is_address(bare):
        return f"[{bare}]" if ":" in bare else bare
    raise ValueError("each part must be a host name like classes.school.example, without a scheme or a port")


def proxy(text: str) -> str:
    """Return the address or network of a proxy. `unix` means proxies that connect through a unix socket."""
    if text.lower() == "unix":
        return "unix"
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(
            "each part must be an address like 10.0.0.7, a network like 10.0.0.0/8, or unix"
        ) from None
    if network.prefixlen == 0:
        raise ValueError("it must not contain every address, because anyone could then invent an address")
    return str(network)


def folder(text: str) -> Path:
    """Return the absolute path of a folder. Replace `~` with the home folder."""
    try:
        return Path(text).expanduser().resolve()
    except RuntimeError:
        raise ValueError("it names the home folder of an unknown account") from None


def database(text: str) -> dict[str, Any]:
    """Return Django's settings for the database at a `sqlite:///` or `postgres://` address."""
    scheme, _, rest = text.partition(":")
    if scheme.lower() == "sqlite" and rest.startswith("///"):
        name, _, query = rest[3:].partition("?")
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": _file(name) or ":memory:",
            **_database_options(query),
        }
    if scheme.lower() not in ("postgres", "postgresql") or not rest.startswith("//"):
        raise ValueError(
            "it must be sqlite:/// or postgres:// and so on, like postgres://name:password@host/database"
        )
    wrong = ValueError(
        "it must be like postgres://name:password@host:5432/database, with special signs percent-encoded"
    )
    parts = _parts(text, wrong)
    hosts, ports = _hosts(parts, wrong)
    name = unquote(parts.path[1:])
    if name.startswith("/"):  # the folder of a socket
        hosts, _, name = name.rpartition("/")
    if not name:
        raise ValueError("it names no database: it must be like postgres://name:password@host/database")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": hosts,
        "PORT": ports,
        **_database_options(parts.query),
    }


def broker(text: str) -> str:
    """Return the address of a message broker, or several addresses separated by `;`."""
    found = [_broker(one.strip()) for one in text.split(";")]
    if len(found) > 1 and any(one.startswith("amqps://") for one in found):
        # kombu takes one set of TLS options, with one name of a server.
        raise ValueError("it can name only one server if it begins with amqps://")
    return ";".join(found)


def cache(text: str) -> dict[str, Any]:
    """Return Django's settings for the cache at an address."""
    wrong = ValueError(
        "it must be like rediscache://host:6379/1, rediss://…, filecache:///folder or locmemcache://"
    )
    parts = _parts(text, wrong)
    query = dict(parse_qsl(parts.query))
    own = {name: query.pop(name) for name in list(query) if name.upper() in _CACHE_OPTIONS}
    settings: dict[str, Any] = {name.upper(): _whole(value) for name, value in own.items()}
    if parts.scheme in _REDIS_CACHES:
        scheme = _REDIS_CACHES[parts.scheme] if parts.netloc else "unix"
        if not parts.netloc and not parts.path:
            raise wrong
        rest = parts.path + (f"?{urlencode(query)}" if query else "")
        servers = [verified(f"{scheme}://{server}{rest}") for server in parts.netloc.split(",")]
        settings["BACKEND"] = "django.core.cache.backends.redis.RedisCache"
        return settings | {"LOCATION": servers if len(servers) > 1 else servers[0]}
    if parts.scheme not in _CACHES or (parts.scheme == "filecache" and not parts.path):
        raise wrong
    location = _file(parts.netloc + parts.path) if parts.scheme == "filecache" else parts.netloc
    options = {name.upper(): _whole(value) for name, value in query.items()}
    settings["BACKEND"] = f"django.core.cache.backends.{_CACHES[parts.scheme]}"
    return settings | {"LOCATION": location, **({"OPTIONS": options} if options else {})}


def mail(text: str) -> dict[str, Any]:
    """Return Django's settings for sending email to a server, a folder or the console."""
    wrong = ValueError("it must be like smtp+tls://name:password@mail.example:587 or consolemail://")
    parts = _parts(text, wrong)
    if parts.scheme not in _MAIL:
        raise wrong
    is_server = _MAIL[parts.scheme] == "smtp"
    tls, ssl = parts.scheme in ("smtps", "smtp+tls"), parts.scheme == "smtp+ssl"
    try:
        host, port = parts.hostname or "", parts.port or (587 if tls else 465 if ssl else 25)
    except ValueError:
        raise wrong from None
    if is_server and not host:
        raise wrong
    settings: dict[str, Any] = {
        "EMAIL_BACKEND": f"django.core.mail.backends.{_MAIL[parts.scheme]}.EmailBackend",
        "EMAIL_HOST": host,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": tls,
        "EMAIL_USE_SSL": ssl,
        "EMAIL_FILE_PATH": _file(parts.path[1:]) or None,
        **_mail_options(parts.query),
    }
    if parts.scheme == "filemail" and not settings["EMAIL_FILE_PATH"]:
        raise ValueError("it names no folder: it must be like filemail:////var/mail")
    if settings["EMAIL_USE_TLS"] and settings["EMAIL_USE_SSL"]:
        raise ValueError("it can use TLS or SSL, not both")
    return settings


def verified(address: str) -> str:
    """Return the address of a server. `rediss://` and `amqps://` verify certificates by default."""
    base, _, query = address.partition("?")
    asked = dict(parse_qsl(query))
    if not base.startswith(("rediss://", "amqps://")):
        return address
    check = _CHECKS.get(asked.get("ssl_cert_reqs", "required").lower())
    if check is None:
        raise ValueError("its ssl_cert_reqs must be none, optional or required")
    return f"{base}?{urlencode({**asked, 'ssl_cert_reqs': check})}"


def _broker(text: str) -> str:
    wrong = ValueError("it must be like redis://host:6379/0, rediss://… or amqp://…")
    parts = _parts(text, wrong)
    if parts.scheme not in _BROKERS:
        raise wrong
    if parts.scheme in ("redis", "rediss", "sentinel", "amqp", "amqps", "pyamqp"):
        _port(parts, wrong)
    if f"{parts.scheme}://" in RABBITMQ:
        allowed = ("ssl_cert_reqs", "ssl_ca_certs") if parts.scheme == "amqps" else ()
        if other := [name for name in dict(parse_qsl(parts.query)) if name not in allowed]:
            raise ValueError(f"it has an option that RabbitMQ does not know: {other[0]}")
    return verified(parts.scheme + "://" + text.partition("://")[2])


def _parts(text: str, wrong: ValueError) -> SplitResult:
    """Split the address of a service. A `#` does not begin a fragment, because a password may contain it."""
    scheme, mark, rest = text.replace("#", "%23").partition("://")
    if not mark:
        raise wrong
    account, at, place = rest.rpartition("@")
    try:
        return urlsplit(f"{scheme.lower()}://{quote(account, safe='%:/?&=@,+;!*~')}{at}{place}")
    except ValueError:
        raise wrong from None


def _port(parts: SplitResult, wrong: ValueError) -> int | None:
    try:
        return parts.port
    except ValueError:
        raise wrong from None


def _hosts(parts: SplitResult, wrong: ValueError) -> tuple[str, str]:
    """Return the hosts and the ports as PostgreSQL expects them, with commas between several values."""
    place = unquote(parts.netloc.rpartition("@")[2])
    if "," not in place:
        port = _port(parts, wrong)
        host = place.rpartition(":")[0] if port is not None else place.removesuffix(":")
        return host.removeprefix("[").removesuffix("]"), str(port or "")
    found = [re.fullmatch(r"(\[.*\]|[^:]*)(?::(\d+))?", one) for one in place.split(",")]
    if not all(found):
        raise wrong
    pairs = [(one[1], one[2] or "") for one in found if one]
    ports = ",".join(port for _, port in pairs)
    return ",".join(host for host, _ in pairs), ports if ports.strip(",") else ""


def _database_options(query: str) -> dict[str, Any]:
    """Return the Django settings in the query of a database address.

    Other parameters become driver options.
    """
    settings: dict[str, Any] = {}
    options: dict[str, Any] = {}
    for name, value in parse_qsl(query):
        if name.upper() == "CONN_MAX_AGE":
            settings["CONN_MAX_AGE"] = None if value.lower() == "none" else _whole(value)
        elif name.upper() in _DATABASE_SWITCHES:
            settings[name.upper()] = _switch(name, value)
        else:
            options[name] = _whole(value)
    return settings | ({"OPTIONS": options} if options else {})


def _mail_options(query: str) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query):
        option = "EMAIL_" + name.upper().removeprefix("EMAIL_")
        if option not in _MAIL_OPTIONS:
            raise ValueError(f"it has an unknown option {name!r}")
        if option == "EMAIL_TIMEOUT" and not is_number(value):
            raise ValueError("its timeout must be a number")
        found[option] = int(value) if option == "EMAIL_TIMEOUT" else _switch(name, value)
    return found


def _switch(name: str, value: str) -> bool:
    if value.lower() in ("true", "1", "yes", "on"):
        return True
    if value.lower() in ("false", "0", "no", "off"):
        return False
    raise ValueError(f"its {name} must be true or false")


def _whole(value: str) -> str | int:
    return int(value) if is_number(value) else value


def _file(text: str) -> str:
    """Return the path in an address, with `~` expanded."""
    name = unquote(text)
    return str(Path(name).expanduser()) if name.startswith("~") else name


def _web_parts(text: str, wrong: ValueError) -> SplitResult:
    try:
        parts = urlsplit(text)
    except ValueError:
        raise wrong from None
    if parts.scheme not in _PORTS:
        raise wrong
    return parts


def _origin(parts: SplitResult, wrong: ValueError) -> str:
    """Return the scheme, host and port as text. The default port of the scheme is omitted."""
    try:
        host = (parts.hostname or "").encode("idna").decode().lower()
        port = parts.port
    except ValueError:  # the idna codec raises UnicodeError, a ValueError
        raise wrong from None
    is_address = _is_address(host)
    if not is_address and not _HOST.fullmatch(host):
        raise wrong
    host = f"[{host}]" if ":" in host else host
    shown = "" if port in (None, _PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{shown}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
