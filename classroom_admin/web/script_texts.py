"""Put the texts for scripts into the page, in the page's language (see static/js/texts.js).

Placeholders are in braces. A text with a number has one form for each plural category of `Intl.PluralRules`.
Forms that equal the form "other" are left out.
"""

import functools
from collections.abc import Callable
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.html import json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

WORDS: Final = {
    # age of the data
    "none": _("No data from the cloud yet"),
    "fresh": _("Up to date"),
    "stale": _("Out of date for {age}"),
    "old": _("Updated {age} ago"),
    "offline": _("No connection"),
    "offline_for": _("No connection for {age}"),
    "trouble": _("Problem with the cloud"),
    "answered": _("Last answer from the cloud"),
    "seconds": _("{seconds} s"),
    # times
    "under_a_minute": _("under 1 min"),
    "just_now": _("just now"),
    "minutes": _("{minutes} min"),
    "hours": _("{hours} h {minutes} min"),
    "ago": _("{time} ago"),
    "over_time": _("{time} overtime"),
    "time_left": _("{time} left"),
    # errors
    "not_open": _("You no longer have access to this class. Reload the page."),
    "unreachable": _(
        "The dashboard could not be reached, so it is unclear whether the command worked. "
        "Wait a moment: the page shows the result."
    ),
    "not_there": _("This no longer exists. Reload the page."),
    "signed_out": _("You were signed out in the meantime. Reload the page and sign in."),
    "went_wrong": _(
        "Something went wrong, so it is unclear whether the command worked. Wait a moment: "
        "the page shows the result."
    ),
    "requested": _("{what}: requested…"),
    "no_match": _("No one in this class matches."),
    "search_all": _("Search all classes"),
    "copy_by_hand": _("Press Ctrl+C to copy"),
    # announcements for screen readers
    "list": _(", "),
    "hand": _("{names} raised a hand"),
    "entered": _("{names} joined"),
    "left": _("{names} left"),
    "live": _("Now live: {names}"),
    "paused": _("Announcements for screen readers are paused"),
    "pause": _("Pause announcements for screen readers"),
}
COUNTED: Final[dict[str, Callable[[int], str]]] = {
    "days": lambda n: ngettext("{count} day", "{count} days", n),
    "hands": lambda n: ngettext("{count} hand was raised", "{count} hands were raised", n),
    "entered_many": lambda n: ngettext("{count} person joined", "{count} people joined", n),
    "left_many": lambda n: ngettext("{count} person left", "{count} people left", n),
    "live_many": lambda n: ngettext("{count} class started", "{count} classes started", n),
    "left_match": lambda n: ngettext(
        "{count} person who has left matches your search.",
        "{count} people who have left match your search.",
        n,
    ),
    "newer": lambda n: ngettext("{count} new", "{count} new", n),
    "changes": lambda n: ngettext("{count} change", "{count} changes", n),
}
# Each number has its plural category in every language that uses this category.
SAMPLES: Final = {"zero": 0, "one": 1, "two": 2, "few": 3, "many": 11, "other": 100}


class Readable(DjangoJSONEncoder):
    """A JSON encoder that does not escape letters. Escapes would make Arabic texts three times as long."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"ensure_ascii": False})


def words_for_scripts() -> SafeString:
    """Return a `<script>` element with the texts in the active language."""
    return _element(get_language() or "en")


@functools.cache
def _element(language: str) -> SafeString:
    return json_script({key: str(text) for key, text in WORDS.items()} | _counted(), "words", Readable)


def _counted() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for key, say in COUNTED.items():
        forms = {category: say(number) for category, number in SAMPLES.items()}
        found[key] = {name: form for name, form in forms.items() if name == "other" or form != forms["other"]}
    return found
