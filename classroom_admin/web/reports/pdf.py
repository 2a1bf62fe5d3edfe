"""Make a PDF of the table of a report if WeasyPrint is installed.

WeasyPrint is optional, because it needs system libraries. It takes the letters that a font lacks from other
fonts of the server, so it needs fonts for the names of the school, for example Noto Sans Arabic and CJK.
"""

from __future__ import annotations

import logging
import re
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from classroom_admin.accounts import face
from classroom_admin.accounts.face_models import SchoolLogo
from classroom_admin.common import clock
from classroom_admin.reports.exports.files import file_name
from classroom_admin.reports.exports.tables import Kind, Table
from classroom_admin.reports.exports.writers import MS_A_MINUTE
from classroom_admin.reports.models import STATUSES
from classroom_admin.web.access import AuthenticatedHttpRequest

MOST_ROWS: Final = 1_000
"""The largest number of rows of a PDF. The request waits until WeasyPrint has laid out all of them."""
MOST_SHOWN: Final = 20
"""The largest number of missing characters in the message."""
_IDS: Final = frozenset({"class_key", "user_id"})
_CODE: Final = re.compile(r"U\+([0-9A-F]{4,6})")


@cache
def is_possible() -> bool:
    """Return whether WeasyPrint and the libraries that it needs are installed."""
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError):  # OSError: a system library is missing
        return False
    return True


def answer(request: AuthenticatedHttpRequest, table: Table, title: str) -> HttpResponseBase:
    """Return the table as a PDF. If this is not possible, return to the page, which says why."""
    if not is_possible():
        return _back(request, _("This server can't make PDF files. Print the page in the browser."))
    if table.total > MOST_ROWS:
        words = _("A PDF can have at most %(most)s rows. Choose a shorter period, or another format.")
        return _back(request, words % {"most": MOST_ROWS})
    content, missing = pdf_of(_page(table, title))
    if missing:
        words = _(
            "This server has no font for these characters: %(characters)s. Print the page in the browser and "
            "choose “Save as PDF” as the printer, or ask an administrator to install a font."
        )
        return _back(request, words % {"characters": missing[:MOST_SHOWN]})
    made = HttpResponse(content, content_type="application/pdf")
    name = file_name(table.name, "pdf", clock.now())
    made["Content-Disposition"] = str(content_disposition_header(as_attachment=True, filename=name))
    return made


def pdf_of(html: str) -> tuple[bytes, str]:
    """Return the PDF of a page, and the characters that no font on this server has.

    The page may refer to no other file, so pictures are inside of it. Nothing is read from the disk or the
    network.
    """
    import weasyprint

    with _missing_characters() as missing:
        made: bytes = weasyprint.HTML(string=html, url_fetcher=_nothing()).write_pdf()
    return made, "".join(dict.fromkeys(missing))


def _page(table: Table, title: str) -> str:
    shown = [at for at, column in enumerate(table.columns) if column.name not in _IDS]
    kinds = [table.columns[at].kind for at in shown]
    statuses = {str(code): str(words) for code, words in STATUSES}
    of_status = [table.columns[at].name == "status" for at in shown]
    context = {
        "title": title,
        "titles": [table.columns[at].title for at in shown],
        "rows": [
            [
                statuses.get(str(row[at]), "") if is_status else _words(row[at], kind)
                for at, kind, is_status in zip(shown, kinds, of_status, strict=True)
            ]
            for row in table.rows
        ],
        "zone": timezone.get_current_timezone_name(),
        "logo": _logo(),
        "made_at": f"{timezone.localtime(clock.now()):%Y-%m-%d %H:%M}",
    }
    return render_to_string("reports/pdf.html", context)


def _logo() -> str:
    """Return the logo of the school as a `data:` address, or "" if there is none."""
    row = SchoolLogo.objects.first() if face.current().logo else None
    return f"data:{row.kind};base64,{b64encode(bytes(row.content)).decode()}" if row else ""


def _words(value: Any, kind: Kind) -> str:
    """Return a value as people read it. Times are in the active time zone."""
    if value is None:
        return ""
    if kind is Kind.TIME:
        when = datetime.fromisoformat(value) if isinstance(value, str) else value
        return f"{timezone.localtime(when):%Y-%m-%d %H:%M}"
    if kind is Kind.SHARE:
        return f"{number_format(round(100 * value, 1), 1)}%"
    return number_format(value / MS_A_MINUTE, 1) if kind is Kind.MINUTES else str(value)


def _back(request: AuthenticatedHttpRequest, words: str) -> HttpResponseBase:
    """Return to the page, and show why there is no PDF."""
    messages.warning(request, words)
    query = request.GET.copy()
    query.pop("format", None)
    return redirect(f"{request.path}?{query.urlencode()}")


@contextmanager
def _missing_characters() -> Iterator[list[str]]:
    """Collect the characters that WeasyPrint could not draw in this thread. Only its log contains them."""
    found: list[str] = []
    thread = threading.get_ident()

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = record.getMessage()
            if record.thread == thread and text.startswith(".notdef"):
                found.extend(chr(int(code, 16)) for code in _CODE.findall(text))

    collector = Collector(logging.WARNING)
    logger = logging.getLogger("weasyprint")
    logger.addHandler(collector)
    try:
        yield found
    finally:
        logger.removeHandler(collector)


def _nothing() -> Any:
    """Return an object that refuses every address except `data:`, which is a part of the page."""
    from weasyprint.urls import URLFetcher

    class Nothing(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith("data:"):
                return super().fetch(url, headers)
            raise ValueError(f"{url} is not read")

    return Nothing()
