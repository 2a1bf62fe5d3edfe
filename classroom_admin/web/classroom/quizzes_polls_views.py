"""The page of a quiz or poll with all answers."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.quiz_poll_selectors import MODELS, mark, marked
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.quizzes_polls import whole_question


@require_safe
@signed_in
def question(request: AuthenticatedHttpRequest, key: str, of: str, pk: int) -> HttpResponse:
    """Show a quiz or poll; for htmx, only the page's body, or 204 if nothing changed since version `v`.

    The room version of a busy class changes every second, so the mark of the quiz or poll is compared, too.
    """
    room = access_by_key(request.user, key).room
    if of not in MODELS:
        raise Http404("There is no such question.")
    seen_room, _, seen = request.GET.get("v", "").partition("-")
    if request.htmx and seen and seen_room == str(room.version):
        return HttpResponse(status=204)
    row = get_object_or_404(marked(of, room), pk=pk)
    if request.htmx and seen == mark(row):
        return HttpResponse(status=204)
    name = "_changes" if request.htmx else "question"
    version = f"{room.version}-{mark(row)}"
    context = {"room": room, "question": whole_question(room, row), "version": version}
    return render(request, f"classroom/quizzes_polls/{name}.html", context)
