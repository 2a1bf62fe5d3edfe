"""Views of a class's messages: pages of each kind, search, and the people present at a message."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from classroom_admin.rooms import chat_selectors
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.models import ChatMessage, PeerMessage
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom import chat
from classroom_admin.web.dialogs import ask
from classroom_admin.web.parameters import number, search_words


@require_safe
@signed_in
def messages(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the messages of a `kind`, optionally `before` a number or with all words of `q`."""
    room = access_by_key(request.user, key).room
    words = search_words(request.GET, most=200)
    kind = request.GET.get("kind", "")
    kind = kind if kind in chat.KINDS else ""
    context: dict[str, Any] = {"room": room, "q": words, "kind": kind, "most": chat.MOST_FOUND}
    if "q" in request.GET and (words or request.htmx):
        context["found"] = chat.search(room, words, kind=kind)
        return render(request, f"classroom/chat/{'_found' if request.htmx else 'messages'}.html", context)
    context["kind"] = kind or chat.CHAT
    context["page"] = chat.message_page(room, kind=context["kind"], before=number(request, "before"))
    return render(request, f"classroom/chat/{'_earlier' if request.htmx else 'messages'}.html", context)


@require_safe
@signed_in
def present_at(request: AuthenticatedHttpRequest, key: str, of: str, number: int) -> HttpResponse:
    """Show the people who were present when a message was sent."""
    room = access_by_key(request.user, key).room
    sequence = None
    if of == chat.PEER:
        (message,) = chat.direct_messages(room, [get_object_or_404(PeerMessage, room=room, pk=number)])
    elif of == "room":
        message = chat.room_message(get_object_or_404(ChatMessage, room=room, sequence=number))
        sequence = number
    else:
        raise Http404("There is no such message.")
    present = chat_selectors.present_at(room, at=message.at, sequence=sequence)
    context = {"room": room, "message": message, "presence": present}
    return ask(request, "classroom/chat/present.html", context)
