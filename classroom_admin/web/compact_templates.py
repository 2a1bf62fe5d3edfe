"""Remove line ends from templates, which are written on many short lines.

Between two words, and inside a start tag, a line end with the spaces around it becomes one space. Everywhere
else (next to a tag, a block or a value) it becomes nothing; a visible space there is written within a line,
or as `{{ " " }}`. docs/decisions/line-ends-are-not-sent.md explains why, and what stays unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from django.template import Origin
from django.template.loaders.filesystem import Loader as FileSystemLoader

_RAW: Final = frozenset({"pre", "textarea", "script", "style"})
# The parts of a template that matter. The first alternative spans lines and stays unchanged.
_PIECE: Final = re.compile(
    r"""
      (?P<kept> \{%\s*(?P<block>comment|verbatim|blocktrans(?:late)?)\b .*? \{%\s*end(?P=block)\b [^\n]*? %\}
              | <!--.*?--> )
    | (?P<django> \{%[^\n]*?%\} | \{\{[^\n]*?\}\} | \{\#[^\n]*?\#\} )
    | < (?P<tag> /?[a-zA-Z][^\s>/{"']* )
    | (?P<quote> ["'] )
    | (?P<bracket> > )
    | (?P<line_end> [^\S\n]* (?: \n[^\S\n]* )+ )
    """,
    re.VERBOSE | re.DOTALL,
)


class Loader(FileSystemLoader):
    """Finds templates in `DIRS` and returns HTML templates without line ends."""

    def get_contents(self, origin: Origin) -> str:
        """Return the source of a template. With `DEBUG` it keeps its lines, for Django's error page."""
        source = super().get_contents(origin)
        if not str(origin.name).endswith(".html"):
            return source
        return without_line_ends(source, keep_lines=self.engine.debug)


def without_line_ends(source: str, keep_lines: bool = False) -> str:
    """Return the source without line ends. With `keep_lines` they stay, inside of template comments."""
    extends = source.find("{% extends ")
    made = []
    at = 0
    for piece, sent in _pieces(source):
        if keep_lines and sent != piece and at > extends:  # no block may come before {% extends %}
            sent += "{% comment %}" + "\n" * piece.count("\n") + "{% endcomment %}"
        made.append(sent)
        at += len(piece)
    return "".join(made)


def _pieces(source: str) -> Iterator[tuple[str, str]]:
    """Yield the pieces of the source, each with its replacement, which differs only for line ends."""
    tag = ""  # the open start or end tag, as "a" or "/a"
    quote = ""  # the open quotation mark in it
    raw = ""  # the element whose content stays unchanged
    at = 0
    for found in _PIECE.finditer(source):
        yield source[at : found.start()], source[at : found.start()]
        at = found.end()
        kind = found.lastgroup
        if kind == "line_end" and not raw:
            yield (
                found[0],
                " "
                if tag
                else _between(source[max(found.start() - 2, 0) : found.start()], source[at : at + 2]),
            )
            continue
        yield found[0], found[0]
        if kind == "tag" and not tag and (not raw or found["tag"].lower() == f"/{raw}"):
            tag, raw = found["tag"].lower(), ""
        elif kind == "quote" and tag:
            quote = "" if quote == found[0] else quote or found[0]
        elif kind == "bracket" and tag and not quote:
            tag, raw = "", tag if tag in _RAW else ""
    yield source[at:], source[at:]


def _between(before: str, after: str) -> str:
    """Return the replacement of a line end outside of a tag, by the two characters on each side."""
    is_between_words = (
        before
        and after
        and not before.endswith((">", "%}", "}}", "#}"))
        and not after.startswith(("<", "{%", "{{", "{#"))
    )
    return " " if is_between_words else ""
