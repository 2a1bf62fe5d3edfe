"""Count the figures of a random class from the state of the cloud, second by second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.reports.random_classes import EARLY_S, LATE_S, Moment, Planned

ENDLESS = 10**9


@dataclass(frozen=True)
class ClassSeconds:
    """The class time: seconds after the start of the world. `until` is now, or `end` if the class is over."""

    begin: int
    end: int
    until: int
    over: bool


def class_seconds(truth: dict[str, Any], each: Planned, now_s: int) -> ClassSeconds | None:
    """Return the class time, or None before the class begins."""
    if truth["startedAt"] is None:
        return None
    started = (truth["startedAt"] - each.start_ms) // 1000
    over = truth["endedAt"] is not None
    stopped = (truth["endedAt"] - each.start_ms) // 1000 if over else None
    begin, planned_end = max(started, each.start_s), each.start_s + each.length_s
    if stopped is not None and stopped <= each.start_s:
        begin = started  # over before it should have begun
    end = planned_end if stopped is None else min(planned_end, stopped)
    return None if begin > now_s else ClassSeconds(begin, end, end if over else min(end, now_s), over)


def attendance(
    rooms: Sequence[dict[str, Any]], each: Planned, ids: Sequence[str], time: ClassSeconds
) -> dict[str, Any]:
    """Return the attendance of a person. `rooms` are the class and its breakout rooms."""
    stays = [
        (
            (entered - each.start_ms) // 1000,
            ENDLESS if left is None else (left - each.start_ms) // 1000,
        )
        for room in rooms
        for user in room["users"]
        if user["userUuid"] in ids
        for entered, left, _how in user["presence"]
    ]
    begin, end, until = time.begin, time.end, time.until
    there = sorted({s for entered, left in stays for s in range(max(begin, entered), min(until, left))})
    if not there:
        return {"status": "absent", "present_s": 0}
    lasts = not time.over and until < end and any(left > until for entered, left in stays if entered < until)
    late, early = there[0] - begin, 0 if lasts else end - there[-1] - 1
    share = len(there) / (until - begin)
    status = {
        (True, True): "late_and_left_early",
        (True, False): "late",
        (False, True): "left_early",
        (False, False): "partly" if share < 0.5 else "present",
    }[late >= LATE_S, early >= EARLY_S]
    return {
        "status": status,
        "first_in": each.ms(there[0]),
        "last_out": None if lasts else each.ms(there[-1] + 1),
        "present_s": len(there),
        "share": share,
        "late_s": late,
        "left_early_s": early,
        "reconnects": sum(later > sooner + 1 for sooner, later in pairwise(there)),
    }


def participation(
    rooms: Sequence[dict[str, Any]], moments: Sequence[Moment], ids: Sequence[str], time: ClassSeconds
) -> dict[str, int]:
    """Return what a person did. Durations are in seconds of class time."""
    questions = [one for room in rooms for kind in ("quizzes", "polls") for one in room[kind]]
    quizzes = [one for room in rooms for one in room["quizzes"]]
    raised = 0
    for before, after in pairwise([None, *moments]):
        known = before.hands if before else frozenset()
        raised += sum(user_uuid in ids for _room, user_uuid in after.hands - known)
    return {
        "chat": sum(one["fromUser"]["userUuid"] in ids for room in rooms for one in room["chat"]),
        "hands": raised,
        "stage_s": seconds(moments, time, lambda one: any(user in one.stage for user in ids)),
        "camera_s": seconds(moments, time, lambda one: any(user in one.cameras for user in ids)),
        "hand_s": seconds(moments, time, lambda one: any(user in ids for _room, user in one.hands)),
        "answers": sum(user_uuid in ids for one in questions for user_uuid in one["answers"]),
        "correct": sum(
            user_uuid in ids and sorted(chosen) == sorted(quiz["correct"])
            for quiz in quizzes
            for user_uuid, chosen in quiz["answers"].items()
        ),
        "rewards": sum(
            user["rewards"] for room in rooms for user in room["users"] if user["userUuid"] in ids
        ),
    }


def seconds(moments: Sequence[Moment], time: ClassSeconds, holds: Callable[[Moment], bool]) -> int:
    """Return for how many seconds of class time something was so."""
    total = 0
    for one, following in pairwise([*moments, None]):
        stop = time.until if following is None else following.at_s
        if one is not None and holds(one):
            total += max(0, min(stop, time.until) - max(one.at_s, time.begin))
    return total
