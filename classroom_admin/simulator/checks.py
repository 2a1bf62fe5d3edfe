"""Check the fields of requests against the limits in the contract. Every error 400 names the field."""

import re
from typing import Any

from classroom_admin.simulator.errors import bad_parameter

_ID = re.compile(r"[a-zA-Z0-9 !#$%&()+\-:;<=.>?@\[\]^_{}|~,]{1,63}\Z")


def identifier(field: str, value: Any) -> str:
    """Return ``value`` if it is a valid cloud id. It has 1 to 63 bytes of the documented characters."""
    if not isinstance(value, str) or not _ID.match(value):
        raise bad_parameter(field, "must be 1 to 63 bytes of a-z A-Z 0-9 space !#$%&()+-:;<=.>?@[]^_{}|~,")
    return value


class Fields:
    """The fields of a JSON object in a request, with checks of their types.

    Error messages put ``path`` before the name of a field.
    """

    def __init__(self, values: dict[str, Any], path: str = "") -> None:
        self._values, self._path = values, path

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def name(self, name: str) -> str:
        return f"{self._path}{name}"

    def _get(self, name: str, required: bool) -> Any:
        value = self._values.get(name)
        if value is None and required:
            raise bad_parameter(self.name(name), "is required")
        return value

    def raw(self, name: str) -> Any:
        """Return the value without a check, or None if the field is missing."""
        return self._values.get(name)

    def text(
        self, name: str, *, required: bool = False, under_bytes: int | None = None, default: str | None = None
    ) -> str | None:
        value = self._get(name, required)
        if value is None:
            return default
        if not isinstance(value, str) or (required and not value):
            raise bad_parameter(
                self.name(name), "must be a string that is not empty" if required else "must be a string"
            )
        if under_bytes is not None and len(value.encode("utf-8", "surrogatepass")) >= under_bytes:
            raise bad_parameter(self.name(name), f"must be shorter than {under_bytes} bytes")
        return value

    def required_text(self, name: str, *, under_bytes: int | None = None) -> str:
        value = self.text(name, required=True, under_bytes=under_bytes)
        assert value is not None
        return value

    def integer(
        self,
        name: str,
        *,
        low: int | None = None,
        high: int | None = None,
        default: int | None = None,
        required: bool = False,
    ) -> int | None:
        """Return an integer field. Digits as text are also valid, because the vendor's client sends them."""
        value = self._get(name, required)
        if value is None:
            return default
        number = as_integer(value)
        if number is None:
            raise bad_parameter(self.name(name), "must be an integer")
        if (low is not None and number < low) or (high is not None and number > high):
            raise bad_parameter(self.name(name), f"must be {_range(low, high)}")
        return number

    def number(self, name: str, *, low: float, high: float) -> float | None:
        value = self._get(name, False)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise bad_parameter(self.name(name), f"must be a number from {low} to {high}")
        return value

    def boolean(self, name: str, *, default: bool | None = None, required: bool = False) -> bool | None:
        value = self._get(name, required)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise bad_parameter(self.name(name), "must be true or false")
        return value

    def choice(
        self, name: str, allowed: tuple[Any, ...], *, default: Any = None, required: bool = False
    ) -> Any:
        value = self._get(name, required)
        if value is None:
            return default
        if isinstance(value, bool) or value not in allowed:
            raise bad_parameter(self.name(name), "must be one of " + ", ".join(map(str, allowed)))
        return value

    def object(self, name: str, *, required: bool = False) -> dict[str, Any] | None:
        value = self._get(name, required)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise bad_parameter(self.name(name), "must be an object")
        return value

    def fields(self, name: str, *, required: bool = False) -> "Fields":
        """Return the fields of a nested object. A missing object has no fields."""
        return Fields(self.object(name, required=required) or {}, f"{self.name(name)}.")

    def array(self, name: str, *, required: bool = False) -> list[Any] | None:
        value = self._get(name, required)
        if value is None:
            return None
        if not isinstance(value, list):
            raise bad_parameter(self.name(name), "must be an array")
        return value

    def objects(self, name: str, *, required: bool = False) -> "list[Fields]":
        """Return the objects in an array field, each as Fields."""
        found = []
        for index, item in enumerate(self.array(name, required=required) or []):
            if not isinstance(item, dict):
                raise bad_parameter(f"{self.name(name)}[{index}]", "must be an object")
            found.append(Fields(item, f"{self.name(name)}[{index}]."))
        return found

    def strings(self, name: str, *, required: bool = False) -> list[str]:
        """Return the strings in an array field. A required array must not be empty."""
        value = self.array(name, required=required) or []
        if any(not isinstance(item, str) for item in value) or (required and not value):
            raise bad_parameter(self.name(name), "must be an array of strings, at least one")
        return value

    def id(self, name: str) -> str:
        return identifier(self.name(name), self._get(name, True))


def as_integer(value: Any) -> int | None:
    """Return 5, 5.0 or "5" as an int. Return None for other values, such as true and false."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    return None


def _range(low: int | None, high: int | None) -> str:
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"from {low} to {high}"
