"""Which files are taken, by name and by content: pure but for the file."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.actions.files.kinds import CONTENT_TYPES, NAME_BYTES, Why, ext_of, problem, shown_name
from classroom_admin.agora.parameters import RESOURCE_EXTS
from classroom_admin.common.public_address import reach
from tests.actions.files import DOC, GOOD, HOSTILE, PDF, XLS, office

MOST = 1_000_000


def judge(name: str, content: bytes) -> str:
    allowed = {"allow_macros": True} if name.endswith(".pptm") else {}
    found = problem(name=name, size=len(content), content=io.BytesIO(content), most_bytes=MOST, **allowed)
    return found[1] if found else ""


def test_every_kind_of_the_contract_is_known_and_has_an_example():
    assert set(CONTENT_TYPES) == set(RESOURCE_EXTS) == {ext_of(name) for name in GOOD}


@pytest.mark.parametrize("name", GOOD)
def test_good_files_are_taken(name: str):
    assert judge(name, GOOD[name]) == ""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_words(name: str):
    assert judge(name, HOSTILE[name]).endswith(".")


@pytest.mark.parametrize("name", GOOD)
def test_no_good_file_passes_for_another_kind(name: str):
    """Macros are inside of a presentation; nothing else is mixed up."""
    alike = [{"pptx", "pptm"}, {"csv"}]
    for ext in RESOURCE_EXTS:
        if ext != ext_of(name) and not any({ext, ext_of(name)} <= kinds for kinds in alike):
            assert judge(f"x.{ext}", GOOD[name]), f"{name} passes for {ext}"


def test_empty_and_too_big():
    assert "empty" in judge("a.pdf", b"")
    found = problem(name="a.pdf", size=MOST + 1, content=io.BytesIO(b"%PDF-"), most_bytes=MOST)
    assert found is not None
    assert found[0] == Why.TOO_LARGE
    assert "at most 1 MB" in found[1]


@pytest.mark.parametrize("name", [name for name in HOSTILE if "locked" in name])
def test_documents_with_a_password_are_refused(name: str):
    assert "protected by a password" in judge(name, HOSTILE[name])


@pytest.mark.parametrize(
    ("name", "content", "really"),
    [
        ("letter.docx", DOC, "DOC"), ("marks.xlsx", XLS, "XLS"), ("a.doc", office("word"), "DOCX"),
        ("slides.ppt", DOC, "DOC"), ("a.png", GOOD["photo.jpeg"], "JPG"), ("a.csv", PDF, "PDF"),
    ],
)  # fmt: skip
def test_a_file_with_another_name_is_called_what_it_is(name: str, content: bytes, really: str):
    words = judge(name, content)
    assert f"but the content is {really}. " in words
    assert "password" not in words


def test_an_unencrypted_file_may_mention_encryption():
    assert judge("a.pdf", b"%PDF-1.7\n(/Encrypt 9 0 R)\ntrailer<<>>\nstartxref\n9\n%%EOF\n") == ""


def test_a_zip_whose_index_would_fill_the_memory_is_not_read():
    whole = bytearray(office("word"))
    struct.pack_into("<I", whole, whole.rfind(b"PK\x05\x06") + 12, 900_000_000)
    assert judge("a.docx", bytes(whole))


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("Worksheet 3.pdf", "Worksheet 3.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\me\\notes.pdf", "notes.pdf"),
        ("a\x00b\r\nc\u202e.pdf", "abc.pdf"),
        ("  ثلاثة .docx", "ثلاثة .docx"),
        ("\ud800.pdf", ".pdf"),
        ("Screenshot 2026-05-04 at 9.41.00\u202fAM.png", "Screenshot 2026-05-04 at 9.41.00 AM.png"),
        ("a\u00a0b\u3000c.png", "a b c.png"),
        ("علی\u200cرضا.pdf", "علی\u200cرضا.pdf"),
        ("👩\u200d👩\u200d👧.png", "👩\u200d👩\u200d👧.png"),
        ("a\u200fb\u2067c\ufeff.pdf", "abc.pdf"),
        ("e\u0301" * 30 + ".pdf", "e\u0301" * 19 + ".pdf"),
        ("👩\u200d👩\u200d👧" * 4 + ".png", "👩\u200d👩\u200d👧" * 3 + ".png"),
        ("🇪🇸" * 8 + ".png", "🇪🇸" * 7 + ".png"),
        ("👍🏽" * 9 + ".png", "👍🏽" * 7 + ".png"),
    ],
)
def test_names(given_name: str, kept: str):
    assert shown_name(given_name) == kept


@given(st.text())
def test_names_always_fit_and_keep_their_kind(name: str):
    kept = shown_name(name + ".pdf")
    assert len(kept.encode()) <= NAME_BYTES
    assert ext_of(kept) == "pdf"
    assert "/" not in kept
    assert "\\" not in kept
    assert kept.replace("\u200c", "").replace("\u200d", "").isprintable()


@given(st.binary(max_size=300), st.sampled_from(RESOURCE_EXTS))
def test_judging_never_fails(content: bytes, ext: str):
    assert isinstance(judge(f"x.{ext}", content), str)
    assert isinstance(judge(f"x.{ext}", b"PK\x03\x04" + content), str)


@pytest.mark.parametrize(
    ("url", "who"),
    [
        ("http://127.0.0.1:8000", "machine"),
        ("http://localhost:8000", "machine"),
        ("http://[::1]:8000", "machine"),
        ("http://0.0.0.0:8000", "machine"),
        ("http://demo.localhost", "machine"),
        ("", "machine"),
        ("http://192.168.1.20", "network"),
        ("http://10.0.0.5:8000", "network"),
        ("http://[fd00::1]", "network"),
        ("http://school-server", "network"),
        ("http://classes.local", "network"),
        ("https://classes.example.org", "world"),
        ("https://8.8.8.8", "world"),
    ],
)
def test_who_can_open_an_address(url: str, who: str):
    assert reach(url) == who
