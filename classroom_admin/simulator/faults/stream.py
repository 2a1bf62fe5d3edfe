"""Faults of the polling stream, which delivers each event once."""

from classroom_admin.simulator.faults.board import FaultBoard, Plan
from classroom_admin.simulator.world import World
from classroom_admin.simulator.world.events import Event, Handout

FOREIGN = "foreign"


def take_for_competing_reader(plan: Plan, world: World, *, limit: int) -> None:
    """Let a competing reader take some events first, if ``plan`` has one."""
    fault = plan.get("foreign_reader")
    if fault is not None:
        take_share(world, share=fault.number("share", 0.5), limit=limit)


def take_share(world: World, *, share: float, limit: int) -> int:
    """Let a competing reader take each of the next ``limit`` events with probability ``share``.

    Return how many events it took.
    """
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
    """Return the events for the response. If ``plan`` has such faults, repeat or reorder them."""
    shown = list(events)
    duplicate = plan.get("duplicate")
    if duplicate is not None:
        share = duplicate.number("share", 0.5)
        shown = [event for event in shown for _ in range(2 if board.draw() < share else 1)]
    if plan.get("reorder") is not None:
        board.shuffle(shown)
    return shown
