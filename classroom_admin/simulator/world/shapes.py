"""Vary event data, because releases and services of the cloud represent the same fact differently.

Every choice comes from the room's own seeded generator, so a room's events depend only on the seed. Without
variations, each fact has its documented shape and the generator is not used.
"""

import random
from collections.abc import Callable
from typing import Any

_WORDS = {1: ("host",), 2: ("broadcaster", "audience"), 3: ("assistant",)}
SERVER: dict[str, Any] = {"userUuid": "server", "userName": "server", "role": "server"}


class Shapes:
    """The variations in the events of one room. If ``enabled()`` is False, there are none.

    If ``in_words()`` is True, roles are always words.
    """

    def __init__(
        self, seed: str, enabled: Callable[[], bool], in_words: Callable[[], bool] = lambda: False
    ) -> None:
        self.rng = random.Random(seed)
        self._enabled = enabled
        self._in_words = in_words

    def chance(self, probability: float) -> bool:
        """Return True with this probability. If variations are off, always return False."""
        return self._enabled() and self.rng.random() < probability

    def either(self, usual: Any, other: Any, probability: float = 0.5) -> Any:
        return other if self.chance(probability) else usual

    def role(self, role: int) -> int | str:
        """Return a role as a number, as a number in text, or as the vendor's word."""
        if self._in_words():
            words = _WORDS.get(role)
            return words[0] if words is not None else str(role)
        if not self._enabled():
            return role
        draw = self.rng.random()
        if draw < 0.5:
            return role
        words = _WORDS.get(role)
        if draw < 0.65 or words is None:
            return str(role)
        return self.rng.choice(words)

    def number(self, value: int) -> int | str:
        return str(value) if self.chance(0.1) else value

    def put_array(self, data: dict[str, Any], name: str, items: list[Any]) -> None:
        """Add an array to ``data``. If it is empty, sometimes omit it."""
        if items or not self.chance(0.5):
            data[name] = items

    def unknown_field(self, data: dict[str, Any]) -> None:
        if self.chance(0.04):
            data["traceInfo"] = {"hop": self.rng.randrange(9), "zone": "edge"}

    def properties(self, changed: dict[str, Any]) -> dict[str, Any]:
        """Return ``changed`` with the object ``extra``. Sometimes it has dotted keys instead."""
        extra = changed.get("extra")
        if not isinstance(extra, dict) or not self.chance(0.5):
            return changed
        rest = {key: value for key, value in changed.items() if key != "extra"}
        return {**{f"extra.{key}": value for key, value in extra.items()}, **rest}

    def hex(self, digits: int = 32) -> str:
        """Return a random id. It depends only on the seed and on earlier random choices."""
        return f"{self.rng.getrandbits(digits * 4):0{digits}x}"
