"""The views of the commands for people, breakout rooms, quizzes and polls of a class.

`commands.command` is the view of the commands for a whole class.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import quizzes_polls
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.rooms import breakout_rooms
from classroom_admin.rooms.access import ClassAccess, access_by_key
from classroom_admin.rooms.models import Participant, Poll, Quiz, Role, Room
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom import control_forms as forms
from classroom_admin.web.classroom.breakout_rooms import group_key
from classroom_admin.web.classroom.command_responses import confirm_and_run, entry_response
from classroom_admin.web.classroom.control_forms import CommandForm
from classroom_admin.web.classroom.press_commands import CLASS_COMMANDS, PERSON_COMMANDS
from classroom_admin.web.classroom.several_people import SeveralForm
from classroom_admin.web.dialogs import ask, sent
from classroom_admin.web.parameters import is_number

MOST_PEOPLE: Final = 500
"""The maximum number of people in the list of a form for several people."""
PERSON_FORMS: Final[Mapping[str, type[CommandForm]]] = {
    "message": forms.MessageForm,
    "reward": forms.RewardForm,
    "move": forms.MoveForm,
    "block": forms.BlockForm,
}
CLASS_FORMS: Final[Mapping[str, type[CommandForm]]] = {
    "announce": forms.AnnounceForm,
    "several": SeveralForm,
    "move": forms.MoveSomeoneForm,
    "quiz": forms.QuizForm,
    "poll": forms.PollForm,
    "countdown": forms.CountdownForm,
}
GROUP_FORMS: Final[Mapping[str, type[forms.RenameForm] | type[forms.CloseGroupForm]]] = {
    "rename": forms.RenameForm,
    "close": forms.CloseGroupForm,
}


def fill(
    request: AuthenticatedHttpRequest, access: ClassAccess, form: CommandForm, *, whom: str = ""
) -> HttpResponse:
    """Show the form of a command. A POST sends the command and shows its state."""
    if request.method == "POST" and form.is_valid():
        try:
            entry = form.run(access)
        except ActionRefused as error:
            form.add_error(None, error.message)
        else:
            return entry_response(request, access.room, entry, about=form.about)
    context = {"room": access.room, "form": form, "whom": whom}
    return ask(request, "classroom/commands/fill.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def people_do(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Ask for confirmation of a command for one person. A POST sends it.

    The parameter is named after the command. Its value is the person's primary key.
    """
    access = access_by_key(request.user, key, to=Permission.RUN)
    given = request.POST if request.method == "POST" else request.GET
    name = next((name for name in PERSON_COMMANDS if name in given), "")
    if not name or not is_number(given[name]):
        raise Http404(gettext("This command does not exist. Reload the page."))
    person = get_object_or_404(Participant, room=access.room, pk=int(given[name]))
    command = PERSON_COMMANDS[name]
    context = {"command": command, "person": person, "name": name}
    run = partial(command.run, access, participant=person)
    return confirm_and_run(request, access, "classroom/commands/confirm.html", context, run)


@require_http_methods(["GET", "POST"])
@signed_in
def person_form(request: AuthenticatedHttpRequest, key: str, pk: int, name: str) -> HttpResponse:
    """Show the form of a command for one person. A POST sends the command."""
    access = access_by_key(request.user, key, to=Permission.RUN)
    if name not in PERSON_FORMS:
        raise Http404(gettext("This command does not exist. Reload the page."))
    person = get_object_or_404(Participant, room=access.room, pk=pk)
    more: dict[str, Any] = {"participant": person}
    if name == "move":
        more["groups"] = breakout_rooms.read(access.room.groups)
    return fill(request, access, PERSON_FORMS[name](sent(request), **more), whom=str(person))


def class_form(request: AuthenticatedHttpRequest, access: ClassAccess, name: str) -> HttpResponse:
    """Show the form `name` of CLASS_FORMS. A POST sends its command."""
    more: dict[str, Any] = {}
    if name in ("announce", "move"):
        more["groups"] = breakout_rooms.read(access.room.groups)
    if name in ("several", "move"):
        more["people"] = _listed(access.room)
    if name == "several":
        more["students"] = _present(access.room).filter(role=Role.STUDENT)
    if name == "announce":  # Without scripts, the chat panel sends its text to this form.
        more["initial"] = {"text": request.GET.get("text", "")}
    return fill(request, access, CLASS_FORMS[name](sent(request), **more))


def class_command(request: AuthenticatedHttpRequest, access: ClassAccess, name: str) -> HttpResponse:
    """Ask for confirmation of a command in CLASS_COMMANDS. A POST sends it."""
    command = CLASS_COMMANDS[name]
    run = partial(command.run, access)
    return confirm_and_run(request, access, "classroom/commands/confirm.html", {"command": command}, run)


@require_http_methods(["GET", "POST"])
@signed_in
def group_form(request: AuthenticatedHttpRequest, key: str, group: str, name: str) -> HttpResponse:
    """Show the form of a command for one breakout room. A POST sends the command."""
    access = access_by_key(request.user, key, to=Permission.RUN)
    found = next((one for one in breakout_rooms.read(access.room.groups) if group_key(one) == group), None)
    if found is None or name not in GROUP_FORMS:
        raise Http404(gettext("This breakout room is not open."))
    return fill(request, access, GROUP_FORMS[name](sent(request), group=found), whom=found.name)


@require_http_methods(["GET", "POST"])
@signed_in
def end_question(request: AuthenticatedHttpRequest, key: str, of: str, pk: int) -> HttpResponse:
    """Ask for confirmation. A POST ends a quiz or poll."""
    access = access_by_key(request.user, key, to=Permission.RUN)
    if of == "quiz":
        quiz = get_object_or_404(Quiz, room=access.room, pk=pk)
        run = partial(quizzes_polls.stop_quiz, access, quiz=quiz)
    elif of == "poll":
        poll = get_object_or_404(Poll, room=access.room, pk=pk)
        run = partial(quizzes_polls.stop_poll, access, poll=poll)
    else:
        raise Http404("There is no such question.")
    words = gettext("End the quiz") if of == "quiz" else gettext("End the poll")
    context = {"command": {"words": words, "icon": "square"}}
    return confirm_and_run(request, access, "classroom/commands/confirm.html", context, run)


def _present(room: Room) -> QuerySet[Participant]:
    """Return the people who are present by name, except teachers."""
    hidden = (Role.TEACHER, Role.SERVER, Role.INVISIBLE)
    found = Participant.objects.filter(room=room, online=True).exclude(role__in=hidden)
    return found.order_by("name", "pk")


def _listed(room: Room) -> QuerySet[Participant]:
    """Return the present people for a form, at most `MOST_PEOPLE`."""
    known = _present(room).values_list("pk", flat=True)[:MOST_PEOPLE]
    return Participant.objects.filter(pk__in=list(known)).order_by("name", "pk")
