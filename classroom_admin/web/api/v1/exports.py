"""Exports: files of reports, which a worker makes in the background."""

from __future__ import annotations

from typing import Any, Final, Literal

from django.http.response import HttpResponseBase
from ninja import Field, Query, Router, Schema, Status

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.reports.export_models import ExportJob
from classroom_admin.reports.exports import all as _all  # noqa: F401 - registers the exports
from classroom_admin.reports.exports import jobs
from classroom_admin.reports.exports.files import CONTENT_TYPES, file_name
from classroom_admin.reports.exports.kinds import EXPORTS
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.web.api.v1.authentication import WRITE, ApiHttpRequest
from classroom_admin.web.api.v1.class_rows import class_access
from classroom_admin.web.api.v1.classes import listed_for
from classroom_admin.web.api.v1.paging import Paging, page_of
from classroom_admin.web.api.v1.problems import ApiProblem, invalid
from classroom_admin.web.api.v1.schemas import In, Moment, MomentIn, Page
from classroom_admin.web.streaming import file_pieces, streamed

router: Final = Router(tags=["Reports"])
What = Literal["attendance", "class", "participation", "questions", "question_students", "teaching"]
_ABOUT_ONE_CLASS: Final = ("class", "question_students")
_FILE: Final = {
    "responses": {
        200: {
            "description": "The file.",
            "content": {kind.partition(";")[0]: {} for kind in CONTENT_TYPES.values()},
        }
    }
}


class ExportOut(Schema):
    key: str
    what: str
    format: str
    state: str = Field(description="`waiting`, `running`, `done`, `failed`, `cancelled` or `expired`.")
    rows: int = Field(description="The number of rows. 0 if it is not known yet.")
    rows_done: int
    size: int = Field(description="Bytes of the file.")
    created_at: Moment
    expires_at: Moment | None
    reason: str | None = Field(description="Why it failed.")


class NewExport(In):
    """A report of the classes that you may see and that match."""

    what: What
    format: Literal["csv", "json", "xlsx"] = "csv"
    since: MomentIn | None = Field(None, description="Classes that started at this time or later.")
    until: MomentIn | None = Field(None, description="Classes that started before this time.")
    words: str = Field("", max_length=100, description="Words in the name of the class.")
    class_list: str | None = Field(None, max_length=16, description="The key of a class list.")
    teacher: str | None = Field(
        None,
        max_length=254,
        description="The email address of a teacher. Needs a role that sees all classes.",
    )
    class_key: str | None = Field(
        None, max_length=16, description="The class, for `class`, `questions` and `question_students`."
    )


@router.get("/exports", response=Page[ExportOut], url_name="exports")
def list_exports(request: ApiHttpRequest, paging: Query[Paging]) -> Any:
    """List your exports, newest first."""
    permissions.require(request.user, Permission.REPORTS)
    return page_of(ExportJob.objects.filter(owner=request.user), paging, _of_job)


@router.post("/exports", response={202: ExportOut}, auth=WRITE, url_name="exports")
def create_export(request: ApiHttpRequest, body: NewExport) -> Any:
    """Ask for an export. Its `state` becomes `done` when the file is ready."""
    permissions.require(request.user, Permission.REPORTS)
    chosen = ReportFilter(
        viewer=request.user,
        since=body.since,
        until=body.until,
        class_list=listed_for(request.user, body.class_list),
        teacher=_teacher(request.user, body.teacher),
        words=body.words,
    )
    options = _options(request, body)
    total = EXPORTS[body.what].make(chosen, options).total
    try:
        job = jobs.request_export(
            owner=request.user,
            what=body.what,
            file_format=body.format,
            chosen=chosen,
            options=options,
            total=total,
        )
    except jobs.TooManyExports as error:
        words = "You have several unfinished exports. Wait for them, or cancel one."
        raise ApiProblem(422, words, code="too_many_exports") from error
    return Status(202, _of_job(job))


@router.get("/exports/{key}", response=ExportOut, url_name="export")
def get_export(request: ApiHttpRequest, key: str) -> Any:
    """Return one export with its progress."""
    return _of_job(_job(request, key))


@router.delete("/exports/{key}", response=ExportOut, auth=WRITE, url_name="export")
def cancel_export(request: ApiHttpRequest, key: str) -> Any:
    """Cancel an unfinished export."""
    jobs.cancel(_job(request, key))
    return _of_job(_job(request, key))


@router.get("/exports/{key}/file", url_name="export_file", openapi_extra=_FILE)
def get_export_file(request: ApiHttpRequest, key: str) -> HttpResponseBase:
    """Download the file of a finished export."""
    permissions.require(request.user, Permission.REPORTS)
    job, content = jobs.file_for(request.user, key)
    answer = streamed(
        request,
        file_pieces(content),
        content_type=CONTENT_TYPES[job.format],
        file_name=file_name(job.what, job.format, job.made_at),
        close=content.close,
    )
    answer["Content-Length"] = str(job.size)
    return answer


def _job(request: ApiHttpRequest, key: str) -> ExportJob:
    permissions.require(request.user, Permission.REPORTS)
    return jobs.job_for(request.user, key)


def _teacher(person: User, email: str | None) -> User | None:
    if email is None:
        return None
    found = User.objects.with_address(email) if permissions.sees_all_classes(person) else None
    if found is None:
        raise invalid("teacher", "No teacher has this email address, or you may not choose one.")
    return found


def _options(request: ApiHttpRequest, body: NewExport) -> dict[str, str]:
    if body.class_key is None:
        if body.what in _ABOUT_ONE_CLASS:
            raise invalid("class_key", "Send the key of the class.")
        return {}
    return {"room": class_access(request, body.class_key).room.key}


def _of_job(job: ExportJob) -> dict[str, Any]:
    return {
        "key": job.key,
        "what": job.what,
        "format": job.format,
        "state": job.state,
        "rows": job.total,
        "rows_done": job.done,
        "size": job.size,
        "created_at": job.made_at,
        "expires_at": job.expires_at,
        "reason": job.why or None,
    }
