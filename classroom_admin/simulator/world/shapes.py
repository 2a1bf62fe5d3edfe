"""How the same fact is written differently from one release, document or service of the cloud to another.

Every choice comes from the room's own seeded generator, so a room's events are the same for the same seed
whatever other rooms do. With oddities off, each fact has one shape and the generator is not asked.
"""

import random
from collections.abc import Callable
from typing import Any

_WORDS = {1: ("host",), 2: ("broadcaster", "audience"), 3: ("assistant",)}
SERVER: dict[str, Any] = {"userUuid": "server", "userName": "server", "role": "server"}


class Shapes:
    """The shape that each fact of one room takes. ``odd`` says whether oddities are on right now."""

    def __init__(self, seed: str, odd: Callable[[], bool]) -> None:
        self.rng = random.Random(seed)
        self._odd = odd

    def chance(self, probability: float) -> bool:
        """True now and then; never while oddities are off."""
        return self._odd() and self.rng.random() < probability

    def either(self, usual: Any, other: Any, probability: float = 0.5) -> Any:
        return other if self.chance(probability) else usual

    def role(self, role: int) -> int | str:
        """An integer, that number in a string, or the vendor's word for it."""
        if not self._odd():
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
        """Arrays that hold nothing are missing now and then."""
        if items or not self.chance(0.5):
            data[name] = items

    def unknown_field(self, data: dict[str, Any]) -> None:
        if self.chance(0.04):
            data["traceInfo"] = {"hop": self.rng.randrange(9), "zone": "edge"}

    def properties(self, changed: dict[str, Any]) -> dict[str, Any]:
        """``extra`` nested as it is, or spread over dotted keys."""
        extra = changed.get("extra")
        if not isinstance(extra, dict) or not self.chance(0.5):
            return changed
        rest = {key: value for key, value in changed.items() if key != "extra"}
        return {**{f"extra.{key}": value for key, value in extra.items()}, **rest}

    def hex(self, digits: int = 32) -> str:
        """An id of the cloud's own, the same for the same seed."""
        return f"{self.rng.getrandbits(digits * 4):0{digits}x}"
