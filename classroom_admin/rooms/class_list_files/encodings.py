"""Guess the encoding of a text file. Letter frequencies alone do not suffice for short lists of names."""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import Final

from charset_normalizer import from_bytes

from classroom_admin.rooms.class_list_files.header_words import role_of

ENCODINGS: Final = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "gb18030": "GB18030 (简体中文)",
    "big5": "Big5 (繁體中文)",
    "shift_jis": "Shift-JIS (日本語)",
    "euc_kr": "EUC-KR (한국어)",
    "cp1252": "Windows-1252 (English, Deutsch, español, français)",
    "cp1250": "Windows-1250 (čeština, magyar, polski)",
    "cp1251": "Windows-1251 (русский, українська)",
    "cp1253": "Windows-1253 (ελληνικά)",
    "cp1254": "Windows-1254 (Türkçe)",
    "cp1255": "Windows-1255 (עברית)",
    "cp1256": "Windows-1256 (العربية)",
    "cp1257": "Windows-1257 (eesti, latviešu, lietuvių)",
    "cp1258": "Windows-1258 (tiếng Việt)",
    "mac_roman": "Mac Roman",
    "koi8_r": "KOI8-R (русский)",
}
"""The encodings that a person can choose, with the names that pages show."""
_CODECS: Final = {"big5": "big5hkscs", "shift_jis": "cp932", "euc_kr": "cp949"}
"""The supersets of these encodings that programs actually write."""
SAMPLE_BYTES: Final = 65_536
_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_WESTERN: Final = "äöüßéèêàáíóúñçãõôîâïëåæøœìòùûÄÖÜÉÁÓÑÇÅØÈÍÚ"
_USUAL: Final = {
    "cp1252": _WESTERN,
    "mac_roman": _WESTERN,
    "cp1250": "ąćęłńóśźżáčďéěíňřšťúůýžőűöüäľăâîţşŁŚŻŹČŘŠŽŐÁÉÍÚÖÜ",
    "cp1251": "оеаинтсрвлкмдяйшюпчугбьзыжєіїМАСИПКДВЕЯБ",
    "koi8_r": "оеаинтсрвлкмдяйшюпчугбьзыжМАСИПКДВЕЯБ",
    "cp1253": "αοιετνσρκηπςλμγδάόίήέύώυωΑΓΔΕΚΜΝΠΣ",
    "cp1254": "çğıöşüâÇĞİÖŞÜ",
    "cp1255": "יוהלאמרתבשנדחקפכםן",
    "cp1256": "اليمنرتبةعدسفهكقحجشأخطصىءآئإ",
    "cp1257": "āčēģīķļņšūžąęėįųõäöüĀČĒĶŠŪŽ",
    "cp1258": "ăâđêôơưàáéèíìóòúùýĐÂ\u0300\u0301\u0303\u0309\u0323",
}
"""The letters beyond ASCII that are frequent in the languages of each encoding."""
_LESS_USUAL: Final = {"mac_roman": 0.1, "cp1250": 0.15, "cp1254": 0.15, "cp1257": 0.1, "cp1258": 0.15}
"""The additional costs of Latin encodings that are less common than Windows-1252."""
_PUNCTUATION: Final = frozenset("’‘“”„–—·•、，。；：（）「」・ー…´º°ª№¿¡«»　\u00a0")
_OPENING: Final = frozenset("‘“„–—«")
"""The punctuation marks that never directly follow a letter."""
# The codec of the common characters of each encoding, and the first and last lead byte of these characters.
_FREQUENT: Final = {
    "gb18030": ("gb2312", 0xB0, 0xD7),
    "big5": ("big5", 0xA4, 0xC6),
    "shift_jis": ("shift_jis", 0x83, 0x98),
    "euc_kr": ("euc_kr", 0xB0, 0xC8),
}
_CELLS: Final = re.compile(r"[,;\t|\r\n\"]+")


def codec_of(encoding: str) -> str:
    """Return the codec that decodes this encoding from `ENCODINGS`."""
    return _CODECS.get(encoding, encoding)


def guessed(content: bytes) -> str:
    """Return the most likely encoding of a text file. It is a name from `ENCODINGS`."""
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return encoding
    if utf_16_order(content):
        return "utf-16"
    sample = _whole_lines(content)
    if _is_utf_8(sample):
        return "utf-8"
    sample = sample.replace(b"\x00", b"")
    costs = {
        name: _cost(text, name)
        for name in ENCODINGS
        if name not in ("utf-8", "utf-16") and (text := _decoded(sample, name)) is not None
    }
    if not costs:
        return "utf-8"
    found = from_bytes(sample, cp_isolation=[codec_of(name) for name in costs])
    ranks = {match.encoding: rank for rank, match in enumerate(found)}
    return min(costs, key=lambda name: (costs[name], ranks.get(codec_of(name), len(ranks))))


def utf_16_order(content: bytes) -> str:
    """Return "utf-16-le" or "utf-16-be" if the text seems to be UTF-16, otherwise ""."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16-le" if content.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
    sample = content[:SAMPLE_BYTES]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if (even + odd) * 20 < len(sample) or max(even, odd) < 9 * min(even, odd):
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def _is_utf_8(sample: bytes) -> bool:
    """Return whether the text is UTF-8. A few damaged characters are tolerated."""
    text = sample.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    return not damaged or sum(not each.isascii() for each in text) >= 10 * damaged


def _whole_lines(content: bytes) -> bytes:
    if len(content) <= SAMPLE_BYTES:
        return content
    sample = content[:SAMPLE_BYTES]
    return sample[: sample.rfind(b"\n")] if b"\n" in sample else sample


def _decoded(sample: bytes, encoding: str) -> str | None:
    try:
        return sample.decode(codec_of(encoding))
    except UnicodeDecodeError:
        return None


def _cost(text: str, encoding: str) -> float:
    """Return a number that is higher for less likely text. Known column names lower it."""
    known = sum(1 for cell in _CELLS.split(text[:2000])[:40] if not cell.isascii() and role_of(cell))
    costs = 0.0
    letters = 0
    for before, letter, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if not letter.isascii():
            letters += 1
            costs += _cost_of_letter(before, letter, after, encoding)
    return (costs - 3 * known) / max(letters, 1) + _LESS_USUAL.get(encoding, 0.0)


def _cost_of_letter(before: str, letter: str, after: str, encoding: str) -> float:
    category = unicodedata.category(letter)
    if category[0] not in "LM":
        if letter in _OPENING and before.isalpha():
            return 1.0
        return 0.0 if letter in _PUNCTUATION else 5.0 if category in ("Cc", "Co", "Cn") else 2.0
    cost = 2.0 if letter.isupper() and before.islower() else 0.0
    latin = unicodedata.name(letter, "").startswith("LATIN")
    if encoding in _FREQUENT:
        return (
            cost + _cost_of_rare(letter, encoding) + 2 * (_is_ascii_letter(before) or _is_ascii_letter(after))
        )
    if latin:
        cost += 1.5 * (before.isalpha() and not before.isascii())
    else:
        cost += 2 * (_is_ascii_letter(before) or _is_ascii_letter(after))
    return cost + (0.0 if letter in _USUAL[encoding] else 0.5 if letter.lower() in _USUAL[encoding] else 1.0)


def _cost_of_rare(letter: str, encoding: str) -> float:
    codec, first, last = _FREQUENT[encoding]
    try:
        lead = letter.encode(codec)[0]
    except UnicodeEncodeError:
        return 3.0
    if "\uff61" <= letter <= "\uff9f":
        return 2.0
    return 0.1 if first <= lead <= last else 0.8


def _is_ascii_letter(letter: str) -> bool:
    return letter.isascii() and letter.isalpha()
