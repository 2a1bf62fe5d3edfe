"""Environment variables: how values are read, normalised and refused."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from classroom_admin.environment import weights
from classroom_admin.environment.variables import DEFAULT_DATA_DIR, Environment, read
from classroom_admin.runtime.installation import Installation
from tests import quick_python

ROOT = Path(__file__).resolve().parents[2]
WHERE = """
import json
from django.conf import settings
from django.db import connection
connection.ensure_connection()
files = settings.STORAGES["default"]["OPTIONS"]["location"]
print(json.dumps([str(settings.DATA_DIR), connection.settings_dict["NAME"], files]))
"""


def value(name: str, text: str) -> Any:
    return getattr(read({name: text}), name)


def problem(name: str, text: str) -> str:
    with pytest.raises(ImproperlyConfigured) as raised:
        read({name: text})
    return str(raised.value)


def python(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process that has only these variables of ours."""
    clean = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    settings = {"DJANGO_SETTINGS_MODULE": "classroom_admin.settings"}
    return quick_python.run(*arguments, env=clean | settings | env)


@pytest.mark.parametrize(
    "name",
    [
        "SECRET_KEY",
        "RELAY_SECRET",
        "AGORA_APP_CERTIFICATE",
        "AGORA_NOTIFICATIONS_SECRET",
        "FILES_S3_SECRET_KEY",
    ],
)
@pytest.mark.parametrize("secret", ["$x", "$HOME", "'a'", '"b"', " c ", r"\$d", "e#f"])
def test_secret_is_read_literally(name: str, secret: str) -> None:
    assert value(name, secret) == secret


@pytest.mark.parametrize("name", list(Environment.model_fields))
@pytest.mark.parametrize("text", ["", '""', "''", "  "])
def test_empty_value_means_the_default(name: str, text: str) -> None:
    field = Environment.model_fields[name]
    if text and field.json_schema_extra["literal"]:  # type: ignore[index]
        return
    expected = "" if name == "AGORA_FALLBACK_URL" else field.default
    assert value(name, text) == expected


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ('"https://school.example"', "https://school.example"),
        ("'https://school.example/'", "https://school.example"),
        (" HTTPS://School.Example:443/ ", "https://school.example"),
        ("http://school.example:80/Classes/now/", "http://school.example/Classes/now"),
        ("https://schüle.example//a//b", "https://xn--schle-mva.example/a/b"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_public_url_is_normalised(text: str, address: str) -> None:
    assert value("PUBLIC_URL", text) == address


@pytest.mark.parametrize(
    "text",
    [
        "school.example", "//school.example", "ftp://school.example", "https://", "https://a b.example", "http://a:x",
        "https://a.example?x=1", "https://a.example#x", "https://me:secret@a.example", "http://[::1", "https://a..b",
        "https://a.example:99999", "https://a.example/x y", "https://a.example/../x",
    ],
)  # fmt: skip
def test_public_url_that_is_no_address_is_refused_in_words(text: str) -> None:
    words = problem("PUBLIC_URL", text)
    assert words.startswith(f"PUBLIC_URL is {text!r}: it")
    assert "must be like https://classes.school.example" in words or "may contain only" in words


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("HOST", "[::1]", "::1"),
        ("HOST", " LocalHost ", "LocalHost"),
        ("ALLOWED_HOSTS", ' a.example, "B.example" ,::1,', ("a.example", "b.example", "[::1]")),
        ("ALLOWED_HOSTS", "*", ("*",)),
        ("ALLOWED_HOSTS", ".school.example", (".school.example",)),
        ("CSRF_TRUSTED_ORIGINS", "HTTPS://A.example/ , https://*.b.example", ("https://a.example", "https://*.b.example")),
        ("AGORA_BASE_URL", '"HTTPS://API.example/"', "https://api.example"),
        ("AGORA_REGION", "EU", "eu"),
        ("LOG_LEVEL", "'warning'", "WARNING"),
        ("DEBUG", "On", True),
        ("RECORD_EVERY_CLASS", "0", False),
        ("WALL_HAND_MINUTES", "'1.5'", 1.5),
        ("PORT", '"8001"', 8001),
        ("TIME_ZONE", "'Europe/Madrid'", "Europe/Madrid"),
        ("JOIN_URL_TEMPLATE", "'app://join/{room}?u={user}'", "app://join/{room}?u={user}"),
        ("FILES_S3_ENDPOINT", "http://s3.example:9000/", "http://s3.example:9000"),
    ],
)  # fmt: skip
def test_value_is_normalised(name: str, text: str, expected: Any) -> None:
    assert value(name, text) == expected


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("PORT", "eight", "it must be a number"),
        ("PORT", "80.5", "it must be a"),
        ("PORT", "0", "it must be at least 1"),
        ("PORT", "65536", "it must be at most 65535"),
        ("WALL_HAND_MINUTES", "nan", "it must be a number"),
        ("WALL_HAND_MINUTES", "inf", "it must be a number"),
        ("WALL_HAND_MINUTES", "-1", "it must be at least 0"),
        ("AGORA_POLL_SECONDS", "0", "it must be more than 0"),
        ("FILES_MAX_MB", "many", "it must be a number"),
        ("DEBUG", "perhaps", "it must be true or false"),
        ("LOG_LEVEL", "loud", "it must be DEBUG, INFO"),
        ("LOG_LEVEL", "10", "it must be DEBUG, INFO"),
        ("TIME_ZONE", "Mars/Base", "it must be the name of a time zone"),
        ("TIME_ZONE", "../etc", "it must be the name of a time zone"),
        ("HOST", "http://127.0.0.1", "without a scheme or a port"),
        ("HOST", "127.0.0.1:8000", "without a scheme or a port"),
        ("ALLOWED_HOSTS", "https://a.example", "without a scheme or a port"),
        ("ALLOWED_HOSTS", "a.example:8000", "without a scheme or a port"),
        ("CSRF_TRUSTED_ORIGINS", "a.example", "must be like https://"),
        ("AGORA_BASE_URL", "api.example", "it must be like https://"),
        ("AGORA_AUTH", "other", "it must be 'auto', 'rtm' or 'education'"),
        ("JOIN_URL_TEMPLATE", "javascript:alert(1)", "it must be like https://"),
        ("JOIN_URL_TEMPLATE", "javascript://%0aalert(1)", "it must be like https://"),
        ("FILES_S3_ADDRESSING", "sideways", "it must be 'auto', 'path' or 'virtual'"),
        ("DATA_DIR", "~nobody-of-this-name/x", "unknown account"),
    ],
)
def test_wrong_value_is_refused_in_words(name: str, text: str, words: str) -> None:
    said = problem(name, text)
    assert said.startswith(f"{name} is {text!r}: ")
    assert words in said


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("EMAIL_URL", "mail.example"),
        ("EMAIL_URL", "pigeon://me:hidden-word@mail.example"),
        ("EMAIL_URL", "smtp://"),
        ("EMAIL_URL", "smtp://me:hidden-word@mail.example:port"),
        ("EMAIL_URL", "smtp+tls://mail.example?use_ssl=true"),
        ("EMAIL_URL", "smtp://mail.example?colour=blue"),
        ("EMAIL_URL", "filemail://"),
        ("DATABASE_URL", "mysql://me:hidden-word@db.example/x"),
        ("DATABASE_URL", "postgres://me:hidden-word@db.example"),
        ("DATABASE_URL", "postgres://me:hidden/word@db.example/x"),
        ("DATABASE_URL", "postgres://db.example/x?autocommit=maybe"),
        ("CELERY_BROKER_URL", "reddis://:hidden-word@redis.example"),
        ("CELERY_BROKER_URL", "redis.example:6379"),
        ("CELERY_BROKER_URL", "rediss://redis.example?ssl_cert_reqs=sometimes"),
        ("CELERY_BROKER_URL", "redis://redis.example:port"),
        ("CELERY_BROKER_URL", "amqp://me:hidden-word@rabbit.example:port//"),
        ("CELERY_BROKER_URL", "amqp://me:hidden-word@rabbit.example//?ssl_cert_reqs=none"),
        ("CELERY_BROKER_URL", "amqps://me:hidden-word@rabbit.example//?heartbeat=1"),
        ("CELERY_BROKER_URL", "amqps://rabbit.example//?ssl_cert_reqs=sometimes"),
        ("CELERY_BROKER_URL", "amqps://me:hidden-word@a.example//;amqps://b.example//"),
        ("CACHE_URL", "memcache://cache.example"),
        ("CACHE_URL", "rediscache://"),
        ("CACHE_URL", "rediss://:hidden-word@redis.example?ssl_cert_reqs=sometimes"),
    ],
)
def test_wrong_address_of_a_service_is_refused_without_showing_its_password(name: str, text: str) -> None:
    said = problem(name, text)
    assert said.startswith(f"{name}: it")
    assert "hidden" not in said


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(ImproperlyConfigured) as raised:
        read({"PORT": "x", "LOG_LEVEL": "y", "EMAIL_URL": "z"})
    assert sorted(line.split()[0].rstrip(":") for line in str(raised.value).splitlines()) == [
        "EMAIL_URL", "LOG_LEVEL", "PORT",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("EMAIL_URL", "pigeon://x", "EMAIL_URL: it must be like smtp"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is 'loud': it must be DEBUG"),
        ("DEBUG", "perhaps", "DEBUG is 'perhaps': it must be true or false"),
        ("TIME_ZONE", "Mars", "TIME_ZONE is 'Mars': it must be the name"),
    ],
)
def test_command_names_the_wrong_setting_without_a_traceback(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    done = python("manage.py", "check", DATA_DIR=str(tmp_path), **{name: text})
    assert done.returncode == 1
    assert done.stderr.startswith(f"A setting is not right: {words}")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("folder", ["school #1", "100% school", "a?b=c", "Schüle+x", "it's", "x;y&z"])
def test_data_folder_may_have_any_name(tmp_path: Path, folder: str) -> None:
    data_dir = tmp_path / folder
    done = python("-c", WHERE, DATA_DIR=str(data_dir))
    assert done.stdout, done.stderr
    database = data_dir / "classroom_admin.sqlite3"
    assert json.loads(done.stdout) == [str(data_dir), str(database), str(data_dir / "files")]
    assert database.exists()
    assert [path.name for path in tmp_path.iterdir()] == [folder]


def test_home_folder_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/zoe")
    assert value("DATA_DIR", "~/school") == Path("/home/zoe/school")
    assert value("FILES_DIR", "'~/files'") == Path("/home/zoe/files")
    assert value("DATABASE_URL", "sqlite:///~/my #1.sqlite3")["NAME"] == "/home/zoe/my #1.sqlite3"
    assert value("CACHE_URL", "filecache://~/cache")["LOCATION"] == "/home/zoe/cache"
    assert read({}).DATA_DIR == DEFAULT_DATA_DIR


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sqlite:////srv/a%20b#c.sqlite3", {"NAME": "/srv/a b#c.sqlite3"}),
        ("sqlite:///:memory:", {"NAME": ":memory:"}),
        ("postgres://me:p%2Fw@db:5433/x", {"PASSWORD": "p/w", "HOST": "db", "PORT": "5433", "NAME": "x"}),
        ("PostgreSQL://me:a#[b]@db/x", {"USER": "me", "PASSWORD": "a#[b]", "HOST": "db", "PORT": ""}),
        ("postgres://me:p@w@db/x", {"PASSWORD": "p@w", "HOST": "db"}),
        ("postgres://u@[fd00::5]:5432/x", {"HOST": "fd00::5", "PORT": "5432"}),
        ("postgres://a:1,b:2/x", {"HOST": "a,b", "PORT": "1,2"}),
        ("postgres://%2Fvar%2Frun/x", {"HOST": "/var/run", "NAME": "x"}),
        ("postgres:////var/run/x", {"HOST": "/var/run", "NAME": "x"}),
        ("postgres://db/x?sslmode=require&connect_timeout=5&DISABLE_SERVER_SIDE_CURSORS=True",
         {"OPTIONS": {"sslmode": "require", "connect_timeout": 5}, "DISABLE_SERVER_SIDE_CURSORS": True}),
    ],
)  # fmt: skip
def test_database_address(text: str, expected: dict[str, Any]) -> None:
    found = value("DATABASE_URL", text)
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("smtp://mail.example", {"EMAIL_HOST": "mail.example", "EMAIL_PORT": 25, "EMAIL_USE_TLS": False}),
        ("smtp+tls://me%40a:p%23w@mail.example", {"EMAIL_HOST_USER": "me@a", "EMAIL_HOST_PASSWORD": "p#w",
         "EMAIL_PORT": 587, "EMAIL_USE_TLS": True}),
        ("smtp://me:p#w@mail.example:2525", {"EMAIL_HOST_PASSWORD": "p#w", "EMAIL_PORT": 2525}),
        ("smtps://mail.example", {"EMAIL_USE_TLS": True}),
        ("smtp+ssl://mail.example", {"EMAIL_USE_SSL": True, "EMAIL_PORT": 465}),
        ("smtp://mail.example?timeout=9", {"EMAIL_TIMEOUT": 9}),
        ("filemail:////var/a#b", {"EMAIL_FILE_PATH": "/var/a#b"}),
        ("consolemail://", {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}),
    ],
)  # fmt: skip
def test_mail_address(text: str, expected: dict[str, Any]) -> None:
    found = value("EMAIL_URL", text)
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("rediscache://redis.example:6379/1", "redis://redis.example:6379/1"),
        ("rediscache://a:1,b:2/0", ["redis://a:1/0", "redis://b:2/0"]),
        ("rediss://redis.example/1", "rediss://redis.example/1?ssl_cert_reqs=required"),
        ("valkeys://redis.example/1?ssl_cert_reqs=CERT_NONE", "rediss://redis.example/1?ssl_cert_reqs=none"),
        ("rediscache:///run/redis.sock?db=2", "unix:///run/redis.sock?db=2"),
        ("filecache:///var/a%20b", "/var/a b"),
    ],
)
def test_cache_address(text: str, location: Any) -> None:
    assert value("CACHE_URL", text)["LOCATION"] == location


@pytest.mark.parametrize(
    ("host", "address"),
    [("::1", "http://[::1]:8000/"), ("[::]", "http://[::1]:8000/"), ("0.0.0.0", "http://127.0.0.1:8000/")],
)
def test_printed_address_can_be_opened(tmp_path: Path, host: str, address: str) -> None:
    here = Installation(
        base_dir=ROOT, data_dir=tmp_path, host=value("HOST", host), port=8000, broker_socket=None, env={},
        stop_wait_s=20,
    )  # fmt: skip
    assert here.address == address


def test_shell_reads_the_template_and_quoted_values(tmp_path: Path) -> None:
    template = (ROOT / ".env.example").read_text(encoding="utf-8")
    lines = {"DATA_DIR": "/srv/school #1", "RELAY_SECRET": "$x 'y'", "ALLOWED_HOSTS": "a.example, b.example"}
    uncommented = re.sub(r"^#([A-Z])", r"\1", template, flags=re.MULTILINE)
    own = "".join(f"{name}={shlex.quote(text)}\n" for name, text in lines.items())
    for text in (template + own, uncommented + own):
        (tmp_path / ".env").write_text(text, encoding="utf-8")
        loaded = subprocess.run(
            ["sh", "-c", "set -a; . ./.env; set +a; exec env -0"],
            cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=30,
            check=True,
        )  # fmt: skip
        found = read(dict(one.split("=", 1) for one in loaded.stdout.split("\0") if one))
        assert (str(found.DATA_DIR), found.RELAY_SECRET) == (lines["DATA_DIR"], lines["RELAY_SECRET"])
        assert found.ALLOWED_HOSTS == ("a.example", "b.example")
        defaults = {
            name: field.default for name, field in Environment.model_fields.items() if name not in lines
        }
        assert {name: getattr(found, name) for name in defaults} == defaults


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("talk=1", "“talk” is not one of chat, hand"),
        ("chat=1,chat=2", "“chat” occurs twice"),
        ("hand", "“hand” has no weight; write hand=1"),
        ("chat=", "the weight “” of “chat” must be a number"),
        ("hand=2,chat=many", "the weight “many” of “chat” must be a number from 0 to 1000"),
        ("chat=-1", "the weight “-1” of “chat”"),
        ("chat=nan", "the weight “nan” of “chat”"),
        ("chat=inf", "the weight “inf” of “chat”"),
        ("chat=1;hand=2", "the weight “1;hand=2” of “chat”"),
    ],
)
def test_wrong_weight_is_named(text: str, words: str) -> None:
    assert problem("PARTICIPATION_WEIGHTS", text).startswith(f"PARTICIPATION_WEIGHTS is {text!r}: {words}")


def test_weights_that_are_left_out_keep_their_defaults() -> None:
    found = value("PARTICIPATION_WEIGHTS", " chat = 0 ,reward=0.5, ")
    assert found == weights.DEFAULTS | {"chat": 0, "reward": 0.5}
    assert weights.participation(weights.shown(found)) == found
