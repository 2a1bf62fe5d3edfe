"""Find terms that the language guide retired, in code, templates, documents and English texts.

scripts/check_prose.py            list all places with a retired term; exit with 1 if there are any
scripts/check_prose.py --count    print only how often each term was found

The terms are in scripts/retired_terms.txt.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
TERMS: Final = ROOT / "scripts/retired_terms.txt"
FILES: Final = (
    *("*.md", "Makefile", "pyproject.toml", "manage.py", ".env.example", "deploy/**/*.*"),
    *("classroom_admin/**/*.py", "tests/**/*.py", "bench/**/*.py", "scripts/*"),
    *(
        "templates/**/*.html",
        "templates/**/*.txt",
        "classroom_admin/**/*.html",
        "static/**/*.css",
        "static/**/*.js",
    ),
    *("docs/**/*.md", "locale/es/LC_MESSAGES/django.po"),
)
WORD_INSIDE_IDENTIFIER: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
TERM: Final = re.compile(r"(.+?) -> (.+?)(?:\s+in (.+?))?(?:\s+except (.+))?")
MSGID: Final = re.compile(r'^(?:msgid|msgid_plural|msgctxt) ((?:".*"\n)+)', re.MULTILINE)


@dataclass(frozen=True)
class Term:
    """A retired term with its pattern and its replacement, the files to search, and the files to skip."""

    pattern: str
    replacement: str
    only: tuple[str, ...]
    excepted: tuple[str, ...]

    def applies_to(self, path: str) -> bool:
        wanted = not self.only or any(fnmatch(path, glob) for glob in self.only)
        return wanted and not any(fnmatch(path, glob) for glob in self.excepted)


class Found(NamedTuple):
    path: str
    line: int  # 0: the term is in the path
    words: str
    term: Term

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words!r}: say {self.term.replacement!r}"


class Rules:
    """The rules in a file of retired terms. Raise `ValueError` if a line is invalid."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.terms: list[Term] = []
        self.kept: list[str] = []
        self.skipped: list[str] = []
        for line in map(str.strip, lines):
            if line.startswith("keep: "):
                self.kept.append(line.removeprefix("keep: "))
            elif line.startswith("skip: "):
                self.skipped.append(line.removeprefix("skip: "))
            elif line and not line.startswith("#"):
                found = TERM.fullmatch(line)
                if not found:
                    raise ValueError(f"not a term: {line}")
                pattern, replacement, only, excepted = found.groups()
                self.terms.append(
                    Term(pattern, replacement, tuple((only or "").split()), tuple((excepted or "").split()))
                )

    def check(self, path: str, text: str) -> list[Found]:
        """Find the retired terms in a path and in the file's text."""
        if any(fnmatch(path, glob) for glob in self.skipped):
            return []
        for name in self.kept:
            text = text.replace(name, "")
        # Line 0 is the path. It begins with a slash, so that a pattern can match the full name of a folder.
        words = WORD_INSIDE_IDENTIFIER.sub(" ", f"/{path}\n{text}".replace("_", " ")).lower()
        found = [
            Found(path, words.count("\n", 0, match.start()), match[0], term)
            for term in self.terms
            if term.applies_to(path)
            for expression in expressions(term.pattern)
            for match in expression.finditer(words)
            if not words[match.start() - 1].isalnum() or not match[0][0].isalnum()
        ]
        return sorted(found, key=lambda one: one.line)


@cache
def expressions(pattern: str) -> list[re.Pattern[str]]:
    """Return one expression for each alternative of a pattern.

    Each expression begins with literal text, not with a word boundary. The search can then skip text that
    can't match, which makes the whole check ten times faster.
    """
    alternatives, depth = [""], 0
    for character in pattern:
        depth += (character == "(") - (character == ")")
        if character == "|" and not depth:
            alternatives.append("")
        else:
            alternatives[-1] += r"\s+" if character == " " else character
    return [re.compile(rf"{alternative}\b") for alternative in alternatives]


def english_of(catalogue: str) -> str:
    """Return only the English texts of a catalogue, each on the line where it begins."""
    lines = [""] * (catalogue.count("\n") + 1)
    for match in MSGID.finditer(catalogue):
        text = "".join(line[1:-1] for line in match[1].splitlines())
        lines[catalogue.count("\n", 0, match.start())] = text
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Find terms that the language guide retired.")
    parser.add_argument("--count", action="store_true", help="only how often each term was found")
    options = parser.parse_args(arguments)
    rules = Rules(TERMS.read_text(encoding="utf-8").splitlines())
    found: list[Found] = []
    for path in sorted({path for glob in FILES for path in ROOT.glob(glob) if path.is_file()}):
        text = path.read_text(encoding="utf-8")
        found += rules.check(
            path.relative_to(ROOT).as_posix(), english_of(text) if path.suffix == ".po" else text
        )
    if options.count:
        for term, times in Counter(one.term for one in found).most_common():
            print(f"{times:6} {term.pattern} -> {term.replacement}")
    else:
        print(*found, sep="\n", end="\n" if found else "")
    if found:
        print(f"{len(found)} retired terms in {len({one.path for one in found})} files", file=sys.stderr)
    return min(len(found), 1)


if __name__ == "__main__":
    sys.exit(main())
