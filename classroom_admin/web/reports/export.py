"""Answer a report's own address with a file if the address asks for one (`?format=csv`)."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from typing import Any, Final

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils import translation
from django.utils.translation import gettext as _

from classroom_admin.common import clock
from classroom_admin.reports.export_models import ExportJob
from classroom_admin.reports.exports import jobs
from classroom_admin.reports.exports.files import CONTENT_TYPES, file_name, pieces_of, school_zone
from classroom_admin.reports.exports.kinds import EXPORTS, OPTIONS
from classroom_admin.reports.exports.tables import Table
from classroom_admin.reports.exports.workbook import write_workbook
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.web import expensive
from classroom_admin.web.access import AuthenticatedHttpRequest
from classroom_admin.web.expensive import within
from classroom_admin.web.reports import pdf
from classroom_admin.web.streaming import file_pieces, streamed

MOST_ROWS: Final = {"csv": 100_000, "json": 100_000, "xlsx": 5_000}
"""The largest number of rows that is sent at once. Larger files are made in the background."""


def export_of(
    request: AuthenticatedHttpRequest, what: str, chosen: ReportFilter | None, **options: str
) -> HttpResponseBase | None:
    """Return the file that the address asks for, or None if it asks for the page.

    `what` is the name of an export in `reports.exports.kinds`, and `options` are values for its function, by
    the names in `OPTIONS`. `chosen` is None if the filter is not valid. Then the page says so. A file with
    many rows becomes a background export, which a page of its own asks about first.
    """
    asked = request.GET.get("format", "")
    if not asked or chosen is None:
        return None
    if asked != "pdf" and asked not in MOST_ROWS:
        raise Http404(_("There is no file in this format."))
    return within(expensive.EXPORTS, request, lambda: _file(request, what, asked, chosen, options))


def _file(
    request: AuthenticatedHttpRequest,
    what: str,
    asked: str,
    chosen: ReportFilter,
    options: Mapping[str, str],
) -> HttpResponseBase:
    table = EXPORTS[what].make(chosen, options)
    if asked == "pdf":
        return _pdf(request, what, table, chosen, options)
    if table.total > MOST_ROWS[asked]:
        return _ask_first(request, what, options)
    jobs.record_export(
        actor=request.user, what=what, file_format=asked, chosen=chosen, options=options, rows=table.total
    )
    return download(request, table, asked)


def _pdf(
    request: AuthenticatedHttpRequest,
    what: str,
    table: Table,
    chosen: ReportFilter,
    options: Mapping[str, str],
) -> HttpResponseBase:
    answer = pdf.answer(request, table, str(EXPORTS[what].title))
    if answer.status_code == 200:
        jobs.record_export(
            actor=request.user, what=what, file_format="pdf", chosen=chosen, options=options, rows=table.total
        )
    return answer


def download(request: AuthenticatedHttpRequest, table: Table, file_format: str) -> HttpResponseBase:
    """Return a table as a file. The caller has checked the access, and records the export."""
    about: dict[str, Any] = {
        "content_type": CONTENT_TYPES[file_format],
        "file_name": file_name(table.name, file_format, clock.now()),
    }
    if file_format != ExportJob.Format.XLSX:
        return streamed(request, pieces_of(table, file_format), **about)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    write_workbook(table, file, zone=school_zone(), right_to_left=translation.get_language_bidi())
    file.seek(0)
    return streamed(request, file_pieces(file), close=file.close, **about)


def options_in(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the options of an export in the values of a form or an address."""
    return {name: str(values[name]) for name in OPTIONS if values.get(name)}


def _ask_first(request: AuthenticatedHttpRequest, what: str, options: Mapping[str, str]) -> HttpResponseBase:
    query = request.GET.copy()
    query["what"] = what
    for name, value in options.items():
        query[name] = value
    return redirect(f"{resolve_url('reports:new_export')}?{query.urlencode()}")
