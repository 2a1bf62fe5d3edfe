"""Every text is translated into every language, and the check that says so notices what is wrong."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from scripts import messages

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = "es/LC_MESSAGES/django.po"


def check(locale: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/messages.py", "--check", "--locale", str(locale)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def collected() -> Catalog:
    """The texts of the sources. They take seconds to collect, and no broken catalogue changes them."""
    return messages.collect()


def test_every_text_is_translated_into_every_language():
    done = check(ROOT / "locale")
    assert done.returncode == 0, done.stdout + done.stderr


def _without(text: str) -> str:
    """The catalogue without its last message."""
    return text[: text.rindex('\nmsgid "')]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda text: text.replace('msgstr "Guardar"', 'msgstr ""'), "es: not translated: 'Save'"),
        (
            lambda text: text.replace('msgid "Save"', '#, fuzzy\nmsgid "Save"'),
            "es: fuzzy: 'Save'",
        ),
        (lambda text: text.replace("hace %(seconds)s s", "hace %(second)s s"), "placeholders differ"),
        (lambda text: text.replace("hace {age}", "hace"), "placeholders differ"),
        (lambda text: text.replace("«<bdi>%(q)s</bdi>»", '\\"%(q)s\\"'), "has markup"),
        (lambda text: text.replace('msgstr "Guardar"', 'msgstr "Salvar"'), "django.mo is behind"),
        (_without, "es: not in the catalogue"),
        (
            lambda text: text + '\nmsgid "Nobody says this"\nmsgstr "Nadie lo dice"\n',
            "es: no longer said anywhere",
        ),
    ],
)
def test_the_check_notices(tmp_path, monkeypatch, collected, broken, said):
    locale = tmp_path / "locale"
    shutil.copytree(ROOT / "locale", locale)
    catalogue = locale / CATALOGUE
    before = catalogue.read_text(encoding="utf-8")
    after = broken(before)
    assert after != before
    catalogue.write_text(after, encoding="utf-8")
    monkeypatch.setattr(messages, "collect", lambda: collected)
    assert said in "\n".join(messages.problems(locale))


def test_a_language_that_is_not_there_is_missed(tmp_path):
    shutil.copytree(ROOT / "locale", tmp_path / "locale")
    shutil.rmtree(tmp_path / "locale/ar")
    done = check(tmp_path / "locale")
    assert done.returncode == 1
    assert "ar: there is no catalogue" in done.stdout
