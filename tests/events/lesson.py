"""A lesson made of raw events: what it makes of the rows, and its sentences."""

from datetime import UTC, datetime, timedelta

from classroom_admin.events import EventTime, Rows, Stream, decode, needs, project, sentence
from classroom_admin.web import icons

T = START_MS = 1_763_757_600_000
START = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=START_MS)


ADA = {"userUuid": "ada", "userName": "Ada", "role": 1}
BEN = {"userUuid": "ben", "userName": "Ben", "role": "2"}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def ms(seconds: float) -> int:
    return START_MS + int(seconds * 1000)


def person(uuid, role=2, **more):
    return {"userUuid": uuid, "userName": uuid.title(), "role": role, **more}


def named(*uuids):
    return [{"userUuid": uuid} for uuid in uuids]


def decoded(cmd, data, **more):
    """Decode an event of a room."""
    return decode(
        Stream.ROOM, {"roomUuid": "r", "cmd": cmd, "sequence": 7, "version": 1, "data": data, **more}
    )


def say(cmd, data, stream=Stream.ROOM, **names):
    """Return the sentence of an event, without the marks that isolate names."""
    event = decode(stream, {"roomUuid": "r", "cmd": cmd, "sequence": 7, "data": data})
    icon, words = sentence(event, names)
    assert icon in icons.NAMES
    return words.replace("\u2068", "").replace("\u2069", "")


class Lesson:
    """One room. Each event happens a second after the one before, unless a second is given."""

    def __init__(self):
        self.rows = Rows()
        self.sequences = dict.fromkeys(Stream, 0)
        self.second = 0

    def apply(self, cmd, data, *, stream=Stream.ROOM, second=None, approximate=False):
        """Project one event; return the keys of the rows that it changed."""
        self.second = self.second + 1 if second is None else second
        self.sequences[stream] += 1
        event = decode(
            stream, {"roomUuid": "r", "cmd": cmd, "sequence": self.sequences[stream], "data": data}
        )
        needs([event])
        self.rows.dirty.clear()
        project(event, EventTime(at(self.second), approximate), self.rows)
        return set(self.rows.dirty)

    def online(self, *people, **more):
        return self.apply(20, {"onlineUsers": list(people)}, **more)

    def offline(self, *people, **more):
        return self.apply(20, {"offlineUsers": list(people)}, **more)

    def enter(self, uuid, role=2, **more):
        return self.online(person(uuid, role, type=1), **more)

    def leave(self, uuid, role=2, **more):
        return self.offline(person(uuid, role, type=1), **more)

    def quiz(self, change, action=None, **more):
        data = {"changeProperties": change, "cause": {"action": action} if action else "", **more}
        return self.apply(4, data, stream=Stream.QUIZ)

    def poll(self, change, action=None, **more):
        data = {"changeProperties": change, "cause": {"action": action} if action else "", **more}
        return self.apply(4, data, stream=Stream.POLL)

    @property
    def room(self):
        return self.rows.room

    def who(self, uuid):
        return self.rows.participants[uuid]

    def stays(self, uuid):
        return [row for (user, _), row in sorted(self.rows.presences.items()) if user == uuid]

    def counts(self):
        room = self.rows.room
        return (room.people_online, room.teachers_online, room.students_online)
