"""Describe an entry of the audit log in one sentence, with its duration and its reason if it has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from classroom_admin.agora.fields import FOREVER
from classroom_admin.audit.actions import label
from classroom_admin.audit.models import Entry
from classroom_admin.events.sentences import isolated
from classroom_admin.web.audit_texts import SENTENCES
from classroom_admin.web.wording import length_in_words

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_REMOVED_FOREVER: Final = _("Removed %(whom)s permanently")
_REMOVED_FOR_CLASS: Final = _("Removed %(whom)s until the class ends")
_REMOVED_FOR: Final = _("Removed %(whom)s for %(length)s")
# In these actions, the target is the actor or the class, which the entry names elsewhere.
_OWN: Final = (
    "sign_in sign_out password_change password_chosen calendar_on calendar_off second_factor_add "
    "second_factor_remove recovery_code_used recovery_codes own_sessions_end first_administrator mails"
)
_OWN_SIGN_ON: Final = ("connect", "create", "role", "cloud_id", "emergency_sign_in")
_OF_ONESELF: Final = frozenset(
    {*(f"account.{name}" for name in _OWN.split()), *(f"sign_on.{name}" for name in _OWN_SIGN_ON)}
)
_OF_THE_CLASS: Final = (
    "class.",
    "joining.make_",
    "joining.renew_link",
    "joining.link_off",
    "joining.settings",
    "joining.revoke_personal_links",
    "recording.",
    "groups.open",
    "groups.close",
    "wall.snooze",
    "wall.unsnooze",
    "stage.",
    "rewards.",
    "chat.",
    "tool.stop_",
    "quiz.",
    "poll.",
    "countdown.",
)
_WITH_TARGET: Final = ("groups.close_one",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A description of an audit log entry in words. `length` and `reason` are "" if the entry has none.

    `more` contains further facts. `shown` contains the names of the parameters that these texts already
    contain. If `names_class` is True, the target of the entry is its class.
    """

    sentence: str
    length: str = ""
    reason: str = ""
    more: list[str] = field(default_factory=list)
    shown: frozenset[str] = frozenset()
    names_class: bool = False


def describe(entry: Entry) -> Description:
    """Return the description of an entry. Names in it are isolated for right-to-left text."""
    special = _SPECIAL.get(entry.action)
    description = special(entry) if special else Description(sentence=_sentence(entry))
    reason = entry.params.get("reason")
    return Description(
        sentence=description.sentence,
        length=description.length,
        reason=reason if isinstance(reason, str) else "",
        more=description.more,
        shown=description.shown | {"reason"},
        names_class=_is_of_the_class(entry),
    )


def _sentence(entry: Entry, text: StrOrPromise = "", **facts: str) -> str:
    """Return a sentence about the target. If the target has no name, return the label of the action."""
    whom = entry.target_name or entry.target
    if not whom or entry.action in _OF_ONESELF or _is_of_the_class(entry):
        return label(entry.action)
    text = text or SENTENCES.get(entry.action, "")
    if not text:
        return f"{label(entry.action)}: {isolated(whom)}"
    return str(text) % {"whom": isolated(whom), **facts}


def _is_of_the_class(entry: Entry) -> bool:
    return entry.action.startswith(_OF_THE_CLASS) and entry.action not in _WITH_TARGET


def _removal(entry: Entry) -> Description:
    ban, text = _ban(entry.params)
    return Description(sentence=_sentence(entry, text, length=ban), length=ban, shown=_BAN)


def _scheduled_removal(entry: Entry) -> Description:
    ban, _text = _ban(entry.params)
    delay = _number(entry.params, "after_s")
    if delay is None:
        return Description(sentence=f"{label(entry.action)}: {isolated(entry.target_name)}")
    more = [gettext("Ban: %(length)s") % {"length": ban}] if ban else []
    sentence = _sentence(entry, delay=length_in_words(delay))
    return Description(sentence=sentence, length=ban, more=more, shown=_BAN | {"after_s"})


def _ban(params: Mapping[str, Any]) -> tuple[str, StrOrPromise]:
    """Return the length of the ban and a sentence. Both are "" if nobody was banned."""
    if params.get("for_good") or params.get("ban_s") == FOREVER:
        return gettext("permanently"), _REMOVED_FOREVER
    if params.get("for_the_class"):
        return gettext("until the class ends"), _REMOVED_FOR_CLASS
    seconds = _number(params, "duration_s")
    return (length_in_words(seconds), _REMOVED_FOR) if seconds else ("", "")


def _acknowledgement(entry: Entry) -> Description:
    minutes = _number(entry.params, "minutes")
    length = gettext("until the class ends") if minutes is None else length_in_words(minutes * 60)
    return Description(sentence=_sentence(entry), length=length, more=[length], shown=frozenset({"minutes"}))


def _renaming(entry: Entry) -> Description:
    before = isolated(str(entry.params.get("from") or ""))
    return Description(sentence=_sentence(entry, **{"from": before}), shown=frozenset({"from"}))


def _list_change(entry: Entry) -> Description:
    counts = {name: _number(entry.params, name) for name in ("added", "changed", "removed")}
    if None in counts.values():
        return Description(sentence=_sentence(entry))
    more = [gettext("%(added)s added, %(changed)s changed, %(removed)s removed") % counts]
    names = entry.params.get("names")
    if isinstance(names, list):
        more += [isolated(str(name)) for name in names]
    return Description(sentence=_sentence(entry), more=more, shown=frozenset({*counts, "names"}))


def _series(entry: Entry) -> Description:
    count = _number(entry.params, "classes")
    if count is None:
        return Description(sentence=_sentence(entry))
    more = ngettext("%(count)d class", "%(count)d classes", count) % {"count": count}
    return Description(sentence=_sentence(entry), more=[more], shown=frozenset({"classes"}))


_SCOPES: Final[dict[str, StrOrPromise]] = {
    "this": _("This class"),
    "following": _("This and following classes"),
    "all": _("All classes"),
}
_HOW_CHANGED: Final[dict[str, StrOrPromise]] = {
    "added": pgettext_lazy("class", "Added"),
    "restored": _("Scheduled again"),
    "remade": _("Created again"),
    "cancelled": pgettext_lazy("class", "Cancelled"),
    "closed": _("Cancelled and closed in the cloud"),
}


def _series_change(entry: Entry) -> Description:
    """Describe a change of scheduled classes."""
    if entry.params.get("scope") not in _SCOPES:  # an earlier version recorded only the number of classes
        return _series(entry)
    counts = {name: _number(entry.params, name) or 0 for name in ("changed", *_HOW_CHANGED)}
    total = {"count": sum(counts.values())}
    more = [str(_SCOPES[entry.params["scope"]])]
    more += [ngettext("%(count)d class", "%(count)d classes", total["count"]) % total]
    more += [f"{words}: {counts[name]}" for name, words in _HOW_CHANGED.items() if counts[name]]
    return Description(sentence=_sentence(entry), more=more, shown=frozenset({"scope", *counts}))


def _list_choice(entry: Entry) -> Description:
    removed = gettext("Removed the class list from the class")
    return Description(sentence=_sentence(entry) if entry.target_name else removed, shown=frozenset({"list"}))


_MANY: Final[dict[str, dict[str, StrOrPromise]]] = {
    "class.microphones_off": {
        "students": _("Muted the microphones of all students"),
        "off_stage": _("Muted the microphones of all students who are not on stage"),
        "chosen": _("Muted the microphones of selected people"),
    },
    "class.microphones_on": {
        "students": _("Unmuted the microphones of all students"),
        "off_stage": _("Unmuted the microphones of all students who are not on stage"),
        "chosen": _("Unmuted the microphones of selected people"),
    },
    "class.cameras_off": {
        "students": _("Turned off the cameras of all students"),
        "off_stage": _("Turned off the cameras of all students who are not on stage"),
        "chosen": _("Turned off the cameras of selected people"),
    },
    "class.cameras_on": {
        "students": _("Turned on the cameras of all students"),
        "off_stage": _("Turned on the cameras of all students who are not on stage"),
        "chosen": _("Turned on the cameras of selected people"),
    },
}


def _media_of_many(entry: Entry) -> Description:
    words = _MANY[entry.action].get(str(entry.params.get("whom")), label(entry.action))
    return Description(
        sentence=str(words), more=_people(entry), shown=frozenset({"whom", "people", "streams"})
    )


def _people(entry: Entry) -> list[str]:
    count = _number(entry.params, "people")
    return (
        [] if count is None else [ngettext("%(count)d person", "%(count)d people", count) % {"count": count}]
    )


def _of_people(entry: Entry) -> Description:
    return Description(sentence=_sentence(entry), more=_people(entry), shown=frozenset({"people"}))


def _media(entry: Entry) -> Description:
    return Description(sentence=_sentence(entry), shown=frozenset({"streams"}))


def _block(entry: Entry) -> Description:
    minutes = _number(entry.params, "minutes")
    if minutes is None:
        return Description(sentence=_sentence(entry))
    length = length_in_words(minutes * 60)
    what = entry.params.get("what")
    text = {
        ("microphone",): _("Blocked the microphone of %(whom)s for %(length)s"),
        ("camera",): _("Blocked the camera of %(whom)s for %(length)s"),
    }.get(
        tuple(what) if isinstance(what, list) else (),
        _("Blocked microphone and camera of %(whom)s for %(length)s"),
    )
    return Description(
        sentence=_sentence(entry, text, length=length),
        length=length,
        shown=frozenset({"minutes", "what", "streams"}),
    )


def _message(entry: Entry) -> Description:
    text = entry.params.get("text")
    more = [isolated(text)] if isinstance(text, str) else []
    sentence = _sentence(entry)
    if entry.action == "chat.announce":
        sentence = {
            2: gettext("Sent an announcement to some breakout rooms"),
            3: gettext("Sent an announcement to the class and all breakout rooms"),
        }.get(_number(entry.params, "to") or 1, gettext("Sent an announcement to the class"))
    return Description(sentence=sentence, more=more, shown=frozenset({"text", "to", "groups"}))


def _join_requests(entry: Entry) -> Description:
    people = entry.params.get("people")
    if not isinstance(people, list):
        return Description(sentence=_sentence(entry))
    names = [isolated(str(one.get("name", ""))) for one in people if isinstance(one, dict)]
    return Description(sentence=label(entry.action), more=names, shown=frozenset({"people", "count"}))


def _move(entry: Entry) -> Description:
    shown = frozenset({"from", "to", "user_id", "into_id"})
    into = str(entry.params.get("to") or "")
    text = _("Moved %(whom)s to the breakout room “%(into)s”")
    if not into:
        text = _("Moved %(whom)s from a breakout room back to the class")
    return Description(sentence=_sentence(entry, text, into=isolated(into)), shown=shown)


def _group_name(entry: Entry) -> Description:
    name = isolated(str(entry.params.get("name") or ""))
    text = _("Renamed the breakout room “%(whom)s” to “%(name)s”")
    return Description(sentence=_sentence(entry, text, name=name), shown=frozenset({"name"}))


def _reward(entry: Entry) -> Description:
    count = _number(entry.params, "count") or 1
    shown = frozenset({"count", "people"})
    if entry.action == "rewards.give":
        words = ngettext("Gave %(count)d reward each", "Gave %(count)d rewards each", count) % {
            "count": count
        }
        return Description(sentence=words, more=_people(entry), shown=shown)
    text = ngettext("Gave %(whom)s %(count)s reward", "Gave %(whom)s %(count)s rewards", count)
    return Description(sentence=_sentence(entry, text, count=str(count)), shown=shown)


def _question(entry: Entry) -> Description:
    items = entry.params.get("items")
    more = [isolated(", ".join(map(str, items)))] if isinstance(items, list) else []
    correct = entry.params.get("correct")
    if isinstance(correct, list):
        more.append(gettext("Correct: %(answers)s") % {"answers": isolated(", ".join(map(str, correct)))})
    if entry.params.get("multiple"):
        more.append(gettext("Several answers are allowed"))
    return Description(
        sentence=_sentence(entry), more=more, shown=frozenset({"items", "correct", "multiple"})
    )


def _countdown(entry: Entry) -> Description:
    seconds = _number(entry.params, "seconds")
    if seconds is None:
        return Description(sentence=_sentence(entry))
    length = length_in_words(seconds)
    words = gettext("Started a countdown of %(length)s") % {"length": length}
    return Description(sentence=words, length=length, shown=frozenset({"seconds"}))


def _number(params: Mapping[str, Any], name: str) -> int | None:
    """Return the parameter as a whole number, or None."""
    value = params.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


_BAN: Final = frozenset({"duration_s", "for_good", "for_the_class", "ban_s"})
_SPECIAL: Final[dict[str, Callable[[Entry], Description]]] = {
    **dict.fromkeys(_MANY, _media_of_many),
    **dict.fromkeys(
        (
            "participant.microphone_off",
            "participant.microphone_on",
            "participant.camera_off",
            "participant.camera_on",
            "participant.stop_screen",
        ),
        _media,
    ),
    "participant.block_publishing": _block,
    "participant.message": _message,
    "chat.announce": _message,
    "stage.lower_hands": _of_people,
    "joining.let_in": _join_requests,
    "joining.refuse": _join_requests,
    "groups.move": _move,
    "groups.rename": _group_name,
    "participant.reward": _reward,
    "rewards.give": _reward,
    "quiz.start": _question,
    "poll.start": _question,
    "countdown.start": _countdown,
    "participant.remove": _removal,
    "participant.plan_removal": _scheduled_removal,
    "wall.snooze": _acknowledgement,
    "class_list.rename": _renaming,
    "class_list.change": _list_change,
    "room.use_list": _list_choice,
    **dict.fromkeys(("series.plan", "series.retry", "series.cancel", "series.restore"), _series),
    "series.change": _series_change,
}
