"""One quiz or poll: every answer."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.quiz_poll_selectors import MODELS, mark, marked
from classroom_admin.web.access import signed_in
from classroom_admin.web.classroom.quizzes_polls import whole_question


@require_safe
@signed_in
def question(request: HttpRequest, key: str, of: str, pk: int) -> HttpResponse:
    """The question as a page; asked by htmx with what it shows already (`v`): nothing (204) or its body.

    While a class is busy its version rises every second; what is rendered again is a question that changed.
    """
    room = room_for(request.user, key)
    if of not in MODELS:
        raise Http404("There is no such question.")
    seen_room, _, seen = request.GET.get("v", "").partition("-")
    if request.htmx and seen and seen_room == str(room.version):
        return HttpResponse(status=204)
    row = get_object_or_404(marked(of, room), pk=pk)
    if request.htmx and seen == mark(row):
        return HttpResponse(status=204)
    template = (
        "classroom/quizzes_polls/_changes.html" if request.htmx else "classroom/quizzes_polls/question.html"
    )
    context = {"room": room, "one": whole_question(room, row), "version": f"{room.version}-{mark(row)}"}
    return render(request, f"live/{template}", context)
