"""The keys of names in many scripts, matching by id and name, and names that show nothing."""

import unicodedata
from dataclasses import dataclass
from itertools import permutations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from classroom_admin.common.names import (
    BY_ID,
    BY_LOOSE_NAME,
    BY_NAME,
    exact_key,
    has_visible_character,
    loose_key,
    match,
)

ZWNJ, ZWJ, ZWSP = "\u200c", "\u200d", "\u200b"


@dataclass(frozen=True)
class Somebody:
    name: str
    user_uuid: str = ""


ONE_NAME = [
    ["Zoë Brandt", "ZOË  BRANDT ", "Zoe\u0308 Brandt", "zoë\u00a0brandt", "\u202aZoë\u202c Brandt\ufeff"],
    [f"علی{ZWNJ}رضا", "علیرضا", f"علی{ZWJ}رضا"],
    [f"क्{ZWJ}ष", "क्ष"],
    ["Groß", "GROSS", "Gross", "GROẞ"],
    ["김민준", unicodedata.normalize("NFD", "김민준")],
    ["だいき", unicodedata.normalize("NFD", "だいき")],
    ["Nguyễn Hưng", unicodedata.normalize("NFD", "nguyễn hưng")],
    ["❤\ufe0f", "❤"],
    ["👩\u200d👧", "👩👧"],
    ["葛\U000e0100城", "葛城"],
    ["Ναύτης", "ΝΑΎΤΗΣ"],
]


@pytest.mark.parametrize("same", ONE_NAME)
def test_spellings_that_no_reader_tells_apart_have_one_exact_key(same: list[str]) -> None:
    assert len({exact_key(name) for name in same}) == 1
    assert len({loose_key(name) for name in same}) == 1


@pytest.mark.parametrize(
    "different",
    [
        ["रीना", "रानी", "रनी", "रीनी", "रन"],  # Devanagari vowel signs
        ["たいき", "だいき"],
        ["はは", "ばば", "ぱぱ"],
        ["カク", "ガク"],
        ["ｶｸ", "ｶﾞｸ"],
        ["มา", "ม้า", "หมา"],  # Thai tone marks
        ["សុខា", "សុខ", "សុខី"],  # Khmer vowel signs
        ["김민준", "김민주", "김미준"],
        ["রিনা", "রানি"],  # Bengali
        ["மணி", "மண", "மணீ"],  # Tamil
        ["🦄", "🐉", "🌸", "", "🦄🐉"],
        ["山田", "山口"],
        ["Ana Torres", "Ana Torre", "Ana", ""],
        ["-", "--", "!"],
    ],
)
def test_different_names_differ_in_both_keys(different: list[str]) -> None:
    assert len({exact_key(name) for name in different}) == len(different)
    assert len({loose_key(name) for name in different}) == len(different)


@pytest.mark.parametrize(
    "same",
    [
        ["Zoë Brandt", "zoe  BRANDT", "Brandt, Zoe", "BRANDT Zoë", "Zoe Brandt 🌸"],
        ["van den Berg, Ilse", "Ilse van den Berg"],
        ["O'Neil Sean", "Sean O Neil", "Sean O’Neil", "Sean O´Neil"],
        ["Hùng", "Hưng", "Hung", unicodedata.normalize("NFD", "HƯNG")],
        ["Işık Yıldız", "isik yildiz", "IŞIK YILDIZ", "İşik Yildiz"],
        ["Søren Łukasz Đặng", "soren lukasz dang"],
        ["مُحَمَّد", "محمد", "محـمد"],  # harakat, the stretching stroke
        ["أحمد", "احمد"],
        ["علی", "علي"],
        ["שָׁלוֹם", "שלום"],  # niqqud
        ["Ёлка Андрей", "елка андреи"],
        ["Αλέξης", "αλεξησ"],
        ["Ａｎａ", "Ana"],
        ["ﾀﾞｲｷ", "ダイキ"],
        ["Мар'яна", "Марʼяна", "Мар’яна"],
    ],
)
def test_spellings_that_people_mix_up_have_one_loose_key(same: list[str]) -> None:
    assert len({loose_key(name) for name in same}) == 1


def test_exact_names_keep_what_people_spell_differently() -> None:
    for one, other in [("Zoë", "Zoe"), ("Hùng", "Hưng"), ("Işık", "Isik"), ("مُحَمَّد", "محمد"), ("אָ", "א")]:
        assert exact_key(one) != exact_key(other)


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scripts = st.text(
    st.sampled_from("abÀéưıßßİΣςйё अआकखगािीुे्ँं たてだゃ゛カガ มา้่ำ កខាិ្ 김ㄱ가 أبتَُّ אבָּ 🦄👩\u0301\u0323\u3099-',."),
    max_size=12,
)


@given(st.one_of(names, scripts))
@example("\u03000:0")
def test_keys_do_not_change_when_made_again(name: str) -> None:
    assert exact_key(exact_key(name)) == exact_key(name)
    assert loose_key(loose_key(name)) == loose_key(name)


@given(st.one_of(names, scripts))
def test_composition_never_separates_names(name: str) -> None:
    assert exact_key(unicodedata.normalize("NFD", name)) == exact_key(unicodedata.normalize("NFC", name))
    assert loose_key(unicodedata.normalize("NFD", name)) == loose_key(name)


@given(
    st.one_of(names, scripts),
    st.integers(0, 20),
    st.sampled_from([ZWJ, ZWNJ, ZWSP, "\u2060", "\u200e", "\ufe0f"]),
)
def test_a_character_that_is_never_shown_never_separates_names(name: str, at: int, unseen: str) -> None:
    assert exact_key(name[:at] + unseen + name[at:]) == exact_key(name)
    assert loose_key(name[:at] + unseen + name[at:]) == loose_key(name)


@given(st.one_of(names, scripts), st.one_of(names, scripts))
def test_exactly_equal_names_are_loosely_equal(one: str, other: str) -> None:
    if exact_key(one) == exact_key(other):
        assert loose_key(one) == loose_key(other)


@given(st.one_of(names, scripts))
def test_a_visible_name_has_keys(name: str) -> None:
    if has_visible_character(name):
        assert exact_key(name)
        assert loose_key(name)


@given(
    st.text(
        st.characters(categories=["Lo", "Mn", "Mc"], min_codepoint=0x900, max_codepoint=0x1FFF), min_size=1
    )
)
def test_a_mark_never_splits_a_word(word: str) -> None:
    assert " " not in loose_key(word)


UNSEEN = [
    "",
    " ",
    ZWSP,
    "\u200b\u200b \u2060",
    "\u3164",
    "\u2800",
    "\u115f\u1160",
    "\xad",
    "\n",
    "\u0301",
    "\ufe0f",
]
UNSEEN += ["\u0301", "\ufe0f", "\U000e0061", "\ufeff", "\u202e", "\u3000"]


@pytest.mark.parametrize("name", UNSEEN)
def test_names_that_show_nothing(name: str) -> None:
    assert not has_visible_character(name)


@pytest.mark.parametrize(
    "name", ["a", "-", "🦄", f"{ZWSP}a", "か", "ा", "\ufffd", "\ue000", "👩\u200d👧", "1"]
)
def test_names_that_show_something(name: str) -> None:
    assert has_visible_character(name)


def matched(
    listed: list[str | Somebody], seen: list[str | Somebody]
) -> tuple[list[tuple[list[str], str]], list[str]]:
    """Return (names seen, how matched) for each listed person, and the names seen of the rest."""
    of = [[one if isinstance(one, Somebody) else Somebody(one) for one in group] for group in (listed, seen)]
    found, others = match(*of)
    return [([person.name for person in one.people], one.by) for one in found], [one.name for one in others]


@pytest.mark.parametrize(
    "pair", [("रीना", "रानी"), ("たいき", "だいき"), ("Hùng", "Hưng"), ("🦄", "🐉"), ("Ana", "Aña")]
)
def test_similar_names_match_only_their_own(pair: tuple[str, str]) -> None:
    for seen in permutations(pair):
        assert matched(list(pair), list(seen)) == ([([name], BY_NAME) for name in pair], [])
    assert matched(list(pair), [pair[1]]) == ([([], ""), ([pair[1]], BY_NAME)], [])


def test_loose_names_match_only_one_with_one() -> None:
    assert matched(["Hùng"], ["Hung"]) == ([(["Hung"], BY_LOOSE_NAME)], [])
    assert matched(["Hùng", "Hưng"], ["Hung"]) == ([([], ""), ([], "")], ["Hung"])
    assert matched(["Hung"], ["Hùng", "Hưng"]) == ([([], "")], ["Hùng", "Hưng"])
    assert matched(["Hùng", "Hưng"], ["Hung", "Hưng"]) == (
        [(["Hung"], BY_LOOSE_NAME), (["Hưng"], BY_NAME)],
        [],
    )


@pytest.mark.parametrize("pair", [("रीना", "रानी"), ("たいき", "だいき"), ("मोहन", "मोहिन"), ("🦄", "🐉")])
def test_a_different_name_never_matches(pair: tuple[str, str]) -> None:
    assert matched([pair[0]], [pair[1]]) == ([([], "")], [pair[1]])


def test_id_goes_before_name() -> None:
    ada, other = Somebody("Somebody Else", "u1"), Somebody("Ada", "u2")
    assert matched([Somebody("Ada L", "u1"), Somebody("Ada", "u9")], [other, ada]) == (
        [(["Somebody Else"], BY_ID), (["Ada"], BY_NAME)],
        [],
    )


def test_a_person_who_comes_back_as_guest_is_one_person() -> None:
    seen = [Somebody("Ada", "u1"), Somebody("ada", "guest")]
    assert matched([Somebody("Ada", "u1")], seen) == ([(["Ada", "ada"], BY_ID)], [])
    renamed = [Somebody("Somebody Else", "u1"), Somebody("Ada", "u2")]
    assert matched([Somebody("Ada", "u1")], renamed) == ([(["Somebody Else"], BY_ID)], ["Ada"])
    assert matched(["Ada"], seen) == ([(["Ada", "ada"], BY_NAME)], [])
    assert matched(["Lovelace, Ada"], ["Ada Lovelace", "ada lovelace"])[0] == [
        (["Ada Lovelace", "ada lovelace"], BY_LOOSE_NAME)
    ]


def test_namesakes_get_one_person_each() -> None:
    assert matched(["Tom", "tom"], ["TOM", "Tom", "Tom"]) == (
        [(["TOM"], BY_NAME), (["Tom"], BY_NAME)],
        ["Tom"],
    )
    one_by_id = [Somebody("Tom", "u1"), Somebody("Tom")]
    assert matched(one_by_id, [Somebody("Tom", "g"), Somebody("Tom", "u1")])[0] == [
        (["Tom"], BY_ID),
        (["Tom"], BY_NAME),
    ]


def test_a_name_that_shows_nothing_matches_nobody() -> None:
    assert matched([ZWSP, "", "--"], ["", ZWSP]) == ([([], "")] * 3, ["", ZWSP])


people = st.builds(Somebody, scripts, st.sampled_from(["", "", "u1", "u2", "u3"]))


@given(
    st.lists(people, max_size=6, unique_by=lambda one: one.user_uuid or object()),
    st.lists(people, max_size=6),
)
def test_everyone_seen_is_matched_at_most_once_and_nobody_is_lost(
    listed: list[Somebody], seen: list[Somebody]
) -> None:
    found, others = match(listed, seen)
    assert [one.listed for one in found] == listed
    placed = [id(person) for one in found for person in one.people] + [id(person) for person in others]
    assert sorted(placed) == sorted(id(person) for person in seen)
    for one in found:
        assert bool(one.people) == bool(one.by)
        if one.by == BY_ID:
            assert one.people[0].user_uuid == one.listed.user_uuid
        elif one.by == BY_NAME:
            assert {exact_key(person.name) for person in one.people} == {exact_key(one.listed.name)}
