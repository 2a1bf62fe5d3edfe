"""Generate pictures of converted pages, as PNGs with a heading, a box and lines of text."""

import functools
import struct
import zlib

PAPER, INK, ACCENT = b"\xff\xff\xff", b"\x8a\x93\xa6", b"\x3a\x4b\xc8"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@functools.lru_cache(maxsize=64)
def page_picture(number: int, *, width: int) -> bytes:
    """Return a PNG picture of page ``number``. It is ``width`` pixels wide with an aspect ratio of 16:9."""
    height = width * 9 // 16
    unit = max(1, height // 18)
    boxes = [(unit, unit, width // 2, 2 * unit, ACCENT)]
    boxes += [
        (unit, (4 + 2 * line) * unit, width * (9 - (number * 3 + line * 2) % 5) // 18, unit, INK)
        for line in range(6)
    ]
    side = unit * (3 + number % 5)
    boxes.append((width - side - unit * 2, unit * 5, side, side, ACCENT))
    plain = PAPER * width
    rows = []
    for y in range(height):
        row = bytearray(plain)
        for left, top, wide, high, colour in boxes:
            if top <= y < top + high:
                row[3 * left : 3 * (left + wide)] = colour * wide
        rows.append(b"\x00" + bytes(row[: 3 * width]))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
