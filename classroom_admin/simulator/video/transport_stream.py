"""Write segments of HLS as MPEG transport streams (ISO/IEC 13818-1) with one picture a second."""

import functools
import math
import struct
from typing import Final

from classroom_admin.simulator.video import h264
from classroom_admin.simulator.video.mp4 import KEY_EVERY_S, pictures

SEGMENT_S: Final = KEY_EVERY_S
_PACKET: Final = 188
_TABLES, _PROGRAM, _VIDEO = 0, 0x1000, 0x100
_CLOCK: Final = 90_000
_START: Final = b"\x00\x00\x00\x01"
_DELIMITER: Final = b"\x09\xf0"


def playlist(seconds: int, *, name: str) -> str:
    """Return the playlist of a video. The segments are files beside it: `name`_0.ts, `name`_1.ts …"""
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{SEGMENT_S}", "#EXT-X-MEDIA-SEQUENCE:0"]
    for number in range(math.ceil(seconds / SEGMENT_S)):
        lasts_s = min(SEGMENT_S, seconds - number * SEGMENT_S)
        lines += [f"#EXTINF:{lasts_s}.000,", f"{name}_{number}.ts"]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def segment(number: int, seconds: int) -> bytes:
    """Return segment `number` of a video that lasts `seconds`."""
    first = number * SEGMENT_S
    counters = {_TABLES: 0, _PROGRAM: 0, _VIDEO: 0}
    packets = [_table(_TABLES, _association(), counters), _table(_PROGRAM, _streams(), counters)]
    for place, picture in enumerate(pictures(first, min(SEGMENT_S, seconds - first))):
        units = [_DELIMITER]
        if place == 0:
            units += [h264.sequence_parameters(), h264.picture_parameters()]
        packets += _split(_picture([*units, picture], first + place), first + place, counters)
    return b"".join(packets)


def _picture(units: list[bytes], second: int) -> bytes:
    """Return the encoded picture as a PES packet of unknown length."""
    at = (second + 1) * _CLOCK
    stamp = struct.pack(
        ">BHH", 0x21 | at >> 29 & 0xE, at >> 14 & 0xFFFE | 1, at << 1 & 0xFFFE | 1
    )  # 33 bits in three parts, each with a marker bit
    content = b"".join(_START + unit for unit in units)
    return b"\x00\x00\x01\xe0\x00\x00\x80\x80\x05" + stamp + content


def _split(packet: bytes, second: int, counters: dict[int, int]) -> list[bytes]:
    """Return a PES packet as transport packets. The first one contains the clock."""
    base = (second + 1) * _CLOCK - _CLOCK // 2
    extra = b"\x10" + struct.pack(">IH", base >> 1, (base & 1) << 15 | 0x7E00)
    found: list[bytes] = []
    while packet:
        head = bytes([len(extra)]) + extra if extra else b""
        if (left := _PACKET - 4 - len(head) - len(packet)) > 0:
            head = _filled(extra, len(head) + left)
        size = _PACKET - 4 - len(head)
        found.append(_header(_VIDEO, not found, bool(head), counters) + head + packet[:size])
        packet, extra = packet[size:], b""
    return found


def _filled(extra: bytes, size: int) -> bytes:
    """Return an adaptation field that has `size` bytes with its length, and begins with `extra`."""
    content = (extra or b"\x00").ljust(size - 1, b"\xff")
    return bytes([size - 1]) + content[: size - 1]


def _header(pid: int, begins: bool, has_field: bool, counters: dict[int, int]) -> bytes:
    counter = counters[pid]
    counters[pid] = (counter + 1) % 16
    flags = 0x30 if has_field else 0x10
    return struct.pack(">BHB", 0x47, (0x4000 if begins else 0) | pid, flags | counter)


def _table(pid: int, section: bytes, counters: dict[int, int]) -> bytes:
    content = b"\x00" + section + struct.pack(">I", _crc(section))
    return (_header(pid, True, False, counters) + content).ljust(_PACKET, b"\xff")


def _association() -> bytes:
    return b"\x00\xb0\x0d\x00\x01\xc1\x00\x00" + struct.pack(">HH", 1, 0xE000 | _PROGRAM)


def _streams() -> bytes:
    begin = b"\x02\xb0\x12\x00\x01\xc1\x00\x00" + struct.pack(">HH", 0xE000 | _VIDEO, 0xF000)
    return begin + b"\x1b" + struct.pack(">HH", 0xE000 | _VIDEO, 0xF000)


@functools.cache
def _crc(section: bytes) -> int:
    """Return the checksum of a table: CRC-32/MPEG-2."""
    value = 0xFFFFFFFF
    for byte in section:
        value ^= byte << 24
        for _bit in range(8):
            value = value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)
        value &= 0xFFFFFFFF
    return value
