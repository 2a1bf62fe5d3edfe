"""Sentences that can be translated later."""

import copy
import json
import pickle

import pytest
from django.utils import translation

from classroom_admin.common.language import in_words, kept, told
from classroom_admin.common.sentence import Sentence, read

AGAIN = "Too many requests to the cloud. Nothing was changed. Try again in {seconds} seconds."


def test_sentence_is_its_english_text():
    sentence = Sentence(AGAIN, seconds=12)
    assert sentence == AGAIN.replace("{seconds}", "12")
    assert isinstance(sentence, str)


@pytest.mark.parametrize(
    "again",
    [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))],
)
def test_copies_can_be_translated(again):
    copied = again(Sentence(AGAIN, seconds=12))
    with translation.override("es"):
        assert in_words(copied).endswith("en 12 segundos.")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "in 12 seconds"),
        ("zh-hans", "请 12 秒后再试"),
        ("es", "en 12 segundos"),
        ("ar", "بالثواني: 12"),
    ],
)
def test_sentence_is_translated_by_its_pattern(language, words):
    with translation.override(language):
        assert words in in_words(Sentence(AGAIN, seconds=12))


def test_nested_sentence_is_translated():
    whole = Sentence(
        "{what} {next_step}",
        what=Sentence("The class is already running."),
        next_step=Sentence("You don't need to do anything."),
    )
    with translation.override("es"):
        assert in_words(whole) == "La clase ya está en curso. No tiene que hacer nada."


def test_record_keeps_pattern_and_values():
    whole = Sentence("{what} {next_step}", what=Sentence(AGAIN, seconds=3), next_step="{odd} braces")
    record = json.loads(json.dumps(kept(whole)))
    assert record["sentence"] == str(whole)
    assert told(record) == str(whole)
    with translation.override("es"):
        assert told(record) == (
            "Demasiadas solicitudes a la nube. No se cambió nada. "
            "Inténtelo de nuevo en 3 segundos. {odd} braces"
        )


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"sentence": "The class has already ended."}, "La clase ya ha finalizado."),
        ({"sentence": "Words of an earlier release."}, "Words of an earlier release."),
        ({"sentence": "It failed.", "says": {"pattern": "{lost}", "values": {"found": 1}}}, "It failed."),
        ({"sentence": "It failed.", "says": "nonsense"}, "It failed."),
        ({}, ""),
    ],
)
def test_records_of_earlier_releases_are_translated(record, words):
    with translation.override("es"):
        assert told(record) == words


def test_texts_of_the_cloud_stay_unchanged():
    with translation.override("es"):
        said = in_words("The cloud has an internal problem. The server asks again automatically.\n(HTTP 503)")
    assert (
        said
        == "La nube tiene un problema interno. El servidor vuelve a consultar automáticamente. (HTTP 503)"
    )


def test_braces_in_values_stay_unchanged():
    assert Sentence("The cloud reported: {error}.", error="{error}") == "The cloud reported: {error}."


@pytest.mark.parametrize("odd", [None, 5, [], {}, {"pattern": 5}, {"pattern": "{a}", "values": {"b": 1}}])
def test_invalid_records_are_no_sentence(odd):
    assert read(odd) is None
