"""Faults of the stream that hands each event out once."""

from classroom_admin.simulator.faults.board import FaultBoard
from classroom_admin.simulator.faults.plan import Plan
from classroom_admin.simulator.world import World
from classroom_admin.simulator.world.events import Event, Handout

FOREIGN = "foreign"


def foreign_reader(plan: Plan, world: World, *, limit: int) -> None:
    """Somebody else with the same App ID took part of what this answer would have held."""
    trouble = plan.get("foreign_reader")
    if trouble is not None:
        take_share(world, share=trouble.number("share", 0.5), limit=limit)


def take_share(world: World, *, share: float, limit: int) -> int:
    """Let a foreign reader take events off the front of the stream, each with probability ``share``; how
    many it took."""
    front = [world.queue.popleft() for _ in range(min(limit, len(world.queue)))]
    kept: list[Event] = []
    for event in front:
        if event.withheld is None and world.foreign_reads.random() < share:
            event.hand_out(Handout(FOREIGN, world.now, "", "foreign"))
        else:
            kept.append(event)
    world.queue.extendleft(reversed(kept))
    return len(front) - len(kept)


def disturb(plan: Plan, board: FaultBoard, events: list[Event]) -> list[Event]:
    """The events as the answer shows them: some twice, or out of order."""
    shown = list(events)
    duplicate = plan.get("duplicate")
    if duplicate is not None:
        share = duplicate.number("share", 0.5)
        shown = [event for event in shown for _ in range(2 if board.draw() < share else 1)]
    if plan.get("reorder") is not None:
        board.shuffle(shown)
    return shown
