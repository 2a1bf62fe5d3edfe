"""Settings that say how long data is kept, in days. `privacy.limits` reads them."""

import os

from classroom_admin.environment import variables

_env = variables.read(os.environ)

RETENTION_HOUR = _env.RETENTION_HOUR
RETENTION_DAYS = {
    "chat": _env.RETENTION_CHAT_DAYS,
    "direct_messages": _env.RETENTION_DIRECT_MESSAGES_DAYS,
    "recordings": _env.RETENTION_RECORDINGS_DAYS,
    "events": _env.RETENTION_EVENTS_DAYS,
    "attendance": _env.RETENTION_ATTENDANCE_DAYS,
    "class_lists": _env.RETENTION_CLASS_LISTS_DAYS,
    "audit": _env.RETENTION_AUDIT_DAYS,
    "quarantine": _env.RETENTION_QUARANTINE_DAYS,
    "commands": _env.RETENTION_COMMANDS_DAYS,
    "files": _env.RETENTION_FILES_DAYS,
    "exports": _env.RETENTION_EXPORTS_DAYS,
}
