"""Rewards."""

import pytest

from classroom_admin.events.rewards import Reward
from tests.events.lesson import Lesson, T, decoded, say


def test_decoding():
    rows = [
        {"userUuid": "a", "changedReward": 1, "total": 3},
        {"userUuid": "b", "changedReward": "2", "totalReward": "5"},
        {"userUuid": "c", "changedReward": -1},
        {"changedReward": 1},
    ]
    read = decoded(1101, {"rewardDetails": rows, "updateTime": T})
    assert read.data.rewards == [Reward("a", 1, 3), Reward("b", 2, 5), Reward("c", -1, None)]
    assert read.ts_ms == T
    assert len(read.odd) == 1


def test_totals():
    lesson = Lesson()
    lesson.enter("ben")
    lesson.apply(1101, {"rewardDetails": [{"userUuid": "ben", "changedReward": 1, "total": 5}]})
    assert lesson.who("ben").rewards == 5
    lesson.apply(1101, {"rewardDetails": [{"userUuid": "ben", "changedReward": "2"}]})
    assert lesson.who("ben").rewards == 7
    lesson.apply(1101, {"rewardDetails": [{"userUuid": "ben", "changedReward": 1, "totalReward": 0}]})
    assert lesson.who("ben").rewards == 0
    lesson.apply(1101, {"rewardDetails": [{"userUuid": "stranger", "changedReward": 3}]})
    assert (lesson.who("stranger").rewards, lesson.who("stranger").online) == (3, False)
    for _ in range(3):
        lesson.apply(1101, {"rewardDetails": [{"userUuid": "ben", "changedReward": 2**31 - 1}]})
    assert lesson.who("ben").rewards == 2**31 - 1


@pytest.mark.parametrize(
    ("cmd", "data", "words"),
    [
        (1101, {"rewardDetails": [{"userUuid": "ada"}]}, "Ada got a reward"),
        (1101, {}, "Rewards were given"),
    ],
)
def test_sentence(cmd, data, words):
    assert say(cmd, data, ada="Ada") == words
