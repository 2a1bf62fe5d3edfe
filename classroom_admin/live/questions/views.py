"""One quiz or poll: every answer."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from classroom_admin.live.access import signed_in
from classroom_admin.live.questions.reading import whole_question
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.question_selectors import MODELS


@require_safe
@signed_in
def question(request: HttpRequest, key: str, of: str, pk: int) -> HttpResponse:
    """The question as a page; asked by htmx with the version `v` that it shows: nothing (204) or its body."""
    room = room_for(request.user, key)
    if of not in MODELS:
        raise Http404("There is no such question.")
    if request.htmx and request.GET.get("v") == str(room.version):
        return HttpResponse(status=204)
    row = get_object_or_404(MODELS[of], room=room, pk=pk)
    template = "questions/_changes.html" if request.htmx else "questions/question.html"
    return render(request, f"live/{template}", {"room": room, "one": whole_question(room, row)})
