"""The colours of the pages that are derived from the colour of a school."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.common import palette
from classroom_admin.common.palette import DARK_BACKGROUNDS, LIGHT_BACKGROUNDS, contrast

STYLES = Path(__file__).resolve().parents[2] / "static/css"
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS)
def test_every_colour_gives_readable_texts_in_both_modes(colour):
    found = palette.palette(colour)
    for tones, grounds, inks in (
        (found.light, LIGHT_BACKGROUNDS, ("#171b26", "#4b5466")),
        (found.dark, DARK_BACKGROUNDS, ("#eef1f7", "#adb6c8")),
    ):
        for text in (tones.accent, tones.accent_strong):
            for ground in (*grounds, tones.accent_soft, tones.on_accent):
                assert contrast(text, ground) >= 4.5, (colour, text, ground)
        for ink in inks:
            assert contrast(ink, tones.accent_soft) >= 4.5, (colour, ink)


def test_a_readable_colour_is_kept_and_a_light_one_is_darkened():
    for kept in ("#3a4bc8", "#c8102e", "#000000"):
        assert palette.palette(kept).light.accent == kept
        assert not palette.palette(kept).is_adjusted
    for light in ("#ffff00", "#ffffff", "#ff7a00"):
        assert palette.palette(light).is_adjusted
    for wrong in ("3a4bc8", "#3A4BC8", "#12", "red;}", ""):
        with pytest.raises(ValueError, match="is no colour"):
            palette.palette(wrong)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert contrast("#3a4bc8", "#3a4bc8") == 1


def colours_of(text: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", text))


def test_preview_and_palette_have_the_backgrounds_of_the_pages():
    base = (STYLES / "base.css").read_text()
    light, dark = base.split("prefers-color-scheme: dark", 1)
    face = (STYLES / "face.css").read_text()
    preview_light, rest = face.split(".face-light", 1)[1].split(".face-dark", 1)
    preview_dark = rest.split(".face-caption", 1)[0]
    for page, preview, grounds in (
        (light, preview_light, LIGHT_BACKGROUNDS),
        (dark, preview_dark, DARK_BACKGROUNDS),
    ):
        colours = colours_of(page)
        assert colours_of(preview).items() <= colours.items()
        assert tuple(colours[name] for name in ("paper", "surface", "surface-2")) == grounds
