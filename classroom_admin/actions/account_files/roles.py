"""Read the words for roles, and for yes and no, that schools write into files."""

from __future__ import annotations

from functools import cache
from typing import Final

from django.conf import settings
from django.utils import translation

from classroom_admin.accounts.models import User
from classroom_admin.common.text_matching import search_key

NOT_STAFF: Final = frozenset({"student", "guardian", "parent", "relative"})
"""Roles of OneRoster whose people get no account here."""
_WORDS: Final = {
    User.Role.ADMINISTRATOR: "admin|administrators|administrador|administradora|administrateur|sysadmin"
    "|system administrator|site administrator|systemadministrator|district administrator|管理者|管理员|مدير",
    User.Role.COORDINATOR: "coordinators|coordinador|coordinadora|koordinator|koordinatorin|coordinateur",
    User.Role.TEACHER: "teachers|docente|docentes|profesor|profesora|maestro|maestra|lehrer|lehrerin"
    "|lehrkraft|enseignant|enseignante|professeur|insegnante|professor|老师|教员|معلمة|مدرس|مدرسة|учитель|instructor",
    User.Role.ASSISTANT: "assistants|teaching assistant|ta|aide|asistente|assistent|assistentin|proctor",
    User.Role.OBSERVER: "observers|observador|observadora|beobachter|beobachterin|observateur",
    User.Role.AUDITOR: "auditors|auditora|prufer|pruferin|auditeur",
}
_YES: Final = (
    "yes|y|true|1|x|active|activated|enabled|on|ja|aktiv|si|activo|activa|oui|actif|是|启用|有效|نعم|نشط"
)
_NO: Final = (
    "no|n|false|0|inactive|deactivated|disabled|off|tobedeleted|nein|inaktiv|inactivo|inactiva|desactivado"
    "|desactivada|non|inactif|否|停用|无效|لا|غير نشط|معطل"
)


def role_named(words: str) -> str | None:
    """Return the role with this name or label, in any language of the pages, or None."""
    return _roles().get(_key(words))


def is_yes(words: str) -> bool | None:
    """Return whether the words mean yes (active). Return None if they mean neither yes nor no."""
    key = _key(words)
    if key in _keys(_YES):
        return True
    return False if key in _keys(_NO) else None


def is_not_staff(words: str) -> bool:
    """Return whether this is a role of people who get no account, such as students."""
    return _key(words) in NOT_STAFF


@cache
def _roles() -> dict[str, str]:
    found: dict[str, str] = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found |= {_key(str(role.label)): role.value for role in User.Role}
    for role, words in _WORDS.items():
        found |= {_key(word): role.value for word in (role.value, *words.split("|"))}
    return found


@cache
def _keys(words: str) -> frozenset[str]:
    return frozenset(_key(word) for word in words.split("|"))


def _key(words: str) -> str:
    return " ".join(search_key(words).replace("-", " ").replace("_", " ").split())
