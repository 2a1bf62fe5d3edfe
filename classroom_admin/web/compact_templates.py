"""Templates are written on many short lines; their line ends are not sent.

Between two words, and inside a start tag, a line end with the blanks around it is one space. Everywhere else
(next to a tag, a block or a value) it is nothing; a space that is to be seen there stands within a line, or
is written `{{ " " }}`. docs/decisions/line-ends-are-not-sent.md says why, and what is left as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from django.template import Origin
from django.template.loaders.filesystem import Loader as FileSystemLoader

_RAW: Final = frozenset({"pre", "textarea", "script", "style"})
# What means something to the rule. The first alternative reaches over lines, and is left as it is written.
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
    """Finds templates in `DIRS`, and gives out those of pages without their line ends."""

    def get_contents(self, origin: Origin) -> str:
        """The source of one template. With `DEBUG` its lines stay, for Django's page about errors."""
        source = super().get_contents(origin)
        if not str(origin.name).endswith(".html"):
            return source
        return without_line_ends(source, keep_lines=self.engine.debug)


def without_line_ends(source: str, keep_lines: bool = False) -> str:
    """The source of an HTML template by the rule above. With `keep_lines` it renders to the same, but line
    ends stay, in blocks of comment.
    """
    extends = source.find("{% extends ")
    made = []
    at = 0
    for piece, sent in _pieces(source):
        if keep_lines and sent != piece and at > extends:  # before {% extends %} may be no block
            sent += "{% comment %}" + "\n" * piece.count("\n") + "{% endcomment %}"
        made.append(sent)
        at += len(piece)
    return "".join(made)


def _pieces(source: str) -> Iterator[tuple[str, str]]:
    """The source in pieces, and what is sent instead of each: something else only for a line end."""
    tag = ""  # the start or end tag that is open, as "a" or "/a"
    quote = ""  # the quotation mark that is open inside it
    raw = ""  # the element whose content is left as it is written
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
    """What a line end outside a tag stands for, by the two characters on each side of it."""
    is_between_words = (
        before
        and after
        and not before.endswith((">", "%}", "}}", "#}"))
        and not after.startswith(("<", "{%", "{{", "{#"))
    )
    return " " if is_between_words else ""
