"""Django settings. Values that differ between installations come from environment variables (see README)."""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from classroom_admin.agora.config import CloudConfig
from classroom_admin.common import clock
from classroom_admin.runtime import broker, data_folder

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
os.umask(0o077)  # only the account of the process may read its files


def _number(name: str, default: float, kind: type[int] | type[float] = float) -> Any:
    """Return the number in an environment variable. Raise ImproperlyConfigured if it is not a number."""
    text = env.str(name, default="") or str(default)
    try:
        return kind(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {text!r}: it must be a number.") from None


# --- paths and addresses -----------------------------------------------------------------
DATA_DIR = Path(env.str("DATA_DIR", default="") or BASE_DIR / "var").resolve()
HOST = env.str("HOST", default="") or "127.0.0.1"
PORT = _number("PORT", 8000, int)
PUBLIC_URL = env.str("PUBLIC_URL", default="") or f"http://{f'[{HOST}]' if ':' in HOST else HOST}:{PORT}"


def _make_data_folder() -> None:
    try:
        data_folder.make_private(DATA_DIR)
    except OSError as error:
        raise ImproperlyConfigured(f"DATA_DIR {DATA_DIR} can't be made: {error.strerror}.") from error


# --- security ---------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)


def _kept_secret_key() -> str:
    """Return the key that is stored in DATA_DIR. Create it at the first start, so SECRET_KEY is optional."""
    path = DATA_DIR / "secret_key"
    if not path.exists():
        _make_data_folder()
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(64))
        try:
            # Fails if another process already created the key; then use that key.
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    key = path.read_text().strip()
    if not key:
        raise ImproperlyConfigured(f"{path} is empty: delete it, or set SECRET_KEY")
    return key


def _host_and_origin(url: str) -> tuple[str, str]:
    """Return a URL's host for ALLOWED_HOSTS and its origin for CSRF_TRUSTED_ORIGINS.

    Raise ImproperlyConfigured if it is not an http or https URL.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        port = "" if parts.port in (None, {"http": 80, "https": 443}.get(parts.scheme)) else f":{parts.port}"
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https"):
        raise ImproperlyConfigured(f"PUBLIC_URL is {url!r}: it must be like https://classes.school.example")
    host = f"[{host}]" if ":" in host else host
    return host, f"{parts.scheme}://{host}{port}"


SECRET_KEY = env.str("SECRET_KEY", default="") or _kept_secret_key()
_public_host, _public_origin = _host_and_origin(PUBLIC_URL)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[]) or ["localhost", "127.0.0.1", "[::1]", _public_host]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[]) or [_public_origin]
_https = _public_origin.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_SSL_REDIRECT = False  # the TLS proxy redirects; /healthz must also answer over HTTP
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = ["security.W008"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- apps -------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "lucide",
    "allauth",
    "allauth.account",
    "classroom_admin.operations",
    "classroom_admin.accounts",
    "classroom_admin.audit",
    "classroom_admin.rooms",
    "classroom_admin.sync",
    "classroom_admin.actions",
    "classroom_admin.reports",
    "classroom_admin.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Compress for slow connections. Random padding and masked CSRF tokens hinder BREACH attacks.
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "classroom_admin.accounts.middleware.PrivatePages",
    "classroom_admin.web.nul_characters.RefuseNulCharacters",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "classroom_admin.accounts.middleware.AccountLanguage",
    "classroom_admin.accounts.middleware.AccountTimeZone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "classroom_admin.urls"
ASGI_APPLICATION = "classroom_admin.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    }
]

# --- database: SQLite by default, PostgreSQL by URL --------------------------
DATABASE_URL = env.str("DATABASE_URL", default="") or f"sqlite:///{DATA_DIR / 'classroom_admin.sqlite3'}"
if not DATABASE_URL.startswith(("sqlite:///", "postgres://", "postgresql://")):
    kind = DATABASE_URL.partition(":")[0]
    raise ImproperlyConfigured(f"DATABASE_URL begins with {kind!r}: it must be sqlite:/// or postgres://")
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;",
    }
    _make_data_folder()
    data_folder.make_database_private(Path(DATABASES["default"]["NAME"]))

# --- cache: counts failed sign-ins; all web processes must share one cache -----
CACHES = {"default": env.cache_url_config(env.str("CACHE_URL", default="") or "locmemcache://")}

# --- Celery: messages are only wake-ups; the database is the queue ------------
BROKER_SOCKET = broker.socket_path(DATA_DIR)
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="") or broker.url(BROKER_SOCKET)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Without a broker, drop wake-ups at once. Nothing waits for them, and beat sends them again.
CELERY_BROKER_TRANSPORT_OPTIONS = {"max_retries": 0}
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "sync"
# Each of these queues has its own worker, so tasks that are due at an exact second never wait for others.
CELERY_TASK_ROUTES = {
    "sync.poll": {"queue": "poll"},
    "actions.run_promised": {"queue": "promised"},
}

# --- the cloud ----------------------------------------------------------------
AGORA = CloudConfig(
    base_url=env.str("AGORA_BASE_URL", default="https://api.agora.io"),
    fallback_url=env.str("AGORA_FALLBACK_URL", default="https://api.sd-rtn.com"),
    region=env.str("AGORA_REGION", default="na"),
    app_id=env.str("AGORA_APP_ID", default=""),
    app_certificate=env.str("AGORA_APP_CERTIFICATE", default=""),
    uid=env.str("AGORA_UID", default="classroom-admin"),
    auth=env.str("AGORA_AUTH", default="rtm"),
    record_update_method=env.str("AGORA_RECORD_UPDATE_METHOD", default="PATCH"),
    requests_per_second=_number("AGORA_REQUESTS_PER_SECOND", 20.0),
)
AGORA_CLOCK_URL = env.str("AGORA_CLOCK_URL", default="")  # for tests only: use a simulator's clock
if AGORA_CLOCK_URL:
    try:
        clock.install(clock.SimulatorClock(AGORA_CLOCK_URL))
    except ValueError as error:
        raise ImproperlyConfigured(f"AGORA_CLOCK_URL is for tests only: {error}") from error
AGORA_POLL_SECONDS = _number("AGORA_POLL_SECONDS", 1.0)
# A message expires if no worker is free; the next message starts the same work.
CELERY_BEAT_SCHEDULE = {
    task: {"task": task, "schedule": every_s, "options": {"expires": max(2.0, every_s)}}
    for task, every_s in {
        "sync.poll": AGORA_POLL_SECONDS,
        "sync.fold_due": 1.0,
        "sync.project_outdated": 5.0,
        "sync.fill_holes": 1.0,
        "sync.sweep": 1.0,
        "sync.profiles": 1.0,
        "sync.tidy": 3600.0,
        "actions.run_long": 5.0,
        "actions.run_promised": 1.0,
        "actions.tidy_files": 3600.0,
    }.items()
}
# --- alerts: how long each condition must last (web/class_list/alert_rules.py, docs/running.md) --------
WALL_NO_TEACHER_MINUTES = _number("WALL_NO_TEACHER_MINUTES", 2.0)
WALL_ALONE_MINUTES = _number("WALL_ALONE_MINUTES", 2.0)
WALL_HAND_MINUTES = _number("WALL_HAND_MINUTES", 2.0)
WALL_RECORDING_MINUTES = _number("WALL_RECORDING_MINUTES", 1.0)
WALL_OVER_MINUTES = _number("WALL_OVER_MINUTES", 5.0)
WALL_REFUSED_MINUTES = _number("WALL_REFUSED_MINUTES", 15.0)
WALL_STALE_SECONDS = _number("WALL_STALE_SECONDS", 60.0)
RECORD_EVERY_CLASS = env.bool("RECORD_EVERY_CLASS", default=False)
CLASS_MADE_DAYS_AHEAD = _number("CLASS_MADE_DAYS_AHEAD", 4.0)  # the cloud keeps an unused room for five days
# Attendance: minutes after the start that count as late, and before the end that count as leaving early.
LATE_AFTER_MINUTES = _number("LATE_AFTER_MINUTES", 5.0)
LEFT_EARLY_MINUTES = _number("LEFT_EARLY_MINUTES", 5.0)
JOIN_URL_TEMPLATE = env.str("JOIN_URL_TEMPLATE", default="")
RELAY_SECRET = env.str("RELAY_SECRET", default="")

# Enough for 2,000 selected classes, or for breakout rooms with 4,000 people and two fields per person.
# Django also limits the size of a request body in bytes.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

# --- uploaded files: on disk or in an S3 bucket -----------------------------------
FILES_MAX_BYTES = _number("FILES_MAX_MB", 200, int) * 1_000_000
FILES_KEEP_DAYS = _number("FILES_KEEP_DAYS", 30, int)
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
FILES_S3_BUCKET = env.str("FILES_S3_BUCKET", default="")
_on_disk = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {
        "location": env.str("FILES_DIR", default="") or str(DATA_DIR / "files"),
    },
}
_in_a_bucket = {
    "BACKEND": "storages.backends.s3.S3Storage",
    "OPTIONS": {
        "bucket_name": FILES_S3_BUCKET,
        "endpoint_url": env.str("FILES_S3_ENDPOINT", default="") or None,
        "region_name": env.str("FILES_S3_REGION", default="") or None,
        "access_key": env.str("FILES_S3_ACCESS_KEY", default="") or None,
        "secret_key": env.str("FILES_S3_SECRET_KEY", default="") or None,
        "addressing_style": env.str("FILES_S3_ADDRESSING", default="") or "auto",
        "default_acl": None,
        "file_overwrite": False,
        "querystring_auth": True,
    },
}
STORAGES = {
    "default": _in_a_bucket if FILES_S3_BUCKET else _on_disk,
    "staticfiles": {"BACKEND": "classroom_admin.runtime.static_files.StaticFiles"},
}

# --- people -------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "classroom_admin.accounts.adapter.SchoolAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_SESSION_REMEMBER = True
# A whole school may sign in at 8 a.m. from one IP address, so only the limit per account is strict.
ACCOUNT_RATE_LIMITS = {"login": "120/m/ip", "login_failed": "30/m/ip,5/300s/key"}

# --- languages and time -------------------------------------------------------------
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("es", "Español"), ("ar", "العربية")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True

# --- static, mail, logging --------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname).1s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"django.request": {"level": "ERROR"}, "celery": {"level": "WARNING"}},
}
