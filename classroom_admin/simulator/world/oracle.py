"""Report the complete state of a world, so that tests can compare it with the data of a client."""

import bisect
from typing import Any

from classroom_admin.simulator.world import agora_chat, media, recordings, resources
from classroom_admin.simulator.world.events import Event
from classroom_admin.simulator.world.model import STREAMS, Countdown, KickingRule, Question, Room, User
from classroom_admin.simulator.world.world import World


def report(
    world: World,
    *,
    room: str | None = None,
    with_events: bool = True,
    after: int = 0,
    limit: int | None = None,
) -> dict[str, Any]:
    """Return all rooms, and at most ``limit`` events with ids above ``after``. Include destroyed rooms."""
    chosen = [found for found in world.all_rooms() if room is None or found.uuid == room]
    answer: dict[str, Any] = {
        "now": world.now,
        "seed": world.seed,
        "emitted": world.emitted,
        "waiting": waiting(world),
        "rooms": [room_truth(world, found) for found in chosen],
        "peerMessages": list(world.peer_messages),
        "kickingRules": [_kicking_rule(rule) for rule in world.kicking_rules.values()],
    }
    if with_events:
        later = world.events[bisect.bisect_right(world.events, after, key=lambda event: event.id) :]
        events = later if room is None else [event for event in later if event.room_uuid == room]
        answer["events"] = [event_truth(event) for event in events[:limit]]
    return answer


def waiting(world: World) -> int:
    """Return the number of events that polling has not delivered yet."""
    return sum(event.withheld is None for event in world.queue)


def event_truth(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "roomUuid": event.room_uuid,
        "stream": event.stream,
        "sequence": event.sequence,
        "cmd": event.cmd,
        "at": event.at_ms,
        "raw": event.raw.decode("utf-8", "replace"),
        "withheld": event.withheld,
        "handedOut": [
            {"to": h.reader, "at": h.at_ms, "request": h.request_id, "outcome": h.outcome}
            for h in event.handouts or ()
        ],
    }


def room_truth(world: World, room: Room) -> dict[str, Any]:
    return {
        "roomUuid": room.uuid,
        "roomName": room.name,
        "roomType": room.type,
        "state": int(room.state),
        "createdAt": room.created_ms,
        "startedAt": room.started_ms,
        "endedAt": room.ended_ms,
        "closedAt": room.closed_ms,
        "destroyedAt": room.destroyed_ms,
        "muteChat": room.mute_chat,
        "last": {stream: room.logs[stream].last for stream in STREAMS},
        "users": [user_truth(world, room, user) for user in room.users.values()],
        "stage": list(room.stage),
        "hands": list(room.hands),
        "properties": room.properties,
        "extApps": room.ext_apps,
        "groups": room.groups,
        "chat": room.chat,
        "agoraChat": agora_chat.truth(world, room),
        "announcements": room.announcements,
        "messages": [row for row in world.peer_messages if row["toUserUuid"] in room.users],
        "conversations": room.conversations,
        "invitations": list(room.invitations),
        "takesHands": room.takes_hands,
        "screen": room.screen,
        "carousel": room.carousel,
        "expandedScope": room.expanded_scope,
        "widgets": room.widgets,
        "countdowns": [_countdown(countdown) for countdown in room.countdowns.values()],
        "parent": room.parent,
        "recordings": [
            recordings.describe(world, room, row)
            | {"mode": row.mode, "onHold": row.on_hold, "holds": row.holds, "config": row.config}
            for row in room.recordings
        ],
        "resources": [resources.describe(resource) for resource in room.resources.values()],
        "quizzes": [_question(question) for question in room.quizzes.values()],
        "polls": [_question(question) for question in room.polls.values()],
    }


def user_truth(world: World, room: Room, user: User) -> dict[str, Any]:
    """Return a user's state. In ``presence``, each stay is [entered, left or null, how]."""
    return {
        "userUuid": user.uuid,
        "userName": user.name,
        "role": user.role,
        "online": user.online,
        "onStage": user.uuid in room.stage,
        "handRaised": user.uuid in room.hands,
        "muteChat": user.mute_chat,
        "rewards": user.rewards,
        "bannedUntil": user.banned_until,
        "isBanned": user.is_banned(world.now),
        "properties": user.properties,
        "streams": media.rows(world, user),
        "presence": [[stay.entered_ms, stay.left_ms, stay.how] for stay in user.presence],
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "id": question.uuid,
        "starter": question.starter,
        "items": question.items,
        "correct": question.correct,
        "mode": question.mode,
        "running": question.running,
        "startedAt": question.started_ms,
        "endedAt": question.ended_ms,
        "answers": question.answers,
        "answeredAt": question.answered_ms,
    }


def _countdown(countdown: Countdown) -> dict[str, Any]:
    return {
        "id": countdown.uuid,
        "state": countdown.state,
        "duration": countdown.duration_s,
        "leftMs": countdown.left_ms,
        "since": countdown.since_ms,
    }


def _kicking_rule(rule: KickingRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "cname": rule.channel,
        "uid": rule.uid,
        "privileges": list(rule.privileges),
        "until": rule.until_ms,
    }
