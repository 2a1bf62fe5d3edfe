"""Read the pages and the words of a PDF that Chromium has printed."""

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\s(.*?)endobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


def pages_of(pdf: bytes) -> int:
    """Return the number of pages."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def words_of(pdf: bytes) -> str:
    """Return the text without spaces. Chromium names each font after its object (`/F7` is object 7)."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    letters = {
        number: _letters(_content(objects[int(to.group(1))]))
        for number, body in objects.items()
        if (to := re.search(rb"/ToUnicode (\d+) 0 R", body))
    }
    found = []
    for body in objects.values():
        content = _content(body)
        if b" Tf" not in content:
            continue
        font: dict[int, str] = {}
        for name, shown in re.findall(rb"/F(\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)>", content):
            if name:
                font = letters.get(int(name), {})
            else:
                codes = [int(shown[at : at + 4], 16) for at in range(0, len(shown), 4)]
                found += [font.get(code, "") for code in codes]
    return re.sub(r"\s+", "", "".join(found))


def _content(body: bytes) -> bytes:
    stream = _STREAM.search(body)
    if stream is None:
        return b""
    return zlib.decompress(stream.group(1)) if b"/FlateDecode" in body else stream.group(1)


def _letters(table: bytes) -> dict[int, str]:
    """Return the letter of each code, from a table of the kind `ToUnicode`."""
    found: dict[int, str] = {}
    for part in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for code, letter in re.findall(rb"<(\w+)>\s*<(\w+)>", part):
            found[int(code, 16)] = bytes.fromhex(letter.decode()).decode("utf-16-be")
    for part in re.findall(rb"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, letter in re.findall(rb"<(\w+)>\s*<(\w+)>\s*<(\w+)>", part):
            for code in range(int(first, 16), int(last, 16) + 1):
                found[code] = chr(int(letter, 16) + code - int(first, 16))
    return found
