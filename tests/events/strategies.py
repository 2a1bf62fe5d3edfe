"""Events as Hypothesis draws them: arbitrary JSON, and a class's life with odd shapes mixed in."""

from hypothesis import strategies as st

from tests.events.lesson import START_MS

KINDS = [1, 3, 4, 5, 20, 21, 22, 23, 24, 25, 40, 41, 99, 1001, 1003, 1101, 1110, 1501, 1502, 4242]
FIELDS = [
    "state startTime endTime closeTime fromUser message action changeProperties cause operator onlineUsers",
    "offlineUsers userUuid userName role streamUuid streams userProperties type updateTime muteChat",
    "videoSourceType audioSourceType videoState audioState recordId sid streamingUrl resources resourceUuid",
    "resourceName ext size url taskUuid taskProgress convertedPercentage rewardDetails changedReward total",
    "acceptedUsers addAcceptedUsers removeAcceptedUsers progressUsers addProgressUsers extra popupQuizId",
    "items selectedItems isCorrect answerState pollId selectIndex pollDetails pollState widgets",
    "extApps groups record processes screen carousel waveArm handsUp progress accepted onhold list",
    "videoSourceState audioSourceState widgetUuid popQuizId users reason",
]
NAMES = [name for line in FIELDS for name in line.split()]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.integers(),
    st.floats(),
    st.text(max_size=6),
    st.text(st.characters(categories=["Cs", "Cc", "L"]), max_size=4),
    st.sampled_from(
        ["ann", "0", "1", "2", "host", "NaN", "x" * 300, "a.b.c", "deleted", '{"action": 3}', START_MS]
    ),
)
keys = st.one_of(
    st.sampled_from(NAMES), st.text(max_size=5), st.sampled_from(["a.b", "extra.items", "..", ""])
)
any_json = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=5)),
    max_leaves=15,
)

users = st.sampled_from(["ann", "bob", "cyd", "dee", "eve"])
times = st.one_of(st.none(), st.integers(0, 500).map(lambda s: START_MS + s * 1000), st.just(-1))
roles = st.sampled_from([1, 2, "2", "host", "audience", 0, None, "odd"])


def thing(**fields):
    """An object of the fields; those that come out None are missing."""
    return st.fixed_dictionaries(fields).map(lambda row: {k: v for k, v in row.items() if v is not None})


def some(rows):
    return st.one_of(st.none(), st.lists(rows, max_size=4))


stream_fields = {
    "streamUuid": st.sampled_from(["s1", "s2"]),
    "videoSourceType": st.sampled_from([0, 1, 2, "2", None]),
    "audioSourceType": st.sampled_from([0, 1, None]),
    "videoState": st.sampled_from([0, 1, "1", None]),
    "audioState": st.sampled_from([0, 1, None]),
    "action": st.sampled_from([0, 1, 2, "2", 3, None]),
    "videoSourceState": st.sampled_from([None, None, 0, 1, 2]),
    "audioSourceState": st.sampled_from([None, None, 0, "1"]),
}
person = thing(userUuid=users, userName=st.sampled_from(["Ann", "B", None]), role=roles)
mover = thing(
    userUuid=users,
    userName=st.sampled_from(["Ann", None]),
    role=roles,
    type=st.sampled_from([1, 2, "2", None]),
    updateTime=times,
    streams=some(thing(**stream_fields)),
    userProperties=st.one_of(st.none(), st.dictionaries(keys, scalars, max_size=3)),
)
named = thing(userUuid=users)
on_off = st.sampled_from([0, 1, "1", None])
lists = st.lists(st.one_of(users, named), max_size=4)
record = thing(state=st.sampled_from([0, 1, 1, 2, None]), onhold=st.sampled_from([True, False, None]))
screen = thing(state=on_off, userUuid=users, streamUuid=st.sampled_from(["s1", "s2", None]))
processes = thing(
    waveArm=thing(progress=lists, accepted=lists), handsUp=thing(progress=lists, accepted=lists)
)
known_properties = {
    "record": record,
    "record.state": on_off,
    "record.onhold": on_off,
    "screen": screen,
    "screen.state": on_off,
    "processes": processes,
    "processes.waveArm.progress": lists,
    "processes.handsUp.progress": lists,
    "processes.handsUp.accepted": lists,
    "processes.waveArm.accepted": lists,
}
other_changes = st.dictionaries(
    st.sampled_from(["a", "a.b", "extApps", "extApps.clock", "widgets.poll", "groups", "muteChat"]),
    st.one_of(scalars, st.dictionaries(st.sampled_from(["x", "clock"]), any_json, max_size=2)),
    max_size=3,
)
known_changes = st.sampled_from(sorted(known_properties)).flatmap(
    lambda name: st.fixed_dictionaries({name: st.one_of(known_properties[name], st.just("deleted"))})
)
changes = st.one_of(other_changes, known_changes, known_changes)
property_change = {"action": st.sampled_from([0, 1, 2, None]), "changeProperties": changes}
beside = thing(fromUser=person, list=some(thing(fromUser=person, **property_change)))
ids = st.sampled_from(["i", "j", None])

ROOM = {
    1: thing(state=st.integers(0, 3), startTime=times, endTime=times, closeTime=times),
    3: thing(fromUser=st.one_of(st.none(), person), message=st.text(max_size=5)),
    4: thing(**property_change),
    5: thing(**property_change),
    20: thing(onlineUsers=some(mover), offlineUsers=some(mover)),
    21: thing(userUuid=users, role=roles, muteChat=st.sampled_from([0, 1, "1", None])),
    22: thing(fromUser=person, **property_change),
    23: st.one_of(
        thing(users=st.lists(thing(fromUser=person, **property_change), min_size=1, max_size=3)),
        thing(fromUser=person, beside=beside, **property_change),
    ),
    24: thing(users=some(thing(subscribe=on_off, streams=any_json))),
    25: thing(users=some(thing(userUuid=users, role=roles, muteChat=on_off, changeProperties=any_json))),
    1110: thing(
        widgetUuid=st.sampled_from(["poll", "clock", None]),
        action=st.sampled_from([1, 2, None]),
        fromUser=st.one_of(st.none(), person),
        changeProperties=st.dictionaries(st.sampled_from(["state", "extra", "extra.a"]), scalars, max_size=2),
    ),
    40: thing(fromUser=person, **stream_fields),
    41: thing(fromUser=person, streams=st.lists(thing(**stream_fields), max_size=3)),
    99: thing(fromUser=person, message=st.text(max_size=5)),
    1001: thing(
        state=st.sampled_from([0, 1, 1, 2]),
        recordId=ids,
        startTime=times,
        endTime=times,
        reason=st.sampled_from([None, 1, 2, 3, 4, 5]),
    ),
    1003: thing(
        action=st.sampled_from([1, 2, None]),
        resources=st.lists(
            thing(
                resourceUuid=st.sampled_from(["f", "g"]),
                url=st.sampled_from(["u1", "u2", None]),
                taskUuid=st.sampled_from(["t1", "t2", None]),
                taskProgress=st.sampled_from([None, {"convertedPercentage": 50}]),
            ),
            max_size=3,
        ),
    ),
    1101: thing(
        rewardDetails=some(
            thing(userUuid=users, changedReward=st.integers(-3, 3), total=st.sampled_from([None, 1]))
        )
    ),
    1501: thing(acceptedUsers=some(named), addAcceptedUsers=some(named), removeAcceptedUsers=some(named)),
    1502: thing(progressUsers=some(named), addProgressUsers=some(named), removeProgressUsers=some(named)),
    4242: any_json,
}
cause = st.sampled_from([{"action": 1}, '{"action": 2}', {"action": 3}, {"action": 4}, "word", None])
QUIZ = thing(
    cause=cause,
    fromUser=st.one_of(st.none(), person),
    operator=person,
    changeProperties=thing(
        popupQuizId=ids,
        selectedItems=st.sampled_from([None, None, ["A"]]),
        extra=thing(popupQuizId=ids, answerState=st.sampled_from([0, 1, None]), totalCount=st.integers(0, 9)),
    ),
)
POLL = thing(
    cause=cause,
    fromUser=person,
    operator=person,
    changeProperties=thing(
        pollId=ids,
        selectIndex=st.sampled_from([None, None, [1]]),
        extra=thing(pollId=ids, pollState=st.sampled_from([0, 1, None]), pollDetails=any_json),
    ),
)

CHAT = thing(
    msg_id=st.sampled_from(["m1", "m2", 7]),
    chatUserUuid=st.sampled_from(["ann", "bob", None]),
    timestamp=times,
    payload=st.one_of(
        any_json,
        thing(
            bodies=st.lists(
                thing(
                    type=st.sampled_from(["txt", "cmd", "custom", "img", None]),
                    msg=st.text(max_size=5),
                    action=st.sampled_from(["mute", "setAllMute", None]),
                    customExts=any_json,
                ),
                max_size=2,
            ),
            ext=st.one_of(
                st.none(), thing(nickName=st.sampled_from(["Ann", 7]), role=roles, muteNickName=users)
            ),
        ),
    ),
)


@st.composite
def lives(draw):
    """What happens in one room: (stream name, cmd, data, ts or None, seconds until it was received)."""
    events = []
    for _ in range(draw(st.integers(1, 25))):
        stream = draw(st.sampled_from(["room", "room", "room", "popupQuiz", "poll", "peer", "chat"]))
        cmd = draw(st.sampled_from(KINDS if stream == "room" else [1, 99] if stream == "peer" else [4]))
        of_stream = {"popupQuiz": QUIZ, "poll": POLL, "peer": ROOM[99], "chat": CHAT}
        data = draw(of_stream[stream] if stream in of_stream else ROOM[cmd])
        if draw(st.integers(0, 15)) == 0:
            data = draw(any_json)
        events.append((stream, cmd, data, draw(times), draw(st.integers(0, 3))))
    return events
