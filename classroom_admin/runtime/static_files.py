"""Styles and scripts as browsers fetch them: without comments, compressed, and under a name that changes with
what is inside, so that a browser asks for each only once.

`collect` puts them together before the web starts. What was not collected (in tests, or while developing) is
served as it lies in the sources.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Final

import rcssmin
import rjsmin
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.files.base import ContentFile
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

_BELOW: Final = re.compile(r"""(?<=[\w)\]*"']) :(?=[a-z])""")


def smaller_css(text: str) -> str:
    """Style sheets without comments and blanks. The blank in `a :is(b)` is a combinator, which rcssmin would
    take away; said as `a *:is(b)` it is kept.
    """
    return str(rcssmin.cssmin(_BELOW.sub(" *:", text)))


SMALLER: Final = {".js": rjsmin.jsmin, ".css": smaller_css}
# other builds of htmx that its package brings along
UNUSED: Final = ("*-4.js", "*-4.min.js", "ht*-2.js", "hx-*-2.js")
MARK: Final = "collected"
_IMPORT: Final = re.compile(r'@import url\("([\w.-]+\.css)"\);')
WAY: Final = "2"
"""Of putting them together: another one has them all collected anew."""


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Whitenoise's storage, which also takes comments and blanks out of scripts and styles, and puts style
    sheets into the one that imports them: a slow line pays for each request.
    """

    def _save(self, name: str, content: Any) -> str:
        shorten = SMALLER.get(Path(name).suffix)
        if shorten is not None and ".min." not in name:
            content.seek(0)  # it may have been read already, for its name
            text = _IMPORT.sub(lambda found: self._beside(name, found), content.read().decode())
            content = ContentFile(shorten(text).encode())
        return super()._save(name, content)

    def _beside(self, name: str, found: re.Match[str]) -> str:
        """The style sheet that `name` imports, as it was made ready; the import itself where it was not yet.

        `name` changes with the names of what it imports, and those with what is inside.
        """
        other = Path(self.path(name)).with_name(found[1])
        return other.read_text(encoding="utf-8") if other.exists() else found[0]

    def stored_name(self, name: str) -> str:
        return self.hashed_files.get(self.hash_key(self.clean_name(name)), name)


def collect() -> bool:
    """Put everything together in STATIC_ROOT; False where nothing has changed since the last time."""
    mark = Path(settings.STATIC_ROOT) / MARK
    now = _fingerprint()
    if mark.exists() and mark.read_text() == now:
        return False
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=list(UNUSED))
    mark.write_text(now)
    return True


def _fingerprint() -> str:
    """Changes with every file that there is to collect."""
    found = hashlib.sha256(WAY.encode())
    for finder in get_finders():
        for name, storage in finder.list(list(UNUSED)):
            facts = Path(storage.path(name)).stat()
            found.update(f"{name} {facts.st_mtime_ns} {facts.st_size}\n".encode())
    return found.hexdigest()
