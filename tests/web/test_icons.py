"""The icons of the pages."""

from __future__ import annotations

from zipfile import ZipFile

import pytest

from classroom_admin.web import icons


def test_every_known_icon_is_in_the_sprite_and_others_raise() -> None:
    assert all(icons.address(name).endswith(f"#{name}") for name in icons.NAMES)
    with pytest.raises(icons.UnknownIcon):
        icons.address("nothing")


def test_the_archive_is_opened_once_for_all_icons(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    def counted(file: object) -> ZipFile:
        opened.append(file)
        return ZipFile(file)

    monkeypatch.setattr(icons, "ZipFile", counted)
    drawn = icons.sprite.__wrapped__()
    assert drawn.count("<symbol ") == len(icons.NAMES)
    assert len(opened) == 1
