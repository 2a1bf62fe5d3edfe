from tests.sync.fold.story import Story, at, ms, named, person


def test_entering():
    story = Story()
    changed = story.enter("ada", 1)
    assert changed == {("room",), ("participant", "ada"), ("presence", "ada", 1)}
    ada = story.who("ada")
    assert (ada.name, ada.role, ada.online, ada.was_teacher) == ("Ada", "teacher", True, True)
    assert ada.entered_at == ada.online_since == at(1)
    assert ada.left_at is None
    assert story.counts() == (1, 1, 0)
    assert story.room.last_event_at == at(1)
    [stay] = story.stays("ada")
    assert (stay.entered_sequence, stay.entered_at, stay.left_at, stay.approximate) == (1, at(1), None, False)


def test_own_time_of_the_person_wins_and_a_receipt_time_is_marked():
    story = Story()
    story.online(person("ben", updateTime=ms(-5)), approximate=True)
    story.enter("cat", approximate=True)
    assert (story.stays("ben")[0].entered_at, story.stays("ben")[0].approximate) == (at(-5), False)
    assert (story.stays("cat")[0].entered_at, story.stays("cat")[0].approximate) == (at(2), True)
    story.leave("ben", approximate=True)
    assert story.stays("ben")[0].approximate


def test_entering_twice_is_one_person_in_one_stay():
    story = Story()
    story.enter("ben")
    story.enter("ben")
    story.online(person("ben", type=2))
    assert story.counts() == (1, 0, 1)
    assert len(story.stays("ben")) == 1
    assert story.who("ben").online_since == at(1)


def test_leaving_and_coming_back():
    story = Story()
    story.enter("ben")
    story.leave("ben")
    ben = story.who("ben")
    assert (ben.online, ben.online_since, ben.left_at, ben.times_left) == (False, None, at(2), 1)
    assert story.counts() == (0, 0, 0)
    story.online(person("ben", type=2))
    assert (ben.online, ben.online_since, ben.entered_at, ben.left_at) == (True, at(3), at(1), at(2))
    first, second = story.stays("ben")
    assert (first.left_at, first.left_sequence, first.kicked) == (at(2), 2, False)
    assert (second.entered_sequence, second.left_at) == (3, None)


def test_coming_back_without_having_been_seen_opens_a_stay():
    story = Story()
    story.online(person("ben", type=2))
    assert story.who("ben").online
    assert len(story.stays("ben")) == 1


def test_leaving_without_having_been_seen_makes_no_stay():
    story = Story()
    story.leave("ada", 1)
    ada = story.who("ada")
    assert (ada.online, ada.entered_at, ada.left_at, ada.times_left) == (False, None, at(1), 1)
    assert ada.was_teacher, "they were here as teacher"
    assert story.stays("ada") == []
    assert story.counts() == (0, 0, 0)


def test_leaving_twice_counts_once():
    story = Story()
    story.enter("ben")
    story.leave("ben")
    changed = story.leave("ben")
    assert changed == {("room",)}
    assert (story.who("ben").times_left, story.who("ben").left_at) == (1, at(2))
    assert story.counts() == (0, 0, 0)


def test_being_removed():
    story = Story()
    story.enter("ben")
    story.offline(person("ben", type="2", operator=person("ada", 1)))
    ben = story.who("ben")
    assert (ben.kicked_at, ben.kicked_sequence) == (at(2), 2)
    assert story.stays("ben")[0].kicked
    assert "ada" not in story.rows.participants
    story.enter("ben")
    assert ben.kicked_at == at(2), "history stays"
    assert not story.stays("ben")[1].kicked


def test_being_removed_after_the_room_closed_is_no_removal():
    story = Story()
    story.enter("ben")
    story.tell(1, {"state": 3})
    story.offline(person("ben", type=2))
    assert story.who("ben").kicked_at is None
    assert story.who("ben").times_left == 1


def test_leaving_ends_what_hangs_on_it():
    story = Story()
    stream = {"streamUuid": "s", "videoSourceType": 1, "audioSourceType": 1, "videoState": 1, "audioState": 1}
    story.enter("ben")
    story.tell(40, {"fromUser": person("ben"), "action": 0, **stream})
    story.tell(1501, {"addAcceptedUsers": named("ben")})
    story.tell(1502, {"addProgressUsers": named("ben")})
    ben = story.who("ben")
    assert (ben.camera_on, ben.microphone_on, ben.on_stage, ben.hand_raised) == (True,) * 4
    assert (story.room.on_stage, story.room.hands_raised) == (1, 1)
    story.leave("ben")
    assert (ben.camera_on, ben.microphone_on, ben.on_stage, ben.hand_raised) == (False,) * 4
    assert (ben.streams, ben.hand_raised_at) == ({}, None)
    assert (story.room.on_stage, story.room.hands_raised) == (0, 0)


def test_a_time_of_leaving_before_entering_is_set_right():
    story = Story()
    story.online(person("ben", updateTime=ms(10)))
    story.offline(person("ben", updateTime=ms(4)))
    assert story.stays("ben")[0].left_at == story.who("ben").left_at == at(10)


def test_leaving_and_entering_in_one_event():
    story = Story()
    story.enter("ben")
    story.tell(20, {"onlineUsers": [person("ben")], "offlineUsers": [person("ben")]})
    assert story.who("ben").online
    assert [stay.left_sequence for stay in story.stays("ben")] == [2, None]
    assert story.counts() == (1, 0, 1)
    both = {
        "onlineUsers": [person("cat", updateTime=ms(20))],
        "offlineUsers": [person("cat", updateTime=ms(25))],
    }
    story.tell(20, both)
    assert not story.who("cat").online
    [stay] = story.stays("cat")
    assert (stay.entered_at, stay.left_at) == (at(20), at(25))


def test_someone_twice_in_one_event():
    story = Story()
    story.online(person("ben"), person("ben"))
    assert story.counts() == (1, 0, 1)
    assert len(story.stays("ben")) == 1


def test_name_and_role_may_change():
    story = Story()
    story.enter("ben")
    story.online(person("ben", "assistant") | {"userName": "Benjamin"})
    assert (story.who("ben").name, story.who("ben").role) == ("Benjamin", "assistant")
    assert story.counts() == (1, 0, 0)
    story.tell(21, person("ben", "host"))
    assert story.counts() == (1, 1, 0)
    story.online({"userUuid": "ben", "role": "wizard"})
    assert (story.who("ben").name, story.who("ben").role) == ("Ben", "teacher")
    assert story.who("ben").was_teacher
    story.leave("ben", 1)
    assert story.counts() == (0, 0, 0)


def test_properties_and_streams_come_with_the_person():
    story = Story()
    properties = {"group": {"a": 1}, "x.y": 2}
    story.online(
        person("ben", userProperties=properties, streams=[{"streamUuid": "s", "streamName": "cam"}]),
        person("cat", streamUuid="77"),
    )
    assert story.who("ben").properties == {"group": {"a": 1}, "x": {"y": 2}}
    assert story.who("ben").streams == {"s": {"name": "cam"}}
    assert story.who("cat").streams == {"77": {}}
    assert not story.who("ben").camera_on


def test_coming_in_again_keeps_what_is_known_of_a_stream():
    story = Story()
    story.enter("ben")
    story.tell(40, {"fromUser": person("ben"), "streamUuid": "s", "videoSourceType": 1, "videoState": 1})
    story.online(person("ben", type=2, streamUuid="s"))
    assert story.who("ben").camera_on


def test_counters_are_those_of_the_rows():
    story = Story()
    for uuid, role in (("ada", 1), ("ben", 2), ("cat", "audience"), ("dan", 3), ("eve", 0), ("fox", 4)):
        story.enter(uuid, role)
    assert story.counts() == (6, 1, 2)
    story.leave("cat", "audience")
    story.leave("ada", "host")
    assert story.counts() == (4, 0, 1)
