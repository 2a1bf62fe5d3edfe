"""Write MP4 files (ISO/IEC 14496-12 and -15) with one video track and one picture a second."""

import functools
import itertools
import struct

from classroom_admin.simulator.video import h264
from classroom_admin.simulator.video.clock_pictures import HIGH, SIDE, WIDE, blocks_at, picture_at

KEY_EVERY_S = 30
_TIMESCALE = 1000
_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def pictures(first_s: int, seconds: int) -> list[bytes]:
    """Return one encoded picture for each of `seconds` seconds. The first one shows `first_s`."""
    found: list[bytes] = []
    before: dict[int, bytes] = {}
    for place in range(seconds):
        shown = blocks_at(first_s + place)
        if place % KEY_EVERY_S == 0:
            found.append(h264.key_picture(picture_at(first_s + place), number=place // KEY_EVERY_S))
        else:
            changed = {number: block for number, block in shown.items() if before[number] != block}
            found.append(h264.next_picture(changed, after_key=place % KEY_EVERY_S))
        before = shown
    return found


@functools.lru_cache(maxsize=4)
def mp4_file(first_s: int, seconds: int) -> bytes:
    """Return an MP4 file of at least one second that shows the time from `first_s` on."""
    samples = [struct.pack(">I", len(picture)) + picture for picture in pictures(first_s, max(1, seconds))]
    start = _box(b"ftyp", b"isom" + struct.pack(">I", 512) + b"isomiso2avc1mp41")
    length = len(start) + len(_moov(samples, offset=0))
    return start + _moov(samples, offset=length + 8) + _box(b"mdat", *samples)


def _moov(samples: list[bytes], *, offset: int) -> bytes:
    """Return the index of the file. `offset` is the place of the first picture in the file."""
    lasts = len(samples) * _TIMESCALE
    header = struct.pack(">5I", 0, 0, _TIMESCALE, lasts, 0x10000) + struct.pack(">H10x", 0x100)
    track = struct.pack(">6I", 0, 0, 1, 0, lasts, 0) + bytes(12)
    size = struct.pack(">II", WIDE * SIDE << 16, HIGH * SIDE << 16)
    media = _box(
        b"mdia",
        _full(b"mdhd", 0, struct.pack(">4IHH", 0, 0, _TIMESCALE, lasts, 0x55C4, 0)),
        _full(b"hdlr", 0, struct.pack(">I4s12x", 0, b"vide") + b"clock\x00"),
        _box(
            b"minf",
            _full(b"vmhd", 1, bytes(8)),
            _box(b"dinf", _full(b"dref", 0, struct.pack(">I", 1), _full(b"url ", 1))),
            _table(samples, offset),
        ),
    )
    return _box(
        b"moov",
        _full(b"mvhd", 0, header, _MATRIX, bytes(24), struct.pack(">I", 2)),
        _box(b"trak", _full(b"tkhd", 3, track, _MATRIX, size), media),
    )


def _table(samples: list[bytes], offset: int) -> bytes:
    keys = range(1, len(samples) + 1, KEY_EVERY_S)
    sizes = [len(sample) for sample in samples]
    places = [offset, *itertools.accumulate(sizes[:-1], initial=offset)][1:]
    return _box(
        b"stbl",
        _full(b"stsd", 0, struct.pack(">I", 1), _entry()),
        _full(b"stts", 0, struct.pack(">3I", 1, len(samples), _TIMESCALE)),
        _full(b"stss", 0, struct.pack(f">I{len(keys)}I", len(keys), *keys)),
        _full(b"stsc", 0, struct.pack(">4I", 1, 1, 1, 1)),
        _full(b"stsz", 0, struct.pack(f">II{len(sizes)}I", 0, len(sizes), *sizes)),
        _full(b"stco", 0, struct.pack(f">I{len(places)}I", len(places), *places)),
    )


def _entry() -> bytes:
    parameters = []
    for unit in (h264.sequence_parameters(), h264.picture_parameters()):
        parameters.append(b"\x01" + struct.pack(">H", len(unit)) + unit)
    begin = bytes([1, h264.PROFILE, h264.COMPATIBLE, h264.LEVEL, 0xFF])
    config = begin + b"\xe1" + parameters[0][1:] + parameters[1]
    size = struct.pack(">6xH16xHHIIIH32xHh", 1, WIDE * SIDE, HIGH * SIDE, 0x480000, 0x480000, 0, 1, 24, -1)
    return _box(b"avc1", size, _box(b"avcC", config))


def _box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", len(content) + 8) + kind + content


def _full(kind: bytes, flags: int, *parts: bytes) -> bytes:
    return _box(kind, struct.pack(">I", flags), *parts)
