"""An event of the cloud as a sentence that a teacher can read. Pure, and never surprised: odd events get
plain words.

Some kinds name people by their cloud ids alone; `unnamed` tells which, so that whoever shows events can
look their names up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from classroom_admin.rooms import conversion
from classroom_admin.web import property_sentences
from classroom_admin.web.property_sentences import isolated
from classroom_admin.web.without_secrets import text_without_secrets, without_secrets

Data = dict[str, Any]
Names = Mapping[str, str]
QUOTED: Final = 90
"""Characters of a message that its sentence quotes."""
STREAMS_OF_QUESTIONS: Final = ("popupQuiz", "poll")


def read_raw(raw: str) -> Data:
    """The event's JSON as an object; {} for what is none."""
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def sentence(
    *, stream: str, cmd: int | None, raw: str, unreadable: str = "", names: Names | None = None
) -> tuple[str, str]:
    """(icon, sentence) for one stored event. `names`: what people are called, by their cloud ids."""
    if unreadable:
        return "triangle-alert", _("Unreadable event")
    data = read_raw(raw).get("data")
    telling = _Telling(data if isinstance(data, dict) else {}, names or {})
    if stream in STREAMS_OF_QUESTIONS:
        return "chart-bar", telling.question(stream)
    tell = _TELL.get(cmd)
    return tell(telling) if tell else ("activity", _("Event of type %(kind)s") % {"kind": cmd})


def unnamed(raw: str) -> set[str]:
    """Cloud ids of people whom an event names without saying what they are called."""
    data = read_raw(raw).get("data")
    found: set[str] = set()
    if isinstance(data, dict):
        for value in data.values():
            for person in value if isinstance(value, list) else [value]:
                if isinstance(person, dict) and not person.get("userName"):
                    found.add(str(person.get("userUuid") or ""))
    return found - {""}


def quoted(words: Any) -> str:
    """The beginning of a message, on one line."""
    text = " ".join(str(words).split())
    return isolated(text if len(text) <= QUOTED else f"{text[:QUOTED].rstrip()}…")


def _people(value: Any) -> list[Data]:
    return [person for person in value if isinstance(person, dict)] if isinstance(value, list) else []


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


class _Telling:
    """One event's data, and what people are called."""

    def __init__(self, data: Data, names: Names) -> None:
        self.data = data
        self._names = names

    def who(self, person: Any) -> str:
        """What somebody is called."""
        if not isinstance(person, dict):
            return _("Someone")
        name = person.get("userName") or self._names.get(str(person.get("userUuid")))
        return isolated(str(name)) if name else _("Someone")

    def whom(self, people: list[Data]) -> str:
        names = [self.who(person) for person in people[:3]]
        more = len(people) - len(names)
        words = ", ".join(names)
        return (
            pgettext("people", "%(names)s and %(count)s more") % {"names": words, "count": more}
            if more > 0
            else words
        )

    def several(self, people: list[Data], one: str, many: str) -> str:
        """Who did something: by name where names are known, else by number."""
        known = all(self.who(person) != _("Someone") for person in people)
        return f"{self.whom(people) if known else len(people)} {one if len(people) == 1 else many}"

    def names_of_settings(self) -> str:
        return ", ".join(property_sentences.names(self.data.get("changeProperties")))

    def question(self, stream: str) -> str:
        """What happened to a quiz or a poll."""
        cause = self.data.get("cause")
        cause = read_raw(cause) if isinstance(cause, str) else cause
        action = _number(cause.get("action")) if isinstance(cause, dict) else None
        quiz = stream == "popupQuiz"
        if action == 3:
            answer = self._answer(quiz=quiz)
            if answer:
                return answer
        if action == 4 and quiz and (sum_of := self._sum()):
            return sum_of
        words = _QUIZ_WORDS if quiz else _POLL_WORDS
        return str(words.get(action, words[None])())

    def _sum(self) -> str:
        told = self.data.get("changeProperties")
        answered, total = _number(_deep(told, "selectedCount")), _number(_deep(told, "totalCount"))
        if answered is None or total is None:
            return ""
        return _("Quiz so far: %(answered)d of %(total)d answered") % {
            "answered": answered,
            "total": total,
        }

    def _answer(self, *, quiz: bool) -> str:
        person = self.data.get("fromUser")
        operator = self.data.get("operator")
        if isinstance(operator, dict) and str(operator.get("role", "")) in ("2", "audience", "broadcaster"):
            person = operator
        chosen = _deep(self.data.get("changeProperties"), "selectedItems" if quiz else "selectIndex")
        if not isinstance(person, dict) or not isinstance(chosen, list):
            return ""
        right = _number(_deep(self.data.get("changeProperties"), "isCorrect")) if quiz else None
        places = {"who": self.who(person), "what": quoted(", ".join(str(item) for item in chosen))}
        if not quiz:
            return _("%(who)s answered the poll") % places
        if right is None:
            return _("%(who)s answered the quiz: %(what)s") % places
        if right:
            return _("%(who)s answered the quiz: %(what)s (correct)") % places
        return _("%(who)s answered the quiz: %(what)s (incorrect)") % places


def _deep(value: Any, name: str) -> Any:
    """What stands under a name, wherever it stands (`extra.selectIndex`, nested, flat)."""
    if not isinstance(value, dict):
        return None
    for key, inner in value.items():
        if str(key).rsplit(".", 1)[-1] == name:
            return inner
        found = _deep(inner, name)
        if found is not None:
            return found
    return None


def _state(one: _Telling) -> tuple[str, str]:
    words = {
        0: _("The class has not started"),
        1: _("The class started"),
        2: _("The class ended"),
        3: _("The class was closed"),
    }
    return "play", words.get(_number(one.data.get("state")), _("The state of the class changed"))


def _chat(one: _Telling) -> tuple[str, str]:
    places = {"who": one.who(one.data.get("fromUser")), "what": quoted(one.data.get("message", ""))}
    if one.data.get("message"):
        return "message-square", _("%(who)s wrote: %(what)s") % places
    return "message-square", _("%(who)s wrote in the chat") % places


def _comings(one: _Telling) -> tuple[str, str]:
    came, left = _people(one.data.get("onlineUsers")), _people(one.data.get("offlineUsers"))
    kicked = [person for person in left if _number(person.get("type")) == 2]
    gone = [person for person in left if _number(person.get("type")) != 2]
    said = [
        words % {"who": one.whom(people)}
        for people, words in (
            (came, _("%(who)s joined")),
            (gone, _("%(who)s left")),
            (kicked, _("Removed from the class: %(who)s")),
        )
        if people
    ]
    return ("log-in" if came else "log-out"), "; ".join(said) or _("People joined or left")


def _user(one: _Telling) -> tuple[str, str]:
    if "message" in one.data:
        return _custom(one)
    muted = _number(one.data.get("muteChat"))
    words = {0: _("%(who)s was unmuted in the chat"), 1: _("%(who)s was muted in the chat")}.get(
        muted, _("The details of %(who)s changed")
    )
    person = one.data if one.data.get("userUuid") or one.data.get("userName") else one.data.get("fromUser")
    return "message-square-off" if muted else "user-round", words % {"who": one.who(person)}


def _stream(one: _Telling) -> tuple[str, str]:
    action = _number(one.data.get("action"))
    screen = _number(one.data.get("videoSourceType")) == 2
    if screen:
        words = {
            0: _("%(who)s started sharing the screen"),
            2: _("%(who)s stopped sharing the screen"),
        }.get(action, _("%(who)s changed the screen sharing"))
    else:
        words = {
            0: _("%(who)s turned on the camera or microphone"),
            2: _("%(who)s turned off the camera and microphone"),
        }.get(action, _("%(who)s changed the camera or microphone"))
    return "screen-share" if screen else "video", words % {"who": one.who(one.data.get("fromUser"))}


def _custom(one: _Telling) -> tuple[str, str]:
    words = _("%(who)s sent a message to the class's apps")
    return "send", words % {"who": one.who(one.data.get("fromUser"))}


def _recording(one: _Telling) -> tuple[str, str]:
    started = _number(one.data.get("state")) == 1
    return "circle-dot", _("The recording started") if started else _("The recording stopped")


def _files(one: _Telling) -> tuple[str, str]:
    files = _people(one.data.get("resources"))
    named = [
        isolated(str(file["resourceName"])) if file.get("resourceName") else _("a file") for file in files
    ]
    places = {"files": ", ".join(named[:3]) or _("Files")}
    count = len(files) or 2
    if _number(one.data.get("action")) == 2:
        words = ngettext("%(files)s was deleted", "%(files)s were deleted", count)
    elif converted := [sentence for file in files if (sentence := _conversion(file, places))]:
        if len(files) == 1:
            return "files", converted[0]
        words = ngettext("%(files)s was shared or changed", "%(files)s were shared or changed", count)
    else:
        words = ngettext("%(files)s was shared", "%(files)s were shared", count)
    return "files", words % places


def _conversion(file: Data, places: Mapping[str, str]) -> str:
    """How far a file's conversion is, as a sentence; "" where none was asked for."""
    told = file.get("taskProgress")
    told = told if isinstance(told, dict) else {}
    done = conversion.progress(
        percent=_number(told.get("convertedPercentage")), total=told.get("totalPageSize")
    )
    if done is None:
        return ""
    if done.percent == 0:
        return _("%(files)s was shared and is being converted") % places
    if not done.is_over:
        return _("%(files)s is %(percent)s %% converted") % {**places, "percent": done.percent}
    if not done.total:
        return _("%(files)s is converted") % places
    words = ngettext(
        "%(files)s is converted: %(pages)s page", "%(files)s is converted: %(pages)s pages", done.total
    )
    return words % {**places, "pages": done.total}


def _rewards(one: _Telling) -> tuple[str, str]:
    people = _people(one.data.get("rewardDetails"))
    words = _("%(who)s got a reward") % {"who": one.whom(people)} if people else _("Rewards were given")
    return "award", words


def _stage(one: _Telling) -> tuple[str, str]:
    up, down = _people(one.data.get("addAcceptedUsers")), _people(one.data.get("removeAcceptedUsers"))
    if up:
        return "presentation", one.several(up, _("went on stage"), _("went on stage"))
    words = one.several(down, _("left the stage"), _("left the stage"))
    return "presentation", words if down else _("The stage changed")


def _hands(one: _Telling) -> tuple[str, str]:
    up, down = _people(one.data.get("addProgressUsers")), _people(one.data.get("removeProgressUsers"))
    if up:
        return "hand", one.several(up, _("raised a hand"), _("raised their hands"))
    words = one.several(down, _("lowered their hand"), _("lowered their hands"))
    return "hand", words if down else _("Raised hands changed")


def _class_settings(one: _Telling) -> tuple[str, str]:
    sentence = property_sentences.told(one.data.get("changeProperties"))
    if sentence:
        return "settings", sentence
    names = one.names_of_settings()
    if names:
        return "settings", _("Class settings changed: %(names)s") % {"names": names}
    return "settings", _("A class setting changed")


def _person_settings(one: _Telling) -> tuple[str, str]:
    people = [one.data.get("fromUser")]
    for value in one.data.values():
        people += [person.get("fromUser", person) for person in _people(value)]
    known = [person for person in people if isinstance(person, dict)]
    names = one.names_of_settings()
    if known and names:
        words = _("A setting of %(who)s changed: %(names)s")
        return "user-round", words % {"who": one.whom(known), "names": names}
    if known:
        return "user-round", _("A setting of %(who)s changed") % {"who": one.whom(known)}
    return "user-round", _("A setting of a participant changed")


def _streams(one: _Telling) -> tuple[str, str]:
    return "video", _("Cameras or microphones changed")


_QUIZ_WORDS: Final[dict[int | None, Callable[[], str]]] = {
    1: lambda: _("The quiz started"),
    2: lambda: _("The quiz ended"),
    3: lambda: _("The quiz was answered"),
    4: lambda: _("The quiz has new results"),
    None: lambda: _("The quiz changed"),
}
_POLL_WORDS: Final[dict[int | None, Callable[[], str]]] = {
    1: lambda: _("The poll started"),
    2: lambda: _("The poll ended"),
    3: lambda: _("The poll was answered"),
    4: lambda: _("The poll has new results"),
    None: lambda: _("The poll changed"),
}
_TELL: Final[dict[int | None, Callable[[_Telling], tuple[str, str]]]] = {
    1: _state,
    3: _chat,
    4: _class_settings,
    5: _class_settings,
    20: _comings,
    21: _user,
    22: _person_settings,
    23: _person_settings,
    40: _stream,
    41: _streams,
    99: _custom,
    1001: _recording,
    1003: _files,
    1101: _rewards,
    1501: _stage,
    1502: _hands,
}


def pretty(raw: str) -> str:
    """The event's JSON, indented; as it came where it can't be read. What is secret is blanked out."""
    try:
        return json.dumps(without_secrets(json.loads(raw)), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text_without_secrets(raw)
