"""Name and describe the classroom's widgets and extensions: `widgets`, `extApps` and `extAppsCommon`.

Quizzes and polls have their own streams (see `quizzes_polls`).
"""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events.property_changes import PropertyTopic, below
from classroom_admin.events.sentences import Names
from classroom_admin.events.values import Json, flag

EXT_APPS: Final = "extApps"
_QUIZ, _POLL = gettext_lazy("quiz"), gettext_lazy("poll")
_BOARD, _TIMER = gettext_lazy("whiteboard"), gettext_lazy("timer")
TOOLS: Final[dict[str, str | Promise]] = {
    "popupquiz": _QUIZ,
    "io_agora_answer": _QUIZ,
    "poll": _POLL,
    "io_agora_vote": _POLL,
    "netlessboard": _BOARD,
    "fcrboard": _BOARD,
    "easemobim": gettext_lazy("chat"),
    "countdown": _TIMER,
    "countdowntimer": _TIMER,
    "io_agora_countdown": _TIMER,
    "streamwindow": gettext_lazy("large video windows"),
    "mediaplayer": gettext_lazy("video player"),
    "webview": gettext_lazy("web page"),
    "watermark": gettext_lazy("watermark"),
}
"""The names of widgets and extensions in texts for people. The keys are the cloud's names in lower case."""


def _sentence(name: str, value: Json, names: Names) -> str:
    tool, opened = TOOLS.get(name.casefold()), flag(below(value, "state"))
    if tool is None or opened is None:
        return ""
    return (_("Opened in the class: %(what)s") if opened else _("Closed in the class: %(what)s")) % {
        "what": tool
    }


PROPERTIES = (
    PropertyTopic(root="widgets", open_levels=3, members=TOOLS, sentence=_sentence),
    PropertyTopic(root=EXT_APPS, column="ext_apps", open_levels=2, members=TOOLS, sentence=_sentence),
    PropertyTopic(root="extAppsCommon", members=TOOLS, sentence=_sentence),
)
