"""Small pictures for the tests of the logo, written from their standards."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int,
    height: int,
    *,
    colour: tuple[int, int, int] = (200, 16, 46),
    rows: int | None = None,
    extra: Sequence[bytes] = (),
) -> bytes:
    """Return a PNG picture in one colour. `rows` is how many rows it really has."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    row = b"\0" + bytes(colour) * width
    data = zlib.compress(row * (height if rows is None else rows))
    parts = [chunk(b"IHDR", header), *extra, chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _segment(kind: int, data: bytes) -> bytes:
    return b"\xff" + bytes([kind]) + struct.pack(">H", len(data) + 2) + data


def jpeg(width: int, height: int) -> bytes:
    """Return the frame of a JPEG file with metadata. Its scan has arbitrary data."""
    size = b"\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\x00"
    return b"".join(
        [
            b"\xff\xd8",
            _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
            _segment(0xE1, b"Exif\0\0where the photo was taken"),
            _segment(0xFE, b"a comment with \xff\xd9 in it"),
            _segment(0xDB, b"\0" + b"\x10" * 64),
            b"\xff",  # a fill byte
            _segment(0xC0, size),
            _segment(0xC4, b"\0" + b"\0" * 16),
            _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\xff\xd0\x34",
            b"\xff\xd9",
        ]
    )


def _webp_chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def webp(width: int, height: int, *, flags: int = 0x1C) -> bytes:
    """Return the frame of a WebP file with metadata. Its picture has arbitrary data."""
    frame = b"\x30\x01\x00\x9d\x01\x2a" + struct.pack("<HH", width, height) + b"some data"
    extended = (
        bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    )
    body = b"WEBP" + b"".join(
        [
            _webp_chunk(b"VP8X", extended),
            _webp_chunk(b"VP8 ", frame),
            _webp_chunk(b"EXIF", b"where the photo was taken"),
        ]
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body
