"""Who a person is: their id stays the same, and no two people share one."""

from __future__ import annotations

from classroom_admin.common.cloud_ids import problem_with_id
from classroom_admin.integrations.joining.identities import guest, of_list, with_name
from classroom_admin.rooms.class_lists import Listed

LIST = [
    Listed(name="Ada Lovelace", user_uuid="ada-1"),
    Listed(name="Zoë Brandt"),
    Listed(name="Kim Lee"),
    Listed(name="Kim Lee"),
    Listed(name="Broken", user_uuid="ä/ä"),
]


def test_people_of_a_list_keep_their_ids() -> None:
    people = of_list(LIST, list_key="k")
    assert people[0].user_id == "ada-1"
    assert len({one.user_id for one in people}) == len(LIST)
    assert not any(problem_with_id(one.user_id) for one in people)
    assert people == of_list(LIST, list_key="k")
    assert people[1] == of_list(LIST[1:2], list_key="k")[0]
    assert people[1] != of_list(LIST[1:2], list_key="another")[0]


def test_names_are_found_as_people_write_them() -> None:
    people = of_list(LIST, list_key="k")
    assert with_name(people, "ada  lovelace") == people[0]
    assert with_name(people, "Brandt, Zoe") == people[1]
    assert with_name(people, "Kim Lee") is None  # two people have this name
    assert with_name(people, "Eve") is None


def test_guest_is_known_by_browser_and_name() -> None:
    ada = guest("Ada", browser="b1")
    assert guest(" ADA ", browser="b1").user_id == ada.user_id
    assert guest("Ben", browser="b1").user_id != ada.user_id
    assert guest("Ada", browser="b2").user_id != ada.user_id
    assert problem_with_id(ada.user_id) is None
