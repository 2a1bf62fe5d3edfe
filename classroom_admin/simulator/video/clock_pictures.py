"""Draw the pictures of a video as macroblocks. Each picture shows the recorded time as h:mm:ss.

A macroblock has 16 × 16 pixels: 256 bytes for the brightness, then 64 bytes for each of the two colours.
"""

import functools
from typing import Final

SIDE: Final = 16
WIDE, HIGH = 12, 6
"""The size of a picture in macroblocks."""
BLOCKS: Final = WIDE * HIGH
_LEFT, _TOP = 2, 2  # where the digits begin
_PAPER: Final = (46, 148, 112)
_INK: Final = 225
# The segments of a digit: top, upper left, upper right, middle, lower left, lower right, bottom.
_SEGMENTS: Final = {
    "0": (1, 1, 1, 0, 1, 1, 1),
    "1": (0, 0, 1, 0, 0, 1, 0),
    "2": (1, 0, 1, 1, 1, 0, 1),
    "3": (1, 0, 1, 1, 0, 1, 1),
    "4": (0, 1, 1, 1, 0, 1, 0),
    "5": (1, 1, 0, 1, 0, 1, 1),
    "6": (1, 1, 0, 1, 1, 1, 1),
    "7": (1, 0, 1, 0, 0, 1, 0),
    "8": (1, 1, 1, 1, 1, 1, 1),
    "9": (1, 1, 1, 1, 0, 1, 1),
}
# Each segment as (left, top, right, bottom) in pixels; the digit is 16 wide and 32 high.
_PLACES: Final = (
    (3, 2, 13, 5),
    (3, 2, 6, 17),
    (10, 2, 13, 17),
    (3, 14, 13, 17),
    (3, 14, 6, 29),
    (10, 14, 13, 29),
    (3, 26, 13, 29),
)
_DOTS: Final = ((6, 8, 10, 12), (6, 20, 10, 24))


@functools.cache
def _glyph(sign: str) -> tuple[bytes, bytes]:
    """Return the upper and the lower macroblock of a digit or a colon."""
    boxes = _DOTS if sign == ":" else [p for p, on in zip(_PLACES, _SEGMENTS[sign], strict=True) if on]
    rows = [bytearray([_PAPER[0]]) * SIDE for _row in range(2 * SIDE)]
    for left, top, right, bottom in boxes:
        for row in rows[top:bottom]:
            row[left:right] = bytes([_INK]) * (right - left)
    return _block(rows[:SIDE]), _block(rows[SIDE:])


def _block(rows: list[bytearray]) -> bytes:
    return b"".join(rows) + bytes([_PAPER[1]]) * 64 + bytes([_PAPER[2]]) * 64


_BLANK: Final = _block([bytearray([_PAPER[0]]) * SIDE] * SIDE)


def blocks_at(second: int) -> dict[int, bytes]:
    """Return the macroblocks with digits at a second of the recording, by their number in the picture."""
    words = f"{second // 3600 % 10}:{second // 60 % 60:02}:{second % 60:02}"
    found = {}
    for place, sign in enumerate(words):
        for row, block in enumerate(_glyph(sign)):
            found[(_TOP + row) * WIDE + _LEFT + place] = block
    return found


def picture_at(second: int) -> list[bytes]:
    """Return all macroblocks of the picture at a second of the recording."""
    digits = blocks_at(second)
    return [digits.get(number, _BLANK) for number in range(BLOCKS)]
