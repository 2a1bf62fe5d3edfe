"""Types and checks for the parameters of calls. The limits come from the contract.

A check returns the value to send or raises `Wrong`. The module `call` turns `Wrong` into an `InvalidArgument`
that names the field. Lengths are in bytes of UTF-8.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.common.addresses import is_web_address
from classroom_admin.common.cloud_ids import problem_with_id
from classroom_admin.common.names import has_visible_character
from classroom_admin.common.problems import Problem

FOREVER: Final = -1
Check = Callable[[Any], Any]


class Wrong(ValueError):
    """Raised for a value that the cloud would reject. `at` is the name of the invalid field in an object."""

    def __init__(self, code: str, /, *, at: str = "", **params: Any) -> None:
        super().__init__(code)
        self.at = at
        self.problem = Problem(code, params)


def checked(check: Check, value: object, *, field: str) -> Any:
    """Return the result of `check` for a value. Raise `InvalidArgument` if it is invalid."""
    try:
        return check(value)
    except Wrong as wrong:
        problem = wrong.problem
    raise InvalidArgument(field, problem.code, **problem.params)


def text(value: object) -> str:
    """Check that the value is a string that UTF-8 can encode."""
    if not isinstance(value, str):
        raise Wrong("not_text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise Wrong("lone_surrogate") from None
    return value


def identifier(value: object) -> str:
    """Check that the value is a valid cloud id. `problem_with_id` defines the rules."""
    given = text(value)
    problem = problem_with_id(given)
    if problem is not None:
        raise Wrong(problem.code, **problem.params)
    return given


def name(*, fewer_than: int = 64) -> Check:
    """Return a check for a name: visible, without control characters, with fewer than `fewer_than` bytes."""

    def check(value: object) -> str:
        given = text(value)
        if not given.strip():
            raise Wrong("name_empty")
        if not has_visible_character(given):
            raise Wrong("name_unseen")
        if (has := len(given.encode("utf-8"))) >= fewer_than:
            raise Wrong("name_too_long", most=fewer_than, has=has)
        if any(ord(character) < 32 or ord(character) == 127 for character in given):
            raise Wrong("control_characters")
        return given

    return check


def whole(least: int, most: int | None = None) -> Check:
    """Return a check for an `int` from `least` to `most`, both included. Reject True and 3.0."""

    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong("not_whole")
        return int(_within(value, least, most))

    return check


def number(least: float, most: float) -> Check:
    """Return a check for an `int` or finite `float` from `least` to `most`, both included."""

    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Wrong("not_number")
        return _within(value, least, most)

    return check


def _within(value: float, least: float, most: float | None) -> float:
    if most is None:
        if value < least:
            raise Wrong("too_small", least=least, value=value)
    elif not least <= value <= most:
        raise Wrong("out_of_range", least=least, most=most, value=value)
    return value


def one_of(*choices: Any) -> Check:
    def check(value: object) -> Any:
        # In Python, 1 equals True and 1.0; in JSON, they differ.
        if not any(value == choice and type(value) is type(choice) for choice in choices):
            raise Wrong("not_a_choice", choices=", ".join(map(str, choices)), value=repr(value))
        return value

    return check


def some_of(*choices: str) -> Check:
    """Return a check for a list of one or more of the `choices`."""

    def check(value: object) -> list[str]:
        return [one_of(*choices)(item) for item in _listed(value)]

    return check


def message(*, most: int) -> Check:
    """Return a check for a message: visible, with at most `most` characters."""

    def check(value: object) -> str:
        given = text(value)
        if not has_visible_character(given):
            raise Wrong("text_empty")
        if len(given) > most:
            raise Wrong("text_too_long", most=most)
        if "\x00" in given:
            raise Wrong("control_characters")
        return given

    return check


def texts(*, fewest: int, most: int, longest: int) -> Check:
    """Return a check for a list of `fewest` to `most` different texts.

    Each text must be visible and have at most `longest` characters.
    """

    def check(value: object) -> list[str]:
        found = [message(most=longest)(item) for item in a_list(value)]
        if len(set(found)) != len(found):
            raise Wrong("listed_twice")
        if not fewest <= len(found) <= most:
            raise Wrong("wrong_number", least=fewest, most=most)
        return found

    return check


def boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise Wrong("not_boolean")
    return value


def boolean_as_text(value: object) -> object:
    """Convert a boolean to "true" or "false". The documentation requires this for `publishRtmp`."""
    return value if value in ("true", "false") else str(boolean(value)).lower()


def ban_seconds(value: object) -> int:
    """Check the duration of a ban in seconds: at least 1, or -1 for a permanent ban."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Wrong("not_whole")
    if value != FOREVER and value < 1:
        raise Wrong("ban_too_short", seconds=value)
    return value


def web_address(value: object) -> str:
    """Check that the value is an absolute http or https URL with a host and without spaces."""
    given = text(value)
    if any(character.isspace() or ord(character) < 32 or ord(character) == 127 for character in given):
        raise Wrong("address_blank")
    if not is_web_address(given):
        raise Wrong("not_address")
    return given


def json_object(value: object) -> dict[str, Any]:
    """Check that the value is a JSON object without empty keys."""
    if not isinstance(value, Mapping):
        raise Wrong("not_object")
    for key in value:
        if not isinstance(key, str) or not key:
            raise Wrong("property_name", name=repr(key))
    given = dict(value)
    try:
        json.dumps(given, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise Wrong("not_json", error=str(error)) from None
    return given


def properties(value: object) -> dict[str, Any]:
    """Check that the value is a JSON object with at least one property."""
    given = json_object(value)
    if not given:
        raise Wrong("properties_empty")
    return given


def property_names(value: object) -> list[str]:
    """Check that the value is a list of one or more names. Remove duplicates."""
    names = [text(item) for item in _listed(value)]
    if not all(names):
        raise Wrong("name_in_list_empty")
    return list(dict.fromkeys(names))


def identifiers(value: object) -> list[str]:
    """Check that the value is a list of one or more ids. Remove duplicates."""
    return list(dict.fromkeys(identifier(item) for item in _listed(value)))


def next_id(value: object) -> str:
    """Check that the value is a sequence number or the previous page's `nextId`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(whole(0)(value))
    given = text(value)
    if not given or len(given.encode("utf-8")) > 256 or not given.isprintable():
        raise Wrong("next_id")
    return given


def a_list(value: object) -> list[Any]:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise Wrong("not_list")
    return list(value)


def _listed(value: object) -> list[Any]:
    items = a_list(value)
    if not items:
        raise Wrong("list_empty")
    return items


Id = Annotated[str, BeforeValidator(identifier)]
PlainText = Annotated[str, BeforeValidator(text)]
Name = Annotated[str, BeforeValidator(name())]
RoomName = Annotated[str, BeforeValidator(name(fewer_than=65))]
Address = Annotated[str, BeforeValidator(web_address)]
Boolean = Annotated[bool, BeforeValidator(boolean)]
JsonObject = Annotated[Mapping[str, Any], BeforeValidator(json_object)]
Properties = Annotated[Mapping[str, Any], BeforeValidator(properties)]
PropertyNames = Annotated[Sequence[str], BeforeValidator(property_names)]
Ids = Annotated[Sequence[str], BeforeValidator(identifiers)]
NextId = Annotated[str | int, BeforeValidator(next_id)]
Switch = Annotated[int, BeforeValidator(one_of(0, 1))]
FromZero = Annotated[int, BeforeValidator(whole(0))]
FromOne = Annotated[int, BeforeValidator(whole(1))]
BanSeconds = Annotated[int, BeforeValidator(ban_seconds)]
