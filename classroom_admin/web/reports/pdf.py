"""Make a PDF of a report's page if WeasyPrint is installed.

WeasyPrint is optional, because it needs system libraries. The PDF is the page as the browser prints it.
WeasyPrint takes the letters that a font lacks from other fonts of the server, so it needs fonts for the names
of the school, for example Noto Sans Arabic and CJK.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, Concatenate, Final, ParamSpec
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponse, HttpResponseBase
from django.utils.http import content_disposition_header

from classroom_admin.common import clock
from classroom_admin.reports.exports.files import file_name
from classroom_admin.web.access import AuthenticatedHttpRequest

Arguments = ParamSpec("Arguments")
PageView = Callable[Concatenate[AuthenticatedHttpRequest, Arguments], HttpResponseBase]
_HERE: Final = "http://report.invalid"


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
        match = request.resolver_match
        made = HttpResponse(pdf_of(answer.content.decode(), request.path), content_type="application/pdf")
        name = file_name(str((match and match.url_name) or "report"), "pdf", clock.now())
        made["Content-Disposition"] = str(content_disposition_header(as_attachment=True, filename=name))
        return made

    return answered


def pdf_of(html: str, path: str) -> bytes:
    """Return the PDF of a page. Only our own static files are read, and nothing from the network."""
    import weasyprint

    document = weasyprint.HTML(string=html, base_url=f"{_HERE}{path}", url_fetcher=_static_only())
    made: bytes = document.write_pdf()
    return made


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
