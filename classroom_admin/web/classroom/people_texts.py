"""How often, how long, and what became of it, in words."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

_ORDINALS: Final = {
    2: _("second time this week"),
    3: _("third time this week"),
    4: _("fourth time this week"),
    5: _("fifth time this week"),
}


def times_this_week(number: int) -> str:
    """ "third time this week" for 3; "" below 2."""
    if number < 2:
        return ""
    return str(_ORDINALS.get(number) or gettext("%(number)s times this week") % {"number": number})


def removed_this_week(number: int) -> str:
    """ "removed twice this week" in figures; "" for never."""
    if not number:
        return ""
    words = ngettext("removed %(number)s time this week", "removed %(number)s times this week", number)
    return words % {"number": number}
