"""Pictures that are uploaded as a logo: what is kept of them, and what is refused."""

from __future__ import annotations

import struct
import zlib

import pytest

from classroom_admin.common.pictures import NoPicture, checked
from tests.web.face.pictures import chunk, jpeg, png, webp


def test_png_keeps_what_draws_it_and_nothing_else():
    odd = png(
        32, 20, extra=[chunk(b"tEXt", b"Comment\0secret"), chunk(b"eXIf", b"where"), chunk(b"acTL", b"x")]
    )
    found = checked(odd + b"<script>alert(1)</script>")
    assert (found.kind, found.width, found.height) == ("image/png", 32, 20)
    assert found.content == png(32, 20)
    for secret in (b"secret", b"where", b"script", b"acTL"):
        assert secret not in found.content


def test_jpeg_and_webp_lose_their_metadata():
    found = checked(jpeg(40, 30) + b"<?php")
    assert (found.kind, found.width, found.height) == ("image/jpeg", 40, 30)
    assert b"Exif" not in found.content
    assert b"php" not in found.content
    assert found.content.startswith(b"\xff\xd8")
    assert found.content.endswith(b"\xff\xd9")
    assert b"\xff\x00\xff\xd0" in found.content  # data of the scan with a mark of a restart
    found = checked(webp(50, 40) + b"more")
    assert (found.kind, found.width, found.height) == ("image/webp", 50, 40)
    assert b"EXIF" not in found.content
    assert struct.unpack_from("<I", found.content, 4)[0] == len(found.content) - 8
    assert checked(found.content).content == found.content


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "kind"),
        (b"GIF89a" + b"\0" * 50, "kind"),
        (png(32, 20)[:-20], "damaged"),
        (png(32, 20).replace(b"IDAT", b"IDAx"), "damaged"),
        (png(32, 20, rows=5), "damaged"),
        (png(32, 20, rows=90), "damaged"),
        (png(2001, 20), "size"),
        (png(15, 20), "size"),
        (jpeg(40, 30)[:40], "damaged"),
        (jpeg(4000, 30), "size"),
        (webp(50, 40)[:30], "damaged"),
        (webp(50, 40, flags=0x02), "kind"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 3, "damaged"),
    ],
)
def test_other_files_and_damaged_pictures_are_refused(content, code):
    with pytest.raises(NoPicture) as refused:
        checked(content)
    assert refused.value.code == code


def test_a_bomb_is_not_unpacked():
    bomb = zlib.compress(b"\0" * 50_000_000, 9)
    header = struct.pack(">IIBBBBB", 20, 20, 8, 2, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", bomb) + chunk(b"IEND", b"")
    with pytest.raises(NoPicture) as refused:
        checked(content)
    assert refused.value.code == "damaged"
