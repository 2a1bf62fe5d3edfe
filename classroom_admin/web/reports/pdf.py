"""Make a PDF of a report's page if WeasyPrint is installed.

WeasyPrint is optional, because it needs system libraries. The PDF is the page as the browser prints it.
WeasyPrint takes the letters that a font lacks from other fonts of the server, so it needs fonts for the names
of the school, for example Noto Sans Arabic and CJK.
"""

from __future__ import annotations

import logging
import mimetypes
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import Any, Concatenate, Final, ParamSpec
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.staticfiles import finders
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from classroom_admin.common import clock
from classroom_admin.reports.exports.files import file_name
from classroom_admin.web.access import AuthenticatedHttpRequest

Arguments = ParamSpec("Arguments")
PageView = Callable[Concatenate[AuthenticatedHttpRequest, Arguments], HttpResponseBase]
MOST_SHOWN: Final = 20
"""The largest number of missing characters in the message."""
_HERE: Final = "http://report.invalid"
_CODE: Final = re.compile(r"U\+([0-9A-F]{4,6})")


@cache
def is_possible() -> bool:
    """Return whether WeasyPrint and the libraries that it needs are installed."""
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError):  # OSError: a system library is missing
        return False
    return True


def with_pdf(view: PageView[Arguments]) -> PageView[Arguments]:
    """Decorate the view of a report, so that `?format=pdf` returns the page as a PDF.

    Without WeasyPrint, the page itself is returned, and its export menu says how the browser makes the PDF.
    """

    @wraps(view)
    def answered(
        request: AuthenticatedHttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> HttpResponseBase:
        answer = view(request, *args, **kwargs)
        is_asked = request.GET.get("format") == "pdf" and is_possible()
        if not is_asked or answer.status_code != 200 or not isinstance(answer, HttpResponse):
            return answer
        content, missing = pdf_of(answer.content.decode(), request.path)
        if missing:
            return _without_font(request, missing)
        match = request.resolver_match
        made = HttpResponse(content, content_type="application/pdf")
        name = file_name(str((match and match.url_name) or "report"), "pdf", clock.now())
        made["Content-Disposition"] = str(content_disposition_header(as_attachment=True, filename=name))
        return made

    return answered


def pdf_of(html: str, path: str) -> tuple[bytes, str]:
    """Return the PDF of a page, and the characters that no font on this server has.

    Only our own static files are read, and nothing from the network.
    """
    import weasyprint

    document = weasyprint.HTML(string=html, base_url=f"{_HERE}{path}", url_fetcher=_static_only())
    with _missing_characters() as missing:
        made: bytes = document.write_pdf()
    return made, "".join(dict.fromkeys(missing))


def _without_font(request: AuthenticatedHttpRequest, missing: str) -> HttpResponseBase:
    """Return to the page, and say why there is no PDF."""
    words = _(
        "This server has no font for these characters: %(characters)s. Print the page in the browser and "
        "choose “Save as PDF” as the printer, or ask an administrator to install a font."
    )
    messages.warning(request, words % {"characters": missing[:MOST_SHOWN]})
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


def _static_only() -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class StaticOnly(URLFetcher):  # type: ignore[misc]
        """Read static files from the disk. Refuse every other address."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            path = unquote(urlsplit(url).path)
            name = path.removeprefix(settings.STATIC_URL)
            found = finders.find(name) if url.startswith(_HERE) and name != path else None
            if not isinstance(found, str):
                raise ValueError(f"{url} is not a static file")
            with open(found, "rb") as file:  # noqa: PTH123
                kind = mimetypes.guess_type(found)[0] or "application/octet-stream"
                return URLFetcherResponse(url, file.read(), {"Content-Type": kind})

    return StaticOnly()
