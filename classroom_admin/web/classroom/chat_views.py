"""Messages of a class: earlier ones, other kinds, what was found, who was there."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from classroom_admin.rooms import chat_selectors
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import ChatMessage, PeerMessage
from classroom_admin.web.access import signed_in
from classroom_admin.web.classroom import chat
from classroom_admin.web.dialogs import ask
from classroom_admin.web.parameters import number, search_words


@require_safe
@signed_in
def messages(request: HttpRequest, key: str) -> HttpResponse:
    """Messages of one `kind`, those `before` a number, or all in which the words of `q` stand."""
    room = room_for(request.user, key)
    words = search_words(request.GET, most=200)
    kind = request.GET.get("kind", "")
    kind = kind if kind in chat.KINDS else ""
    context = {"room": room, "q": words, "kind": kind, "most": chat.MOST_FOUND}
    if "q" in request.GET and (words or request.htmx):
        context["found"] = chat.search(room, words, kind=kind)
        return render(request, f"classroom/chat/{'_found' if request.htmx else 'messages'}.html", context)
    context["kind"] = kind or chat.CHAT
    context["part"] = chat.talk_page(room, kind=context["kind"], before=number(request, "before"))
    return render(request, f"classroom/chat/{'_earlier' if request.htmx else 'messages'}.html", context)


@require_safe
@signed_in
def there(request: HttpRequest, key: str, of: str, number: int) -> HttpResponse:
    """Who was in the class when a message was sent."""
    room = room_for(request.user, key)
    if of == chat.PEER:
        rows = [get_object_or_404(PeerMessage, room=room, pk=number)]
        (said,), sequence = chat.all_said_to_one(room, rows), None
    elif of == "room":
        said = chat.said_to_room(get_object_or_404(ChatMessage, room=room, sequence=number))
        sequence = number
    else:
        raise Http404("There is no such message.")
    present = chat_selectors.present_at(room, at=said.at, sequence=sequence)
    return ask(request, "classroom/chat/there.html", {"room": room, "said": said, "there": present})
