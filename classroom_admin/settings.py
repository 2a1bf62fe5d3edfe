"""Django settings. Values that differ between installations come from `environment.variables`."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from classroom_admin import settings_data, settings_front
from classroom_admin.agora.config import CloudConfig
from classroom_admin.common import clock, program_files
from classroom_admin.environment import variables
from classroom_admin.environment.mail import mail_from
from classroom_admin.runtime import broker
from classroom_admin.settings_audit import *  # noqa: F403
from classroom_admin.settings_keys import (  # noqa: F401
    ADDRESS_KEYS,
    DEFAULT_EXCEPTION_REPORTER,
    DEFAULT_EXCEPTION_REPORTER_FILTER,
    SECRET_KEY,
    SECRET_KEY_FALLBACKS,
)
from classroom_admin.settings_logs import *  # noqa: F403
from classroom_admin.settings_retention import *  # noqa: F403
from classroom_admin.settings_sign_in import *  # noqa: F403
from classroom_admin.settings_sign_on import *  # noqa: F403

BASE_DIR = program_files.FOLDER
env = variables.read(os.environ)
os.umask(0o077)  # only the user who runs the process may read its files

# --- paths and addresses -----------------------------------------------------------------
DATA_DIR = env.DATA_DIR
HOST, PORT = env.HOST, env.PORT
PUBLIC_URL = env.PUBLIC_URL or f"http://{f'[{HOST}]' if ':' in HOST else HOST}:{PORT}"
_public = urlsplit(PUBLIC_URL)
PATH_PREFIX = _public.path
"""The path of `PUBLIC_URL`: "" or, for example, "/classes". The paths of all pages begin with it."""


# --- security ---------------------------------------------------------------
DEBUG = env.DEBUG
_public_host = f"[{_public.hostname}]" if ":" in (_public.hostname or "") else str(_public.hostname)
_public_origin = f"{_public.scheme}://{_public.netloc}"
ALLOWED_HOSTS = list(env.ALLOWED_HOSTS) or ["localhost", "127.0.0.1", "[::1]", _public_host]
CSRF_TRUSTED_ORIGINS = list(env.CSRF_TRUSTED_ORIGINS) or [_public_origin]
MESSAGE_STORAGE = "classroom_admin.web.path_prefix.Messages"
_front = settings_front.of(env, public=_public)
vars().update(_front)
MAX_CONNECTIONS: int = _front["MAX_CONNECTIONS"]
STOP_WAIT_S: int = _front["STOP_WAIT_S"]
TRUSTED_PROXIES: tuple[str, ...] = _front["TRUSTED_PROXIES"]
PERMISSIONS_POLICY: str = _front["PERMISSIONS_POLICY"]
MESSAGES_COOKIE_NAME: str = _front["MESSAGES_COOKIE_NAME"]
DEVICE_COOKIE_NAME: str = _front["DEVICE_COOKIE_NAME"]
JOIN_COOKIE_NAME: str = _front["JOIN_COOKIE_NAME"]

# --- apps -------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "classroom_admin.runtime.apps.StaticFiles",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "classroom_admin.operations",
    "classroom_admin.accounts",
    "classroom_admin.audit",
    "classroom_admin.rooms",
    "classroom_admin.sync",
    "classroom_admin.actions",
    "classroom_admin.reports",
    "classroom_admin.privacy",
    "classroom_admin.integrations.notices",
    "classroom_admin.integrations.webhooks",
    "classroom_admin.integrations.joining",
    "classroom_admin.integrations.lti",
    "classroom_admin.integrations.mail",
    "classroom_admin.integrations.chat_targets",
    "classroom_admin.web",
]
MIDDLEWARE = [
    "classroom_admin.common.request_context.RequestContext",
    "classroom_admin.operations.probes.WithoutSession",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Compress for slow connections. Random padding and masked CSRF tokens hinder BREACH attacks.
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "classroom_admin.web.api.v1.middleware.ApiResponses",
    "classroom_admin.accounts.middleware.PrivatePages",
    "classroom_admin.web.nul_characters.RefuseNulCharacters",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "classroom_admin.accounts.session_limits.SessionLimits",
    "classroom_admin.accounts.middleware.AccountLanguage",
    "classroom_admin.accounts.middleware.AccountTimeZone",
    "classroom_admin.accounts.middleware.PersonInLog",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "classroom_admin.web.first_run.middleware.LeadToFirstRun",
    "classroom_admin.accounts.throttling_middleware.ThrottledAttempts",
    "classroom_admin.accounts.first_steps.RequireFirstSteps",
    "classroom_admin.web.refused_access.RecordRefusedAccess",
    "allauth.account.middleware.AccountMiddleware",
    "classroom_admin.accounts.sign_on_only.RefusePasswords",
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
_own_database = {"ENGINE": settings_data.SQLITE, "NAME": str(DATA_DIR / "classroom_admin.sqlite3")}
DATABASES: dict[str, dict[str, Any]] = {"default": {**(env.DATABASE_URL or _own_database)}}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["ENGINE"] = settings_data.SQLITE
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-4000; "
        "PRAGMA secure_delete=ON;",  # overwrite deleted rows, so that nobody can read them from the file
    }
    settings_data.make_private(env, sqlite=str(DATABASES["default"]["NAME"]))
else:
    settings_data.make_private(env, sqlite="")
    _options = DATABASES["default"].get("OPTIONS", {})
    DATABASES["default"]["OPTIONS"] = {**settings_data.NOTICE_LOST_CONNECTIONS, **_options}

# --- cache: second limits of allauth; accounts.throttling counts in the database -----
CACHES = {"default": env.CACHE_URL}


# --- Celery: messages are only wake-ups, because the database is the queue ----
def _broker_socket() -> Path:
    try:
        return broker.socket_path(DATA_DIR)
    except broker.BrokerProblem as error:
        raise ImproperlyConfigured(str(error)) from error


BROKER_SOCKET = None if env.CELERY_BROKER_URL else _broker_socket()
CELERY_BROKER_URL, CELERY_BROKER_USE_SSL = settings_data.broker_tls(
    broker.url(BROKER_SOCKET) if BROKER_SOCKET else env.CELERY_BROKER_URL
)
# Celery itself reads the variable CELERY_BROKER_URL, and prefers it to the setting of this name.
CELERY_BROKER_READ_URL = CELERY_BROKER_WRITE_URL = CELERY_BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# With RabbitMQ, a thread of a worker would wait for ever if it changed this number after a lost connection.
CELERY_WORKER_ENABLE_PREFETCH_COUNT_REDUCTION = False
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker as long as it takes
CELERY_BROKER_TRANSPORT_OPTIONS = settings_data.broker_options(CELERY_BROKER_URL)
CELERY_TASK_DEFAULT_DELIVERY_MODE = "transient"  # RabbitMQ need not write wake-ups to its disk
CELERY_BEAT_SCHEDULER = "classroom_admin.runtime.beat:SteadyScheduler"
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "sync"
# Tasks in these queues are due at an exact second. They have threads or a worker of their own, so they never
# wait for others.
CELERY_TASK_ROUTES = {
    "sync.poll": {"queue": "poll"},
    "actions.run_promised": {"queue": "promised"},
}

# --- the cloud ----------------------------------------------------------------
AGORA = CloudConfig(
    base_url=env.AGORA_BASE_URL,
    fallback_url=env.AGORA_FALLBACK_URL,
    chat_url=env.AGORA_CHAT_URL,
    region=env.AGORA_REGION,
    app_id=env.AGORA_APP_ID,
    app_certificate=env.AGORA_APP_CERTIFICATE,
    uid=env.AGORA_UID,
    customer_id=env.AGORA_CUSTOMER_ID,
    customer_secret=env.AGORA_CUSTOMER_SECRET,
    auth=env.AGORA_AUTH,
    record_update_method=env.AGORA_RECORD_UPDATE_METHOD,
    requests_per_second=env.AGORA_REQUESTS_PER_SECOND,
)
AGORA_CLOCK_URL = env.AGORA_CLOCK_URL  # for tests only: use a simulator's clock
if AGORA_CLOCK_URL:
    try:
        clock.install(clock.SimulatorClock(AGORA_CLOCK_URL))
    except ValueError as error:
        raise ImproperlyConfigured(f"AGORA_CLOCK_URL is for tests only: {error}") from error
AGORA_POLL_SECONDS = env.AGORA_POLL_SECONDS
# A message expires if no worker is free. The next message then starts the same work.
CELERY_BEAT_SCHEDULE = {
    task: {"task": task, "schedule": every_s, "options": {"expires": max(2.0, every_s)}}
    for task, every_s in {
        "audit.link": 1.0,
        **({"audit.copy": 5.0} if AUDIT_SYSLOG else {}),  # noqa: F405
        "audit.verify": 3600.0,
        "sync.poll": AGORA_POLL_SECONDS or 1.0,  # without the variable, sync/polling_pace.py decides
        "sync.fold_due": 1.0,
        "sync.project_outdated": 5.0,
        "sync.fill_holes": 1.0,
        "sync.sweep": 1.0,
        "sync.profiles": 1.0,
        "sync.chat": 7.0,  # Agora Chat allows ten requests for its history a minute
        "sync.tidy": 3600.0,
        "sync.check_recordings": 3600.0,
        "reports.refresh": 5.0,
        "actions.run_long": 5.0,
        "actions.run_promised": 1.0,
        "actions.tidy_files": 3600.0,
        "actions.test_capabilities": 3600.0,
        "reports.run_exports": 5.0,
        "reports.tidy_exports": 3600.0,
        "privacy.run_person_jobs": 5.0,
        "privacy.tidy_people": 3600.0,
        "joining.tidy": 30.0,
        "privacy.retain": 10.0,  # it runs at night only, in parts of a few seconds
        "notices.hand_over": 2.0,
        "notices.look": 10.0,
        "webhooks.deliver": 5.0,
        "webhooks.tidy": 3600.0,
        "lti.work": 10.0,
        "lti.tidy": 3600.0,
        "mail.send": 10.0,
        "mail.plan_summaries": 300.0,
        "chat_targets.send": 5.0,
        "chat_targets.tidy": 3600.0,
    }.items()
}
# --- alerts: how long each condition must last (rooms/alert_kinds.py, docs/running.md) --------
WALL_NO_TEACHER_MINUTES = env.WALL_NO_TEACHER_MINUTES
WALL_ALONE_MINUTES = env.WALL_ALONE_MINUTES
WALL_HAND_MINUTES = env.WALL_HAND_MINUTES
WALL_RECORDING_MINUTES = env.WALL_RECORDING_MINUTES
WALL_OVER_MINUTES = env.WALL_OVER_MINUTES
WALL_REFUSED_MINUTES = env.WALL_REFUSED_MINUTES
WALL_STALE_SECONDS = env.WALL_STALE_SECONDS
RECORD_EVERY_CLASS = env.RECORD_EVERY_CLASS
CLASS_MADE_DAYS_AHEAD = env.CLASS_MADE_DAYS_AHEAD  # the cloud keeps an unused room for five days
# The minutes that a person may miss at the start and at the end without counting as late or as leaving early.
LATE_AFTER_MINUTES = env.LATE_AFTER_MINUTES
LEFT_EARLY_MINUTES = env.LEFT_EARLY_MINUTES
PARTICIPATION_WEIGHTS = env.PARTICIPATION_WEIGHTS  # reports/score.py
RECORDING_LINK_DAYS = env.RECORDING_LINK_DAYS
API_REQUESTS_PER_MINUTE = env.API_REQUESTS_PER_MINUTE  # of each person
JOIN_URL_TEMPLATE = env.JOIN_URL_TEMPLATE
RELAY_SECRET = env.RELAY_SECRET
AGORA_NOTIFICATIONS_SECRET = env.AGORA_NOTIFICATIONS_SECRET
AGORA_CHAT_SECRET = env.AGORA_CHAT_SECRET
OUTBOUND_PRIVATE_NETWORKS = env.OUTBOUND_PRIVATE_NETWORKS  # common/outbound.py

# This is enough for 2,000 selected classes, or for breakout rooms with 4,000 people (two fields per person).
# Django also limits the size of a request body in bytes.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

# --- uploaded files: on disk or in an S3 bucket -----------------------------------
FILES_MAX_BYTES = env.FILES_MAX_MB * 1_000_000
FILES_KEEP_DAYS = env.FILES_KEEP_DAYS
DISK_RESERVE_BYTES = env.DISK_RESERVE_MB * 1_000_000
FILES_QUOTA_BYTES = env.FILES_QUOTA_MB * 1_000_000
FILES_ALLOW_MACROS, FILES_WITHOUT_SCAN = env.FILES_ALLOW_MACROS, env.FILES_WITHOUT_SCAN
CLAMD_URL = env.CLAMD_URL
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
FILES_S3_BUCKET = env.FILES_S3_BUCKET
_on_disk = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {
        "location": str(env.FILES_DIR or DATA_DIR / "files"),
    },
}
_in_a_bucket = {
    "BACKEND": "storages.backends.s3.S3Storage",
    "OPTIONS": {
        "bucket_name": FILES_S3_BUCKET,
        "endpoint_url": env.FILES_S3_ENDPOINT or None,
        "region_name": env.FILES_S3_REGION or None,
        "access_key": env.FILES_S3_ACCESS_KEY or None,
        "secret_key": env.FILES_S3_SECRET_KEY or None,
        "addressing_style": env.FILES_S3_ADDRESSING,
        "default_acl": None,
        "file_overwrite": False,
        "querystring_auth": True,
    },
}
STORAGES = {
    "default": _in_a_bucket if FILES_S3_BUCKET else _on_disk,
    "staticfiles": {"BACKEND": "classroom_admin.runtime.static_files.StaticFiles"},
}

# --- people: sign-in, second factors, sessions and passwords are in settings_sign_in.py --------
AUTH_USER_MODEL = "accounts.User"

# --- monitoring: the metrics exist if someone may read them --------------------------
METRICS_TOKEN, METRICS_NETWORKS = env.METRICS_TOKEN, env.METRICS_NETWORKS
METRICS_FOLDER = DATA_DIR / "metrics" if METRICS_TOKEN or METRICS_NETWORKS else None
OTEL_EXPORTER_OTLP_ENDPOINT = env.OTEL_EXPORTER_OTLP_ENDPOINT
if METRICS_FOLDER is not None:
    MIDDLEWARE.insert(0, "classroom_admin.web.request_metrics.NoteRoute")

# --- languages and time -------------------------------------------------------------
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("es", "Español"), ("ar", "العربية")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.TIME_ZONE
USE_TZ = True

# --- static, mail; the log is in settings_logs.py --------------------------------------------------------
STATIC_URL = f"{PATH_PREFIX}/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
vars().update(env.EMAIL_URL)
DEFAULT_FROM_EMAIL = mail_from(
    env.MAIL_FROM, account=str(env.EMAIL_URL.get("EMAIL_HOST_USER", "")), public_url=PUBLIC_URL
)
