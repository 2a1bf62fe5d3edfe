"""The class's state, stage and hands, chat, properties, rewards."""

from tests.sync.fold.story import Story, at, ms, named, person


def test_a_class_from_start_to_close():
    story = Story()
    story.enter("ada", 1)
    story.tell(1, {"state": 1, "startTime": ms(2)}, second=3)
    room = story.room
    assert (room.state, room.state_at, room.started_at) == (1, at(2), at(2))
    story.tell(1, {"state": "2", "startTime": ms(2), "endTime": ms(60)})
    assert (room.state, room.state_at, room.started_at, room.ended_at) == (2, at(60), at(2), at(60))
    assert story.who("ada").online, "they may stay for the close delay"
    story.tell(1, {"state": 3, "endTime": ms(60), "closeTime": ms(660)}, second=661)
    assert (room.state, room.ended_at, room.closed_at) == (3, at(60), at(660))


def test_states_without_times_take_the_events():
    story = Story()
    for second, state in ((5, 1), (9, 2), (12, 3)):
        story.tell(1, {"state": state}, second=second)
    room = story.room
    assert (room.started_at, room.ended_at, room.closed_at, room.state_at) == (at(5), at(9), at(12), at(12))


def test_a_state_told_again_changes_only_what_it_tells():
    story = Story()
    story.tell(1, {"state": 1}, second=5)
    story.tell(1, {"state": 1}, second=50)
    assert (story.room.started_at, story.room.state_at) == (at(5), at(5))
    story.tell(1, {"state": 1, "startTime": ms(4)}, second=51)
    assert (story.room.started_at, story.room.state_at) == (at(4), at(5))


def test_a_class_started_again_has_not_ended():
    story = Story()
    story.tell(1, {"state": 1}, second=5)
    story.tell(1, {"state": 2}, second=9)
    story.tell(1, {"state": 1}, second=12)
    assert (story.room.state, story.room.started_at, story.room.ended_at) == (1, at(5), None)
    story.tell(1, {"state": 0, "startTime": ms(99)}, second=15)
    assert (story.room.state, story.room.started_at) == (0, None)


def test_closing_sends_everybody_out_and_ends_the_recording():
    story = Story()
    for uuid in ("ada", "ben", "cat"):
        story.enter(uuid)
    story.leave("cat")
    story.tell(1501, {"addAcceptedUsers": named("ben", "stranger")})
    story.tell(1502, {"addProgressUsers": named("ada")})
    story.tell(1001, {"state": 1, "recordId": "rec"})
    changed = story.tell(1, {"state": 3, "closeTime": ms(100)}, second=101)
    assert story.counts() == (0, 0, 0)
    assert (story.room.on_stage, story.room.hands_raised) == (0, 0)
    assert [story.stays(uuid)[0].left_at for uuid in ("ada", "ben", "cat")] == [at(100), at(100), at(4)]
    assert story.who("cat").times_left == 1
    assert ("participant", "cat") not in changed
    assert story.who("stranger").on_stage is False
    recording = story.rows.recordings["rec"]
    assert (recording.state, recording.ended_at, story.room.recording_state) == ("ended", at(100), "ended")
    assert story.room.ended_at is None, "no end was told"


def test_stage_by_changes_and_by_the_full_list():
    story = Story()
    for uuid in ("ada", "ben", "cat"):
        story.enter(uuid)
    story.tell(1501, {"acceptedUsers": named("ada"), "addAcceptedUsers": named("ada")})
    story.tell(1501, {"addAcceptedUsers": named("ben")})
    assert story.room.on_stage == 2
    changed = story.tell(1501, {"acceptedUsers": named("cat", "ben"), "removeAcceptedUsers": named("ada")})
    assert changed == {("room",), ("participant", "ada"), ("participant", "cat")}
    assert [story.who(uuid).on_stage for uuid in ("ada", "ben", "cat")] == [False, True, True]
    assert story.room.on_stage == 2
    story.tell(1501, {"acceptedUsers": []})
    assert story.room.on_stage == 0
    assert story.tell(1501, {"removeAcceptedUsers": named("ada", "nobody")}) == {("room",)}


def test_hands():
    story = Story()
    story.enter("ben")
    story.tell(1502, {"progressUsers": named("ben"), "addProgressUsers": named("ben")}, second=10)
    story.tell(1502, {"progressUsers": named("ben", "cat"), "addProgressUsers": named("cat")}, second=20)
    assert (story.who("ben").hand_raised_at, story.who("cat").hand_raised_at) == (at(10), at(20))
    assert story.room.hands_raised == 2
    story.tell(1502, {"progressUsers": named("cat"), "removeProgressUsers": named("ben")})
    assert (story.who("ben").hand_raised, story.who("ben").hand_raised_at) == (False, None)
    assert story.room.hands_raised == 1
    story.tell(1502, {"progressUsers": []})
    assert story.room.hands_raised == 0


def test_a_full_list_does_not_bring_back_who_left():
    story = Story()
    story.enter("ben")
    story.leave("ben")
    story.tell(1502, {"progressUsers": named("ben")})
    story.tell(1501, {"acceptedUsers": named("ben")})
    assert (story.room.hands_raised, story.room.on_stage) == (0, 0)
    story.tell(1502, {"addProgressUsers": named("ben")})
    assert story.room.hands_raised == 1, "told by name: their coming back was missed"


def test_chat_and_custom_messages():
    story = Story()
    story.enter("ada", 1)
    changed = story.tell(3, {"fromUser": person("ada", "host"), "message": "hello", "type": 1})
    assert changed == {("room",), ("message", 2)}
    message = story.rows.messages[2]
    assert (message.kind, message.user_uuid, message.name, message.role) == ("chat", "ada", "Ada", "teacher")
    assert (message.text, message.sent_at, message.approximate) == ("hello", at(2), False)
    story.tell(99, {"fromUser": {"userUuid": "ada"}, "message": "{}"}, approximate=True)
    message = story.rows.messages[3]
    assert (message.kind, message.name, message.role, message.approximate) == (
        "custom",
        "Ada",
        "teacher",
        True,
    )
    story.tell(21, {"message": "bell"})
    assert (story.rows.messages[4].kind, story.rows.messages[4].user_uuid) == ("custom", "")
    story.tell(3, {"fromUser": person("stranger"), "message": "x"})
    assert "stranger" not in story.rows.participants, "chatting is not entering"
    assert story.room.chat_count == 2


def test_mute():
    story = Story()
    story.enter("ben")
    story.tell(21, person("ben") | {"muteChat": 1})
    assert story.who("ben").chat_muted
    assert story.tell(21, person("ben") | {"muteChat": "1"}) == {("room",)}
    story.tell(21, person("ben"))
    assert story.who("ben").chat_muted, "nothing was said about it"
    story.tell(21, person("ben") | {"muteChat": False})
    assert not story.who("ben").chat_muted
    story.tell(23, {"fromUser": person("ben"), "changeProperties": {"mute.muteChat": 1}, "cause": {"cmd": 6}})
    assert story.who("ben").chat_muted
    for value, muted in ((1, True), ("0", False), ({"audience": 1}, True), ({"host": 1}, False)):
        story.tell(4, {"changeProperties": {"muteChat": value}})
        assert story.room.chat_muted is muted
    story.tell(4, {"changeProperties": {"muteChat": 1}})
    story.tell(4, {"action": 1, "changeProperties": {"muteChat": 1}})
    assert not story.room.chat_muted


def test_room_properties():
    story = Story()
    story.tell(4, {"action": 0, "changeProperties": {"flex": {"a": 1, "b": 2}, "record": {"state": 1}}})
    story.tell(4, {"action": 0, "changeProperties": {"flex": {"a": 3}}})
    assert story.room.properties == {"flex": {"a": 3}, "record": {"state": 1}}
    assert story.room.recording_state == "", "only the recording's own event says that"
    story.tell(5, {"action": 0, "changeProperties": {"flex.c.d": [1], "top": "x"}})
    story.tell(
        4, {"action": 1, "changeProperties": {"flex.c": None, "record": {"state": 1}, "none.there": 1}}
    )
    assert story.room.properties == {"flex": {"a": 3}, "top": "x"}


def test_ext_apps_widgets_and_groups_are_told_in_parts():
    story = Story()
    story.tell(
        4, {"changeProperties": {"extApps": {"clock": {"a": 1, "common": {"state": 1}}, "dice": {"n": 6}}}}
    )
    story.tell(4, {"changeProperties": {"extApps": {"clock": {"a": {"x": 2}}}}})
    story.tell(4, {"changeProperties": {"extApps.clock.b": 3}})
    assert story.room.ext_apps == {
        "clock": {"a": {"x": 2}, "b": 3, "common": {"state": 1}},
        "dice": {"n": 6},
    }
    story.tell(4, {"action": 1, "changeProperties": {"extApps": {"clock": {"a": None}}}})
    story.tell(4, {"action": 1, "changeProperties": {"extApps.dice": None}})
    assert story.room.ext_apps == {"clock": {"b": 3, "common": {"state": 1}}}
    story.tell(4, {"action": 1, "changeProperties": {"widgets": {"poll": {"state": 1, "extra": {"a": 1}}}}})
    story.tell(
        4, {"action": 1, "changeProperties": {"widgets.poll.extra.b": 2, "widgets.quiz": {"state": 1}}}
    )
    story.tell(4, {"action": 1, "changeProperties": {"widgets": {"poll": {"extra": {"a": 5}}}}})
    assert story.room.properties == {
        "widgets": {"poll": {"state": 1, "extra": {"a": 5, "b": 2}}, "quiz": {"state": 1}}
    }
    story.tell(4, {"changeProperties": {"groups": {"state": 1, "details": {"g": {"groupName": "G"}}}}})
    story.tell(4, {"changeProperties": {"groups": {"details": {"h": {"groupName": "H"}}}}})
    assert story.room.groups == {"state": 1, "details": {"h": {"groupName": "H"}}}
    story.tell(4, {"changeProperties": {"groups": None}})
    assert story.room.groups == {}


def test_user_properties():
    story = Story()
    story.enter("ben")
    story.tell(22, {"fromUser": person("ben"), "action": 0, "changeProperties": {"a": {"x": 1}, "b": 2}})
    users = [
        {"fromUser": person("ben"), "changeProperties": {"a.y": 3}},
        {"fromUser": person("cat"), "changeProperties": {"z": 1}},
    ]
    changed = story.tell(23, {"users": users})
    assert changed == {("room",), ("participant", "ben"), ("participant", "cat")}
    assert story.who("ben").properties == {"a": {"x": 1, "y": 3}, "b": 2}
    assert (story.who("cat").properties, story.who("cat").online) == ({"z": 1}, False)
    story.tell(22, {"fromUser": person("ben"), "action": 1, "changeProperties": {"a": None, "nothing": 1}})
    assert story.who("ben").properties == {"b": 2}


def test_streams():
    story = Story()
    story.enter("ben")
    camera = {"streamUuid": "c", "streamName": "cam", "videoSourceType": 1, "audioSourceType": 1}
    screen = {"streamUuid": "s", "videoSourceType": "2", "audioSourceType": 0, "videoState": 1}
    story.tell(40, {"fromUser": person("ben"), "action": 0, **camera, "videoState": 1, "audioState": 0})
    ben = story.who("ben")
    assert (ben.camera_on, ben.microphone_on, ben.sharing_screen) == (True, False, False)
    story.tell(40, {"fromUser": person("ben"), "action": 0, **screen, "audioState": 1})
    assert (ben.camera_on, ben.microphone_on, ben.sharing_screen) == (True, False, True)
    story.tell(
        41, {"streams": [{"fromUser": person("ben"), "action": 1, "streamUuid": "c", "audioState": 1}]}
    )
    assert (ben.camera_on, ben.microphone_on) == (True, True)
    assert ben.streams["c"] == {
        "name": "cam",
        "video_source": 1,
        "audio_source": 1,
        "video_on": True,
        "audio_on": True,
    }
    story.tell(40, {"fromUser": person("ben"), "action": 2, "streamUuid": "s"})
    assert (ben.sharing_screen, list(ben.streams)) == (False, ["c"])
    assert story.tell(40, {"fromUser": person("ben"), "action": 2, "streamUuid": "s"}) == {("room",)}
    story.leave("ben")
    story.tell(40, {"fromUser": person("ben"), "action": 1, "streamUuid": "c", "videoState": 1})
    assert (ben.camera_on, ben.streams) == (False, {})


def test_rewards():
    story = Story()
    story.enter("ben")
    story.tell(1101, {"rewardDetails": [{"userUuid": "ben", "changedReward": 1, "total": 5}]})
    assert story.who("ben").rewards == 5
    story.tell(1101, {"rewardDetails": [{"userUuid": "ben", "changedReward": "2"}]})
    assert story.who("ben").rewards == 7
    story.tell(1101, {"rewardDetails": [{"userUuid": "ben", "changedReward": 1, "totalReward": 0}]})
    assert story.who("ben").rewards == 0
    story.tell(1101, {"rewardDetails": [{"userUuid": "stranger", "changedReward": 3}]})
    assert (story.who("stranger").rewards, story.who("stranger").online) == (3, False)
    for _ in range(3):
        story.tell(1101, {"rewardDetails": [{"userUuid": "ben", "changedReward": 2**31 - 1}]})
    assert story.who("ben").rewards == 2**31 - 1


def test_an_unknown_kind_happened_and_that_is_all():
    story = Story()
    before = Story()
    assert story.tell(7777, {"x": 1}) == {("room",)}
    before.room.last_event_at = at(1)
    assert story.rows.room == before.room


def test_the_last_event_is_the_latest():
    story = Story()
    story.tell(7777, {}, second=50)
    story.tell(7777, {}, second=20)
    assert story.room.last_event_at == at(50)


def test_the_last_moment_on_stage_is_kept():
    story = Story()
    story.enter("ada", second=1)
    assert story.who("ada").last_on_stage_at is None
    story.tell(1501, {"addAcceptedUsers": named("ada")}, second=5)
    assert story.who("ada").last_on_stage_at == at(5)
    story.tell(1501, {"removeAcceptedUsers": named("ada")}, second=9)
    assert story.who("ada").last_on_stage_at == at(9)
    story.tell(1501, {"addAcceptedUsers": named("ada")}, second=20)
    story.leave("ada", second=30)
    assert story.who("ada").last_on_stage_at == at(30)
    story.enter("ben", second=40)
    story.leave("ben", second=50)
    assert story.who("ben").last_on_stage_at is None
