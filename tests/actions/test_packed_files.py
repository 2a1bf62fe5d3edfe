"""What is packed inside of office documents: macros, and how much there is."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.actions.files import packed
from classroom_admin.actions.files.kinds import problem, shareable
from classroom_admin.actions.files.packed import look_into
from classroom_admin.agora.parameters import RESOURCE_EXTS
from tests.actions.files import BOF, DOC, GOOD, PPT, XLS, compound, office

TYPES = '<Override PartName="/ppt/presentation.xml" ContentType="application/vnd.ms-powerpoint.{}"/>'


def judge(name: str, content: bytes, *, allow_macros: bool = False) -> str:
    found = problem(
        name=name,
        size=len(content),
        content=io.BytesIO(content),
        most_bytes=10**9,
        allow_macros=allow_macros,
    )
    return found[1] if found else ""


def package(folder: str, types: str = "<xml/>", **parts: bytes) -> bytes:
    """Return an office document with further parts. In their names, "__" stands for "/"."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr(f"{folder}/document.xml", "<xml/>")
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def sheet_record(kind: int) -> bytes:
    return struct.pack("<HH", 0x85, 8) + bytes([0, 0, 0, 0, 0, kind, 0, 0])


VBA_INFO = b"\x02\x00\x00\x04\x0c\x00\x00\x00" + struct.pack("<III", 7, 1, 2)
NO_VBA_INFO = b"\x02\x00\x00\x04\x0c\x00\x00\x00" + struct.pack("<III", 7, 0, 2)
END = b"\x0a\x00\x00\x00"
WITH_MACROS = {
    "slides.pptx": package("ppt", **{"ppt__vbaProject.bin": b"x"}),
    "letter.docx": office("word", "word/VBAPROJECT.BIN"),
    "marks.xlsx": package("xl", **{"xl__macrosheets__sheet1.xml": b"<xml/>"}),
    "renamed.pptx": package("ppt", TYPES.format("presentation.macroEnabled.main+xml")),
    "inside.docx": package(
        "word", **{"word__embeddings__a.xlsm": package("xl", **{"xl__vbaProject.bin": b"x"})}
    ),
    "old inside.docx": package("word", **{"word__embeddings__a.bin": compound(_VBA_PROJECT=b"x")}),
    "letter.doc": compound(WordDocument=b"\xec\xa5\xc1\x00" + bytes(600), Macros=b"x"),
    "marks.xls": compound(Workbook=BOF + END, _VBA_PROJECT_CUR=b"x"),
    "marks of 1995.xls": compound(Workbook=BOF + sheet_record(0) + sheet_record(1) + END),
    "slides.ppt": compound(**{"PowerPoint Document": b"x" * 9 + VBA_INFO}),
}


@pytest.mark.parametrize("name", WITH_MACROS)
def test_macros_are_named_and_refused_unless_allowed(name: str) -> None:
    words = judge(name, WITH_MACROS[name])
    assert "contains macros (" in words
    assert words.endswith(".")
    assert judge(name, WITH_MACROS[name], allow_macros=True) == ""


def test_the_part_with_macros_is_named() -> None:
    assert "(ppt/vbaProject.bin)" in judge("slides.pptx", WITH_MACROS["slides.pptx"])
    assert "(word/embeddings/a.xlsm: xl/vbaProject.bin)" in judge("inside.docx", WITH_MACROS["inside.docx"])


def test_presentations_with_macros_are_no_choice_unless_allowed() -> None:
    assert "PPTX" in judge("macros.pptm", GOOD["macros.pptm"])
    assert judge("macros.pptm", GOOD["macros.pptm"], allow_macros=True) == ""
    assert set(RESOURCE_EXTS) - set(shareable(allow_macros=False)) == {"pptm"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.doc", DOC),
        ("a.xls", XLS),
        ("a.ppt", PPT),
        ("no macros.ppt", compound(**{"PowerPoint Document": b"x" + NO_VBA_INFO})),
        ("two sheets.xls", compound(Workbook=BOF + sheet_record(0) + sheet_record(2) + END)),
        ("chart.docx", package("word", **{"word__embeddings__a.xlsx": package("xl")})),
    ],
)
def test_documents_without_macros_are_taken(name: str, content: bytes) -> None:
    assert judge(name, content) == ""


def test_document_that_unpacks_to_too_much_is_refused() -> None:
    bomb = package("word", **{"word__media__a.bmp": bytes(60_000_000)})
    assert len(bomb) < 100_000
    assert "much larger when it is unpacked" in judge("a.docx", bomb)


def test_bomb_inside_of_a_document_is_refused() -> None:
    inner = package("xl", **{"xl__media__a.bmp": bytes(15_000_000)})
    parts = {f"word__embeddings__{number}.xlsx": inner for number in range(3)}
    assert "much larger when it is unpacked" in judge("a.docx", package("word", **parts))


def test_declared_size_that_is_too_small_is_refused() -> None:
    whole = bytearray(package("word", **{"word__big.xml": bytes(1000)}))
    at = whole.rindex(b"word/big.xml") - 46  # its entry in the central directory
    assert whole[at : at + 4] == b"PK\x01\x02"
    struct.pack_into("<I", whole, at + 24, 10)
    assert "damaged" in judge("a.docx", bytes(whole))


def test_documents_inside_each_other_are_limited() -> None:
    content = package("word")
    for _ in range(packed.DEEPEST):
        content = package("word", **{"word__embeddings__a.docx": content})
    assert "too many levels" in judge("a.docx", content)


def test_large_but_honest_document_is_taken() -> None:
    noise = bytes(range(256)) * 4
    parts = {f"ppt__media__{number}.png": noise * 200 for number in range(40)}
    content = package("ppt", **parts)
    assert judge("a.pptx", content) == ""
    assert look_into(io.BytesIO(content), len(content)).unpacked > 8_000_000


@given(st.binary(max_size=300))
def test_looking_never_fails(rest: bytes) -> None:
    for head in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b""):
        content = head + rest
        look_into(io.BytesIO(content), len(content))


@given(st.integers(min_value=0), st.binary(min_size=1, max_size=4))
def test_looking_into_a_damaged_document_never_fails(at: int, change: bytes) -> None:
    for whole in (WITH_MACROS["inside.docx"], WITH_MACROS["marks of 1995.xls"]):
        content = bytearray(whole)
        at %= len(content)
        content[at : at + len(change)] = change
        look_into(io.BytesIO(bytes(content)), len(content))
