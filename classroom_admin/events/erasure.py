"""Replace an erased person in the JSON of events, properties and other stored answers of the cloud.

`find` says which texts name an erased person: it returns the replacement for a cloud user id, or None. The
functions know the places where the cloud puts ids, names and words. Words that other people wrote stay,
except direct messages to the erased person.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from classroom_admin.events.deletion import DELETED
from classroom_admin.events.values import Json, mapping, text

ERASED_KIND: Final = 0
"""The `cmd` of an event that was removed. No event of the cloud has it, so it changes no rows."""
_DIGITS: Final = re.compile(r"\d+")
LONG_ID: Final = 6
"""An id of this length is replaced everywhere. Shorter ids and numbers could also be ordinary values."""
_LONGEST_TEXT: Final = 1000
_PARTS: Final = re.compile(r"[^\w@+-]+")
_ID_KEYS: Final = frozenset(
    [
        "useruuid",
        "useruuids",
        "userid",
        "userids",
        "uid",
        "uids",
        "account",
        "touseruuid",
        "chatuseruuid",
        "from",
        "to",
        "sender",
        "owner",
        "user_uuid",
        "to_user_uuid",
        "studentuuid",
        "teacheruuid",
        "shareuseruuid",
    ]
)
_NAME_KEYS: Final = frozenset(
    [
        "username",
        "nickname",
        "name",
        "displayname",
        "realname",
        "studentname",
        "teachername",
        "mutenickname",
        "put_by",
    ]
)
_CONTACT_KEYS: Final = frozenset(
    ["email", "mail", "phone", "mobile", "avatar", "avatarurl", "avatar_url", "headurl", "headimg", "ip"]
)
_ABOUT_NAME: Final = "mutenickname"


@dataclass(frozen=True, slots=True)
class Replacement:
    """What stands for an erased person. With `remove`, what they did is removed where this is possible."""

    user_uuid: str
    name: str
    remove: bool = False


class Finder(Protocol):
    """The erased people.

    `by_id` returns the replacement for a cloud user id, `by_name` for a name without an id, and `of_contact`
    says whether a text is an email address of an erased person.
    """

    def by_id(self, text: str) -> Replacement | None: ...

    def by_name(self, text: str) -> Replacement | None: ...

    def of_contact(self, text: str) -> bool: ...


def rewrite_answer(value: Json, find: Finder) -> Json:
    """Return a whole response of the cloud, with the events in it, without the erased people."""
    if isinstance(value, list):
        found = (rewrite_answer(item, find) for item in value)
        return [item for item in found if item is not None]
    if not isinstance(value, Mapping):
        return value
    if not {"cmd", "payload", "notification", "changeProperties"}.isdisjoint(value):
        return rewrite_event(value, find)
    if _subject(value, find) is not None:
        return rewrite(value, find)
    return {name: rewrite_answer(item, find) for name, item in value.items()}


def rewrite_event(raw: Json, find: Finder) -> Json:
    """Return an event, a notification or a message without the erased people.

    Return None for a message without a number that must be removed.
    """
    if not isinstance(raw, Mapping):
        return rewrite(raw, find)
    inner = raw.get("notification")
    if isinstance(inner, Mapping):  # an item of the webhook
        changed = rewrite_event({**inner, **_receiver(raw)}, find)
        if changed is None:
            return None
        outer = rewrite({name: value for name, value in raw.items() if name != "notification"}, find)
        return {**outer, "notification": {name: changed[name] for name in inner if name in changed}}
    data, as_text = _data(raw)
    author = _author(raw, data, find)
    if author is not None and author.remove and _is_theirs(raw, data):
        return _removed(raw)
    if author is not None or _is_to_erased(raw, data, find):
        data = _without_words(data)
        if "payload" in raw:
            raw = _quiet_message(raw, author)
    if "data" in raw:
        raw = {**raw, "data": json.dumps(data, ensure_ascii=False) if as_text else data}
    return rewrite(raw, find)


def rewrite(value: Json, find: Finder, *, inside: Replacement | None = None, key: str = "") -> Json:
    """Return a JSON value without the erased people.

    `inside` is the person to whom the value belongs, `key` the name of the field that has it.
    """
    if isinstance(value, str):
        return _text(value, find, inside, key.lower())
    if isinstance(value, Mapping):
        return _object(value, find, inside)
    if isinstance(value, list):
        found = (rewrite(item, find, inside=inside, key=key) for item in value if not _is_removed(item, find))
        return list(found)
    if type(value) is int and key.lower() in _ID_KEYS and (person := find.by_id(str(value))):
        return person.user_uuid
    return value


def _object(value: Mapping[str, Json], find: Finder, inside: Replacement | None) -> dict[str, Json]:
    inside = _subject(value, find) or (None if _other(value) else inside)
    result: dict[str, Json] = {}
    for name, item in value.items():
        named = find.by_id(name) if is_long(name) else None
        if named is not None and named.remove:
            continue
        result[named.user_uuid if named else _within(name, find)] = rewrite(
            item, find, inside=named or inside, key=name
        )
    return result


def _text(value: str, find: Finder, inside: Replacement | None, key: str) -> str:
    if key in _ID_KEYS or is_long(value):
        person = find.by_id(value)
        if person is not None:
            return person.user_uuid
    if key in _NAME_KEYS and value:
        person = inside or (find.by_name(value) if key == _ABOUT_NAME else None)
        if person is not None:
            return person.name
    if inside is not None and (key in _CONTACT_KEYS or find.by_name(value)):
        return "" if key in _CONTACT_KEYS else inside.name
    if "@" in value and find.of_contact(value):
        return ""
    if value[:1] in "{[" and value:
        return _json_text(value, find, inside)
    return _within(value, find)


def _json_text(value: str, find: Finder, inside: Replacement | None) -> str:
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        return _within(value, find)
    changed = rewrite(parsed, find, inside=inside)
    return value if changed == parsed else json.dumps(changed, ensure_ascii=False)


def _within(value: str, find: Finder) -> str:
    """Replace ids that are a part of a longer text, such as a path of properties."""
    if len(value) > _LONGEST_TEXT or len(value) <= LONG_ID:
        return value
    for part in dict.fromkeys(_PARTS.split(value)):
        if is_long(part) and part != value and (person := find.by_id(part)):
            value = value.replace(part, person.user_uuid)
    return value


def is_long(text: str) -> bool:
    """Return whether an id is so long that no other value is equal to it by chance."""
    return len(text) >= LONG_ID and not _DIGITS.fullmatch(text)


def _subject(value: Mapping[str, Json], find: Finder) -> Replacement | None:
    """Return the erased person whom an object describes."""
    for name, item in value.items():
        if name.lower() in ("useruuid", "userid", "uid", "chatuseruuid", "user_uuid", "account"):
            person = find.by_id(str(item)) if isinstance(item, str | int) else None
            if person is not None:
                return person
    return None


def _other(value: Mapping[str, Json]) -> bool:
    return any(name.lower() in ("useruuid", "userid", "user_uuid") for name in value)


def _is_removed(item: Json, find: Finder) -> bool:
    if isinstance(item, str):
        person = find.by_id(item) if is_long(item) else None
    else:
        person = (
            _subject(item, find) or _subject(mapping(item.get("fromUser")), find)
            if isinstance(item, Mapping)
            else None
        )
    return person is not None and person.remove


def _receiver(raw: Mapping[str, Json]) -> dict[str, Json]:
    return {"toUserUuid": raw["toUserUuid"]} if raw.get("toUserUuid") else {}


def _data(raw: Mapping[str, Json]) -> tuple[Any, bool]:
    """Return the event's data, and whether it was JSON text."""
    data = raw.get("data")
    return (mapping(data), True) if isinstance(data, str) and mapping(data) else (data, False)


def _author(raw: Mapping[str, Json], data: Json, find: Finder) -> Replacement | None:
    """Return the erased person who wrote a message, answered or shared files, or None."""
    fields = mapping(data)
    for who in (mapping(fields.get("fromUser")), mapping(fields.get("operator"))):
        if person := _subject(who, find):
            return person
    if "payload" in raw:
        for name in ("chatUserUuid", "from"):
            if isinstance(raw.get(name), str) and (person := find.by_id(raw[name])):
                return person
    return None


def _is_to_erased(raw: Mapping[str, Json], data: Json, find: Finder) -> bool:
    receiver = raw.get("toUserUuid") or mapping(data).get("toUserUuid")
    return isinstance(receiver, str) and find.by_id(receiver) is not None


def _is_theirs(raw: Mapping[str, Json], data: Json) -> bool:
    """Return whether the event says only what its author did: a message or an answer."""
    fields = mapping(data)
    is_answer = mapping(fields.get("cause")).get("action") in (3, "3")
    return "payload" in raw or "message" in fields or is_answer or str(raw.get("cmd")) in ("21", "22")


def _removed(raw: Mapping[str, Json]) -> dict[str, Json] | None:
    """Return an event that changes nothing, so that no sequence number is missing.

    Return None for a message without a number.
    """
    if raw.get("sequence") is None:
        return None
    kept = {name: raw[name] for name in ("roomUuid", "sequence", "ts") if name in raw}
    return {**kept, "cmd": ERASED_KIND, "data": {"changeProperties": {"erased": True}}}


def _without_words(data: Json) -> Json:
    """Return an event's data without a message, the names and addresses of files, and free properties."""
    if not isinstance(data, Mapping):
        return data
    changed = dict(data)
    if "message" in changed:
        changed |= {"message": "", DELETED: True}
    if isinstance(changed.get("resources"), list):
        changed["resources"] = [
            {**item, **{name: "" for name in ("resourceName", "url") if name in item}}
            if isinstance(item, Mapping)
            else item
            for item in changed["resources"]
        ]
    return changed


def _quiet_message(raw: Mapping[str, Json], author: Replacement | None) -> dict[str, Json]:
    """Return a message of Agora Chat without its content. A command of a classroom client has no words."""
    payload = mapping(raw["payload"])
    bodies = payload.get("bodies")
    body = mapping(bodies[0]) if isinstance(bodies, list) and bodies else {}
    kind = text(body.get("type")) or ("txt" if "msg" in body else "")
    shown = dict(mapping(payload.get("ext")))
    for name in shown:
        if name.lower() in _CONTACT_KEYS:
            shown[name] = ""
        elif author is not None and name.lower() == "nickname":
            shown[name] = author.name
    left = {"ext": shown} if "ext" in payload else {}
    if kind == "cmd":
        return {**raw, "payload": {**payload, **left}}
    deleted = {DELETED: "custom" if kind == "custom" else "chat"} if kind else {}
    return {**raw, **deleted, "payload": left}
