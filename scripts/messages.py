"""Collect the texts for translation into the catalogues, and compile the catalogues: `make messages`.

    scripts/messages.py             update locale/*/LC_MESSAGES/django.po from the sources, and compile them
    scripts/messages.py --check     change nothing; print what is wrong, and exit with 1 if anything is
    scripts/messages.py --locale DIR    use another folder of catalogues

This script needs Babel, a development dependency. It needs neither GNU gettext nor a database.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT: Final = Path(__file__).resolve().parent.parent
# Each language with its number of plural forms and the rule that chooses the form, as in Django's own
# catalogues.
LANGUAGES: Final = {
    "zh_Hans": "nplurals=1; plural=0;",
    "es": "nplurals=2; plural=(n != 1);",
    "ar": (
        "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : "
        "n%100>=11 && n%100<=99 ? 4 : 5;"
    ),
}
BEGINNING: Final = (
    'msgid ""\nmsgstr ""\n"Project-Id-Version: Classroom Admin\\n"\n"Language: {name}\\n"\n'
    '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    '"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: {plural}\\n"\n'
)
# The simulator is a developer's tool, so it stays in English like the command line.
SOURCES: Final = ("classroom_admin/**/*.py", "templates/**/*.html", "templates/**/*.txt")
LEFT_OUT: Final = ("classroom_admin/simulator/", "/migrations/", "/management/")
# Each translation function with the positions of the arguments that contain text.
KEYWORDS: Final = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
DATED: Final = re.compile(
    rb'^"(POT-Creation-Date|PO-Revision-Date|Generated-By|Report-Msgid-Bugs-To|Last-Translator|Language-Team).*\n',
    re.MULTILINE,
)
LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)
PLACEHOLDER: Final = re.compile(r"%\(\w+\)[sd]|(?<!\{)\{\w+\}(?!\})")
MARKUP: Final = re.compile(r"</?\w+|\"|&\w+;")


def sources() -> Iterator[Path]:
    """Yield the files that may contain texts for translation, in a fixed order."""
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            if not any(part in path.relative_to(ROOT).as_posix() for part in LEFT_OUT):
                yield path


def collect() -> Catalog:
    """Return all texts for translation, each with the files that contain it."""
    found = Catalog()
    for path in sources():
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            # Convert the template to Python code that contains only the translation calls.
            text = "\n".join(line.strip() for line in templatize(text, origin=str(path)).splitlines())
        name = path.relative_to(ROOT).as_posix()
        for _line, said, notes, context in extract("python", io.BytesIO(text.encode()), KEYWORDS):
            if "" not in (said if isinstance(said, tuple) else (said,)):
                found.add(said, None, [(name, 0)], auto_comments=notes, context=context)
    return found


def path_of(folder: Path, name: str) -> Path:
    return folder / name / "LC_MESSAGES" / "django.po"


def read(path: Path, name: str) -> Catalog:
    """Return the catalogue at `path`, or an empty catalogue of the language `name` if there is no file."""
    if not path.exists():
        return read_po(io.BytesIO(BEGINNING.format(name=name, plural=LANGUAGES[name]).encode()), locale=name)
    with path.open("rb") as file:
        return read_po(file, locale=name)


def written(catalog: Catalog) -> bytes:
    """Return the text of a .po file, without dates and line numbers, so that only new texts change it."""
    made = io.BytesIO()
    write_po(made, catalog, width=100, omit_header=False, sort_by_file=True, include_lineno=False)
    text = DATED.sub(b"", made.getvalue())
    return re.sub(rb"\A(#.*\n)+", b"", text)


def compiled(catalog: Catalog) -> bytes:
    made = io.BytesIO()
    catalog.creation_date = catalog.revision_date = LONG_AGO  # only new texts change the file
    write_mo(made, catalog)
    return made.getvalue()


def update(folder: Path) -> None:
    """Update and compile the catalogues. Add new texts without a translation, and delete unused texts."""
    wanted = collect()
    for name in LANGUAGES:
        path = path_of(folder, name)
        catalog = read(path, name)
        catalog.update(wanted, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written(catalog))
        fresh = read(path, name)
        path.with_suffix(".mo").write_bytes(compiled(fresh))
        missing = sum(not is_translated(message) for message in fresh if message.id)
        print(f"{path.relative_to(folder.parent)}: {len(fresh)} texts, {missing} to be translated")


def key_of(message: Message) -> tuple[tuple[str, ...], str | None]:
    """Return the text (singular and plural, if both exist) and the context that identify a message."""
    context = (
        message.context.decode() if isinstance(message.context, bytes) else message.context
    )  # a .mo file has bytes
    return ((message.id,) if isinstance(message.id, str) else tuple(message.id)), context


def texts_of(message: Message) -> tuple[str, ...]:
    """Return the translation: one text, or one text for each plural form."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def is_translated(message: Message) -> bool:
    return not message.fuzzy and all(texts_of(message))


def wrong_with(message: Message) -> Iterator[str]:
    """Yield the mistakes in the translation of a message."""
    originals = key_of(message)[0]
    allowed = {one for text in originals for one in PLACEHOLDER.findall(text)}
    needed = set(PLACEHOLDER.findall(originals[0])) if len(originals) == 1 else set()
    for text in texts_of(message):
        there = set(PLACEHOLDER.findall(text))
        if there - allowed or needed - there:
            yield f"placeholders differ: {sorted(there ^ (needed or allowed))}"
        # Pages and HTML attributes contain translations without escaping.
        if sorted(set(MARKUP.findall(text)) - set(MARKUP.findall("".join(originals)))):
            yield "has markup, or a straight double quote, that the original has not"
        if originals[0][:1].isspace() != text[:1].isspace() or originals[0][-1:] == "\n" != text[-1:]:
            yield "begins or ends with other blanks"


def problems(folder: Path) -> Iterator[str]:
    """Yield everything that is missing or wrong in the catalogues."""
    wanted = {key_of(message) for message in collect() if message.id}
    for name in LANGUAGES:
        path = path_of(folder, name)
        if not path.exists():
            yield f"{name}: there is no catalogue"
            continue
        catalog = read(path, name)
        there = {key_of(message): message for message in catalog if message.id}
        for key in sorted(wanted - set(there), key=str):
            yield f"{name}: not in the catalogue: {key[0][0]!r} (make messages)"
        for key in sorted(set(there) - wanted, key=str):
            yield f"{name}: no longer said anywhere: {key[0][0]!r} (make messages)"
        for key, message in there.items():
            if message.fuzzy or not is_translated(message):
                yield f"{name}: {'fuzzy' if message.fuzzy else 'not translated'}: {key[0][0]!r}"
            else:
                yield from (f"{name}: {key[0][0]!r}: {what}" for what in wrong_with(message))
        yield from behind(path, catalog, name)


def behind(path: Path, catalog: Catalog, name: str) -> Iterator[str]:
    """Yield a problem if the compiled catalogue is missing or differs from the text catalogue."""
    mo = path.with_suffix(".mo")
    if not mo.exists():
        yield f"{name}: not compiled (make messages)"
        return
    with mo.open("rb") as file:
        inside = {key_of(message): texts_of(message) for message in read_mo(file) if message.id}
    if inside != {key_of(one): texts_of(one) for one in catalog if one.id and is_translated(one)}:
        yield f"{name}: django.mo is behind django.po (make messages)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--locale", type=Path, default=ROOT / "locale")
    options = parser.parse_args()
    settings.configure(USE_I18N=False)
    django.setup()
    if not options.check:
        update(options.locale)
        return 0
    found = list(problems(options.locale))
    print("\n".join(found) if found else "Every text is translated into every language.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
