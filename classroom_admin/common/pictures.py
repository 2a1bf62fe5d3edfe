"""Check PNG, JPEG and WebP pictures, and write them again without anything that browsers do not need.

Only the parts that draw the picture are kept: no comments, no places where a photo was taken, no scripts, and
nothing after the end of the picture. The functions are pure and decode no pixels of JPEG and WebP pictures.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

MOST_PIXELS: Final = 2000
"""The largest width and height."""
LEAST_PIXELS: Final = 16
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"IDAT", b"IEND"})
_PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_JPEG_SIZES: Final = frozenset({0xC0, 0xC1, 0xC2})
_JPEG_SCAN: Final = 0xDA
_JPEG_KEPT: Final = _JPEG_SIZES | {0xC4, 0xDB, 0xDD, 0xE0, 0xEE, _JPEG_SCAN}
"""Sizes, tables, scans, restart intervals, JFIF and Adobe's colour transform. Everything else is left out."""
_JPEG_DATA: Final = frozenset({0x00, *range(0xD0, 0xD8)})
"""The bytes behind 0xFF that belong to the data of a scan."""
_WEBP_KEPT: Final = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH"})
_WEBP_ANIMATION, _WEBP_ALPHA = 0x02, 0x10


class NoPicture(ValueError):
    """The error if a file is no picture that can be used. `code` says why: `kind`, `size` or `damaged`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Picture:
    """A checked picture. `kind` is its media type; sizes are in pixels."""

    kind: str
    content: bytes
    width: int
    height: int


def checked(content: bytes) -> Picture:
    """Return the picture without unneeded parts. Raise NoPicture if it is none, too large or damaged."""
    readers: dict[bytes, Callable[[bytes], Picture]] = {_PNG: _png, b"\xff\xd8\xff": _jpeg}
    read = next((reader for start, reader in readers.items() if content.startswith(start)), None)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        read = _webp
    if read is None:
        raise NoPicture("kind")
    try:
        picture = read(content)
    except (struct.error, IndexError, zlib.error) as error:
        raise NoPicture("damaged") from error
    if not all(LEAST_PIXELS <= side <= MOST_PIXELS for side in (picture.width, picture.height)):
        raise NoPicture("size")
    return picture


def _png(content: bytes) -> Picture:
    kept, packed, header = [_PNG], [], b""
    for kind, data in _png_chunks(content):
        if kind == b"IHDR":
            header = data
        if kind == b"IDAT":
            packed.append(data)
        if kind in _PNG_KEPT:
            kept.append(
                struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            )
    width, height, depth, colour, _method, _filter, interlaced = struct.unpack(">IIBBBBB", header)
    if max(width, height) > MOST_PIXELS:
        raise NoPicture("size")
    bits = depth * _PNG_CHANNELS.get(colour, 4)
    # An interlaced picture has seven parts, each with own bytes at the begin of its lines.
    most = (((width * bits + 7) // 8) + 1 + 8) * (height + 8) * (2 if interlaced else 1)
    least = ((width * bits + 7) // 8) * height
    unpacked = zlib.decompressobj().decompress(b"".join(packed), most + 1)
    if not least <= len(unpacked) <= most:
        raise NoPicture("damaged")
    return Picture("image/png", b"".join(kept), width, height)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG)
    while True:
        length, kind = struct.unpack_from(">I4s", content, at)
        data = content[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack_from(">I", content, at + 8 + length)
        if zlib.crc32(kind + data) != checksum:
            raise NoPicture("damaged")
        yield kind, data
        if kind == b"IEND":
            return
        at += 12 + length


def _jpeg(content: bytes) -> Picture:
    kept, at, size = [b"\xff\xd8"], 2, (0, 0)
    while True:
        mark, kind = content[at], content[at + 1]
        if mark != 0xFF:
            raise NoPicture("damaged")
        if kind == 0xFF:  # a fill byte
            at += 1
            continue
        if kind == 0xD9:
            return Picture("image/jpeg", b"".join([*kept, b"\xff\xd9"]), *size)
        (length,) = struct.unpack_from(">H", content, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(content):
            raise NoPicture("damaged")
        if kind in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            size = (width, height)
        if kind == _JPEG_SCAN:
            end = _end_of_scan(content, end)
        if kind in _JPEG_KEPT:
            kept.append(content[at:end])
        at = end


def _end_of_scan(content: bytes, at: int) -> int:
    """Return the place of the first mark behind the data of a scan. Marks of a restart belong to the data."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0:
            raise NoPicture("damaged")
        if content[at + 1] not in _JPEG_DATA:
            return at
        at += 2


def _webp(content: bytes) -> Picture:
    (length,) = struct.unpack_from("<I", content, 4)
    end = 8 + length
    if end > len(content):
        raise NoPicture("damaged")
    kept, size, at = [], (0, 0), 12
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", content, at)
        data = content[at + 8 : at + 8 + length]
        if len(data) < length:
            raise NoPicture("damaged")
        if kind == b"VP8X":
            if data[0] & _WEBP_ANIMATION:
                raise NoPicture("kind")
            data = bytes([data[0] & _WEBP_ALPHA]) + data[1:]
        size = _webp_size(kind, data) or size
        if kind in _WEBP_KEPT:
            kept.append(kind + struct.pack("<I", length) + data + b"\x00" * (length % 2))
        at += 8 + length + length % 2
    body = b"WEBP" + b"".join(kept)
    return Picture("image/webp", b"RIFF" + struct.pack("<I", len(body)) + body, *size)


def _webp_size(kind: bytes, data: bytes) -> tuple[int, int] | None:
    if kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 6)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and data[0] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None
