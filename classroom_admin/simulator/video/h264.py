"""Encode pictures as H.264 (baseline profile) without compression.

A key picture contains every macroblock as plain samples (I_PCM). Any other picture contains only those
macroblocks that differ from the picture before it. The names are those of ITU-T H.264, sections 7.3 and 7.4.
"""

import re
from typing import Final

from classroom_admin.simulator.video.clock_pictures import BLOCKS, HIGH, WIDE

PROFILE, COMPATIBLE, LEVEL = 66, 0xC0, 12
_FRAME_NUMBERS: Final = 16
_PLAIN_IN_I, _PLAIN_IN_P = 25, 30


class _Bits:
    """A writer of bits, exponential Golomb codes and bytes."""

    def __init__(self) -> None:
        self._whole = bytearray()
        self._value = self._count = 0

    def put(self, value: int, count: int) -> None:
        self._value = self._value << count | value
        self._count += count
        while self._count >= 8:
            self._count -= 8
            self._whole.append(self._value >> self._count & 0xFF)
        self._value &= (1 << self._count) - 1

    def golomb(self, value: int) -> None:
        """Write an unsigned number in Exp-Golomb code. 0 has the same code as a signed number."""
        length = (value + 1).bit_length()
        self.put(value + 1, 2 * length - 1)

    def plain(self, block: bytes) -> None:
        """Write a macroblock of type I_PCM after its type."""
        if self._count:
            self.put(0, 8 - self._count)
        self._whole += block

    def end(self) -> bytes:
        """Write the stop bit and return everything."""
        self.put(1, 1)
        if self._count:
            self.put(0, 8 - self._count)
        return bytes(self._whole)


def _unit(header: int, payload: bytes) -> bytes:
    """Return a NAL unit. Inside of it, no three bytes look like the start of another unit."""
    return bytes([header]) + re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", payload)


def sequence_parameters() -> bytes:
    bits = _Bits()
    for value in (PROFILE, COMPATIBLE, LEVEL):
        bits.put(value, 8)
    # id, log2_max_frame_num - 4, pic_order_cnt_type (the order of the file), max_num_ref_frames
    for value in (0, 0, 2, 1):
        bits.golomb(value)
    bits.put(0, 1)
    bits.golomb(WIDE - 1)
    bits.golomb(HIGH - 1)
    for flag in (1, 1, 0, 0):  # only frames, direct_8x8_inference, no cropping, no VUI
        bits.put(flag, 1)
    return _unit(0x67, bits.end())


def picture_parameters() -> bytes:
    bits = _Bits()
    bits.golomb(0)
    bits.golomb(0)
    bits.put(0, 2)  # CAVLC
    for _value in range(3):
        bits.golomb(0)
    bits.put(0, 3)
    for _value in range(3):
        bits.golomb(0)
    bits.put(0b100, 3)  # deblocking_filter_control_present
    return _unit(0x68, bits.end())


def key_picture(blocks: list[bytes], *, number: int) -> bytes:
    """Return a picture that needs no other. Neighbouring key pictures need different numbers."""
    bits = _Bits()
    bits.golomb(0)
    bits.golomb(7)
    bits.golomb(0)
    bits.put(0, 4)
    bits.golomb(number % 2)
    bits.put(0, 2)
    bits.golomb(0)
    bits.golomb(1)  # no deblocking
    for block in blocks:
        bits.golomb(_PLAIN_IN_I)
        bits.plain(block)
    return _unit(0x65, bits.end())


def next_picture(changed: dict[int, bytes], *, after_key: int) -> bytes:
    """Return a picture with the macroblocks `changed`, `after_key` pictures after its key picture."""
    bits = _Bits()
    bits.golomb(0)
    bits.golomb(5)
    bits.golomb(0)
    bits.put(after_key % _FRAME_NUMBERS, 4)
    bits.put(0, 3)
    bits.golomb(0)
    bits.golomb(1)  # no deblocking
    done = 0
    for number, block in sorted(changed.items()):
        bits.golomb(number - done)  # mb_skip_run
        bits.golomb(_PLAIN_IN_P)
        bits.plain(block)
        done = number + 1
    if done < BLOCKS:
        bits.golomb(BLOCKS - done)
    return _unit(0x41, bits.end())
