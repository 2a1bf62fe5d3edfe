"""What each kind asks to be loaded."""

from classroom_admin.events import Needs, Stream, decode, needs
from tests.events.lesson import named, person


def asked(cmd, data, stream=Stream.ROOM):
    return needs([decode(stream, {"cmd": cmd, "sequence": 5, "data": data})])


def test_closing_asks_for_everybody_and_what_runs():
    everything = Needs(class_over=True, on_stage=True, hands=True, running_recording=True)
    assert asked(1, {"state": 3}) == everything
    assert asked(1, {"state": 2}) == Needs()


def test_recordings():
    assert asked(1001, {"state": 1, "recordId": "a"}) == Needs(recordings={"a"}, running_recording=True)
    assert asked(1001, {"state": 0}) == Needs(recordings={"seq-5"}, running_recording=True)


def test_people():
    moved = {"onlineUsers": [person("a")], "offlineUsers": [person("b")]}
    assert asked(20, moved) == Needs(participants={"a", "b"}, open_presences_of={"a", "b"})
    assert asked(1101, {"rewardDetails": named("a")}) == Needs(participants={"a"})
    listed = {"acceptedUsers": named("a"), "addAcceptedUsers": named("b"), "removeAcceptedUsers": named("c")}
    assert asked(1501, listed) == Needs(participants={"a", "b", "c"}, on_stage=True)
    assert asked(1502, {"progressUsers": []}) == Needs(hands=True)
    assert asked(1502, {"addProgressUsers": named("a")}) == Needs(participants={"a"})


def test_messages_ask_only_for_senders_not_told_in_full():
    assert asked(3, {"fromUser": person("a"), "message": "x"}) == Needs()
    assert asked(3, {"fromUser": {"userUuid": "a"}, "message": "x"}) == Needs(participants={"a"})


def test_questions():
    answer = {"changeProperties": {"popupQuizId": "q", "selectedItems": []}, "fromUser": person("a")}
    assert asked(4, answer, Stream.QUIZ) == Needs(
        quizzes={"q"}, running_quiz=True, answers={("quiz", "q", "a")}
    )
    assert asked(4, {"changeProperties": {"extra.mode": 1}}, Stream.POLL) == Needs(running_poll=True)
    assert asked(1, {"message": "x", "fromUser": {"userUuid": "a"}}, Stream.PEER) == Needs()
