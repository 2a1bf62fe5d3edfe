"""Describe the device of a session in words, from the browser's User-Agent header."""

from django.utils.translation import gettext as _
from ua_parser import parse


def in_words(user_agent: str) -> str:
    """Return, for example, "Firefox on Windows". Return "Unknown device" if the header says nothing known."""
    found = parse(user_agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown device")
