"""Return events, once from the polling stream or repeatedly from the other endpoints."""

from classroom_admin.simulator.api.call import Call, RawJson
from classroom_admin.simulator.api.router import router
from classroom_admin.simulator.faults import stream as stream_faults
from classroom_admin.simulator.world.events import PAGE, Event, EventLog
from classroom_admin.simulator.world.model import POLL_STREAM, QUIZ_STREAM, ROOM_STREAM, Room


def batch(call: Call, room: Room, stream: str, *, count: int, cmd: int | None = None) -> RawJson:
    """Return a page of the events of one stream of a room."""
    log = room.logs.get(stream) or EventLog()
    events, following = log.page(first=call.next_id(), count=count, cmd=cmd)
    total = len(log) if cmd is None else sum(event.cmd == cmd for event in log)
    next_id = b"null" if following is None else b'"%d"' % following
    rows = b",".join([event.raw for event in events])
    return RawJson(b'{"total":%d,"count":%d,"list":[%b],"nextId":%b}' % (total, len(events), rows, next_id))


@router.add("GET", "/v2/rooms/{room}/sequences", "room_events")
def room_events(call: Call) -> RawJson:
    """Return up to 100 events of a room. ``nextId`` is the sequence number of the first."""
    cmd = call.query_integer("cmd", low=0, high=2**31 - 1)
    return batch(call, call.room(), ROOM_STREAM, count=PAGE, cmd=cmd)


@router.add("GET", "/v1/rooms/{room}/sequences", "client_events", region="optional", scene=True)
def client_events(call: Call) -> RawJson:
    """Return a page of the events that a classroom client has missed."""
    count = call.query_integer("count", low=1, high=1000) or PAGE
    return batch(call, call.room(), ROOM_STREAM, count=count)


@router.add("GET", "/v2/rooms/{room}/widgets/popupQuiz/sequences", "quiz_events", region="optional")
def quiz_events(call: Call) -> RawJson:
    count = call.query_integer("count", low=1, high=1000) or PAGE
    return batch(call, call.room(), QUIZ_STREAM, count=count)


@router.add("GET", "/v2/rooms/{room}/widgets/poll/sequences", "poll_events", region="optional")
def poll_events(call: Call) -> RawJson:
    """Return a page of events about the polls (questions to students) in a room."""
    count = call.query_integer("count", low=1, high=1000) or PAGE
    return batch(call, call.room(), POLL_STREAM, count=count)


@router.add("GET", "/v2/rooms/sequences", "poll", polling=True)
def poll(call: Call) -> RawJson:
    """Return new events of all rooms. Each event is delivered only once."""
    stream_faults.take_for_competing_reader(call.plan, call.world, limit=call.poll_batch)
    call.taken = call.world.hand_out(limit=call.poll_batch, reader=call.uid, request_id=call.request_id)
    shown: list[Event] = stream_faults.disturb(call.plan, call.board, call.taken)
    return RawJson(b"[%b]" % b",".join([event.raw for event in shown]))
