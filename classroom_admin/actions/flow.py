"""The one way of a command: may this person? -> claim and *requested* -> the cloud -> how it ended.

1. ``authorise``: the room must be this person's, else ``NotYours``. 2. ``rehearse``: bad input names its
field (``ActionRefused``) before anything is sent or recorded. 3. ``claims.claim``: commits entry,
*requested*, and the event that will confirm the command. A second press of the same
   button finds the first one's claim and gets its entry back.
4. ``command.call``: the cloud, outside of any transaction. 5. ``settle``: *accepted*, or *failed* with the
cloud's reason and a sentence for people. A time-out is a *failed* that
   says that nobody knows; the event may still confirm it.
6. ``command.read_back``: where no event confirms, one look at the cloud.

A crash anywhere leaves the *requested* that was committed in step 3, and a claim that runs out by itself.
"""

from classroom_admin.accounts.models import User
from classroom_admin.actions import cloud, settle
from classroom_admin.actions.claims import claim, release
from classroom_admin.actions.command import Command
from classroom_admin.actions.errors import ActionRefused, NotYours
from classroom_admin.actions.refusals import outcome_is_unknown
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError, InvalidArgument
from classroom_admin.audit.models import Entry
from classroom_admin.common.sentence import Sentence
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.models import Room


def run(*, actor: User, room: Room | None, command: Command) -> Entry:
    """Run a command and give its entry; ``entry.steps`` tell how it went.

    ``room`` is None only for what makes a room. Raises ``NotYours`` and ``ActionRefused``; what the cloud
    refuses is no exception but a *failed* step.
    """
    authorise(actor, room)
    rehearse(command)
    client = cloud.client()
    claimed = claim(actor=actor, room=room, command=command)
    if claimed.is_ours:
        send(claimed.entry, command=command, client=client)
        release(claimed.entry)
    return claimed.entry


def authorise(actor: User, room: Room | None) -> None:
    """Raise ``NotYours`` unless ``actor`` may act on ``room``: an administrator on all, a teacher on their
    own.
    """
    if not actor.is_active or (room is not None and not visible_rooms(actor).filter(pk=room.pk).exists()):
        raise NotYours


def rehearse(command: Command) -> None:
    """Let the client check the command without sending it: ``ActionRefused`` names the wrong field."""
    try:
        command.call(cloud.rehearsing_client())
    except cloud.WouldBeSent:
        return
    except InvalidArgument as error:
        wrong = Sentence("{field} {problem}", field=error.field, problem=error.sentence)
        raise ActionRefused(wrong, field=error.field) from error


def send(entry: Entry, *, command: Command, client: Client) -> None:
    """Call the cloud once and put on record how it ended."""
    try:
        detail = command.call(client)
    except CloudError as error:
        settle.failed(entry, command=command, error=error)
        if outcome_is_unknown(error) and command.shows_by_itself:
            look(entry, command=command, client=client)
        return
    settle.accepted(entry, command=command, detail=detail)
    look(entry, command=command, client=client)


def look(entry: Entry, *, command: Command, client: Client) -> None:
    """Read back where no event will tell. What can't be seen now stays *accepted* (or unknown)."""
    if command.read_back is None:
        return
    try:
        seen = command.read_back(client)
    except CloudError:
        return
    if seen is not None:
        settle.confirmed(entry, command=command, detail=seen)
