"""Personal links are signed, stay the same, can be revoked, and contain no id of the cloud."""

from __future__ import annotations

import pytest

from classroom_admin.integrations.joining import actions, links, selectors
from classroom_admin.integrations.joining.models import PersonalLink
from classroom_admin.rooms.access import access_to
from tests.school import ROOM_UUID, School, make_room


def signed(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def test_same_person_gets_the_same_link_and_it_names_nobody(school: School) -> None:
    path = links.personal_link(school.room, user_id="cloud-user-7", name="Ada")
    assert path == links.personal_link(school.room, user_id="cloud-user-7", name="Ada Lovelace")
    assert path.startswith("/join/personal/")
    assert not any(part in path for part in (ROOM_UUID, "cloud-user-7", "Ada", school.room.key))
    assert path != links.personal_link(school.room, user_id="cloud-user-8", name="Ada")
    assert path != links.personal_link(make_room("Latin"), user_id="cloud-user-7", name="Ada")
    found = links.personal_link_of(signed(path))
    assert found is not None
    assert (found.user_id, found.name, found.page.room) == ("cloud-user-7", "Ada Lovelace", school.room)


def test_link_with_a_wrong_signature_finds_nobody(school: School) -> None:
    token = signed(links.personal_link(school.room, user_id="u", name="Ada"))
    secret = PersonalLink.objects.get().secret
    for wrong in (secret, f"{secret}~", f"{secret}~{'A' * 43}", f"{token}A", token.upper(), "", "~"):
        assert links.personal_link_of(wrong) is None


def test_revoked_link_stops_and_a_new_one_differs(school: School) -> None:
    path = links.personal_link(school.room, user_id="u", name="Ada")
    link = links.personal_link_of(signed(path))
    assert link is not None
    asked = actions.ask(link.page, selectors.Identity(user_id="u", name="Ada"), personal_link=link)
    access = access_to(school.teacher, school.room)
    assert actions.revoke_personal_links(access, pk=link.pk) == 1
    assert actions.revoke_personal_links(access, pk=link.pk) == 0
    assert links.personal_link_of(signed(path)) is None
    assert selectors.request_with(asked.ticket) is None
    again = links.personal_link(school.room, user_id="u", name="Ada")
    assert again != path
    assert links.personal_link_of(signed(again)) is not None


@pytest.mark.parametrize("user_id", ["", "x" * 64, "ä", ".."])
def test_invalid_cloud_id_is_refused(school: School, user_id: str) -> None:
    with pytest.raises(ValueError, match="not a valid cloud user id"):
        links.personal_link(school.room, user_id=user_id, name="Ada")
