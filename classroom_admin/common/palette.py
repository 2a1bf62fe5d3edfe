"""Derive the colours of the pages from one colour of the school, so that every text can be read.

The contrasts follow WCAG 2.2 AA: 4.5 to 1 for texts. Colours are changed in OKLCH, where equal steps of
lightness look equal (https://www.w3.org/TR/css-color-4/#ok-lab). The functions are pure.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

VERSION: Final = 1
"""It is a part of the style sheet's address. Raise it if a colour gives another palette than before."""
NEEDED: Final = 4.5
COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
LIGHT_BACKGROUNDS: Final = ("#f5f6f9", "#ffffff", "#eef0f5")
"""`--paper`, `--surface` and `--surface-2` of static/css/base.css."""
DARK_BACKGROUNDS: Final = ("#10131a", "#191d27", "#222836")
_INKS: Final = {"light": ("#171b26", "#4b5466"), "dark": ("#eef1f7", "#adb6c8")}
"""`--ink` and `--ink-2`, which pages also write on `--accent-soft`."""
_STEP: Final = 0.005
_MARGIN: Final = 0.05
_Lch = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Tones:
    """The four colours of `base.css` in one mode, as `#rrggbb`."""

    accent: str
    accent_strong: str
    accent_soft: str
    on_accent: str


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of the pages in light and in dark mode."""

    chosen: str
    light: Tones
    dark: Tones

    @property
    def is_adjusted(self) -> bool:
        """Whether light mode uses another colour, because texts in the chosen one are too hard to read."""
        return self.light.accent != self.chosen


@lru_cache(maxsize=256)
def palette(colour: str) -> Palette:
    """Return the palette for a colour such as "#3a4bc8". Raise ValueError for other texts."""
    if not COLOUR.fullmatch(colour):
        raise ValueError(f"{colour!r} is no colour such as #3a4bc8")
    return Palette(colour, _light(colour), _dark(colour))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours by WCAG, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _light(colour: str) -> Tones:
    lightness, chroma, hue = _lch(colour)
    soft = _readable_soft((0.945, min(chroma, 0.035), hue), "light", +_STEP)
    grounds = (*LIGHT_BACKGROUNDS, soft)
    accent = colour if _is_readable(colour, grounds) else _moved((lightness, chroma, hue), grounds, -_STEP)
    darker = _lch(accent)
    strong = _moved((max(darker[0] - 0.07, 0.0), darker[1], hue), grounds, -_STEP)
    return Tones(accent, strong, soft, "#ffffff")


def _dark(colour: str) -> Tones:
    lightness, chroma, hue = _lch(colour)
    soft = _readable_soft((0.31, min(chroma, 0.075), hue), "dark", -_STEP)
    on_accent = _hex((0.2, min(chroma, 0.05), hue))
    grounds = (*DARK_BACKGROUNDS, soft, on_accent)
    accent = _moved((max(lightness, 0.7), min(chroma, 0.14), hue), grounds, +_STEP)
    lighter = _lch(accent)
    strong = _moved((min(lighter[0] + 0.07, 1.0), lighter[1] * 0.8, hue), grounds, +_STEP)
    return Tones(accent, strong, soft, on_accent)


def _readable_soft(start: _Lch, mode: str, step: float) -> str:
    """Return a quiet background on which the inks of the mode can be read."""
    return _moved(start, _INKS[mode], step)


def _moved(start: _Lch, others: tuple[str, ...], step: float) -> str:
    """Return the first colour, from `start` on in steps of lightness, that contrasts with all others."""
    lightness, chroma, hue = start
    while 0.0 <= lightness <= 1.0:
        found = _hex((lightness, chroma, hue))
        if _is_readable(found, others):
            return found
        lightness += step
    return "#000000" if step < 0 else "#ffffff"


def _is_readable(colour: str, others: tuple[str, ...]) -> bool:
    return all(contrast(colour, other) >= NEEDED + _MARGIN for other in others)


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> tuple[float, float, float]:
    values = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in values)
    return red, green, blue


def _lch(colour: str) -> _Lch:
    red, green, blue = _linear(colour)
    long = _cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = _cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = _cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _hex(lch: _Lch) -> str:
    """Return the colour as `#rrggbb`. If screens can't show it, reduce its chroma until they can."""
    lightness, chroma, hue = lch
    while True:
        parts = _rgb(lightness, chroma, hue)
        if chroma <= 0.0 or all(-0.001 <= part <= 1.001 for part in parts):
            break
        chroma = max(chroma - 0.004, 0.0)
    return "#" + "".join(f"{round(255 * _gamma(min(max(part, 0.0), 1.0))):02x}" for part in parts)


def _rgb(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _gamma(linear: float) -> float:
    return linear * 12.92 if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055


def _cbrt(value: float) -> float:
    return math.copysign(abs(value) ** (1 / 3), value)
