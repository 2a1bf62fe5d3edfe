"""The icons of the pages."""

from __future__ import annotations

import pytest

from classroom_admin.web import icons


def test_every_known_icon_is_in_the_sprite_and_others_raise() -> None:
    assert all(icons.address(name).endswith(f"#{name}") for name in icons.NAMES)
    with pytest.raises(icons.UnknownIcon):
        icons.address("nothing")
