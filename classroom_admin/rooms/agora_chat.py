"""Find the chat room of a class in Agora Chat, and match people with their ids in Agora Chat.

The cloud writes the Agora Chat id of a person into the person's properties. If this property is missing, use
the cloud user id in lower case, because Agora Chat ignores case.
"""

from collections.abc import Collection, Iterable
from typing import Any, Final

from django.db.models import Q
from django.db.models.functions import Lower

from classroom_admin.agora.chat_calls import ChatRoom
from classroom_admin.common import clock
from classroom_admin.rooms.agora_chat_models import AgoraChatRoom
from classroom_admin.rooms.models import Participant, Room

WIDGET: Final = "easemobIM"
_PATH: Final = f"properties__widgets__{WIDGET}__userId"


def chat_of(room: Room) -> ChatRoom | None:
    """Return the chat room of a class in Agora Chat, or None if the class does not use Agora Chat."""
    found = AgoraChatRoom.objects.filter(room=room).first()
    if found is None:
        return None
    return ChatRoom(org_name=found.org_name, app_name=found.app_name, chat_room_id=found.chat_room_id)


def read_soon(room: Room) -> None:
    """Let a worker read soon who is muted in the chat of a class."""
    AgoraChatRoom.objects.filter(room=room).update(read_due_at=clock.cloud_now())


def chat_user_of(person: Participant) -> str:
    """Return the person's id in Agora Chat, in lower case."""
    return chat_user(person.user_uuid, person.properties)


def chat_user(user_uuid: str, properties: Any) -> str:
    """Return a person's id in Agora Chat from their cloud user id and their properties."""
    for name in ("widgets", WIDGET, "userId"):
        properties = properties.get(name) if isinstance(properties, dict) else None
    return properties.lower() if isinstance(properties, str) and properties else user_uuid.lower()


def chat_users(room_ids: Collection[int], user_uuids: Iterable[str]) -> set[str]:
    """Return the Agora Chat ids of these people in these classes."""
    people = Participant.objects.filter(
        room__in=room_ids, room__agora_chat__isnull=False, user_uuid__in=list(user_uuids)
    )
    return {chat_user(*row) for row in people.values_list("user_uuid", "properties")}


def people_by_chat_user(
    room_ids: Collection[int], chat_users: Collection[str]
) -> dict[int, dict[str, tuple[str, str, str]]]:
    """Return the cloud user id, the name and the role of people, by room id and Agora Chat id."""
    wanted = {name.lower() for name in chat_users}
    people = Participant.objects.annotate(low=Lower("user_uuid")).filter(
        Q(low__in=wanted) | Q(**{f"{_PATH}__in": sorted(wanted | set(chat_users))}),
        room__in=room_ids,
        room__agora_chat__isnull=False,
    )
    found: dict[int, dict[str, tuple[str, str, str]]] = {}
    for room_id, user_uuid, name, role, properties in people.values_list(
        "room_id", "user_uuid", "name", "role", "properties"
    ):
        found.setdefault(room_id, {})[chat_user(user_uuid, properties)] = (user_uuid, name, role)
    return found
