"""Measure retention in a large school: the preview, a whole run, and how long each part holds the write lock.

    .venv/bin/python bench/retention.py [--events 1000000] [--classes 5000] [--old 0.1]

A part of the classes (`--old`) is old enough. A tenth of the events are chat messages. The script uses
SQLite in a temporary folder. It exits with 1 if the preview takes longer than 3 s, or a part longer than
100 ms (p99).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]
PREVIEW_GOAL_S = 3.0
PART_GOAL_MS = 100.0


def make_rows(events: int, classes: int, old: float) -> None:
    """Store classes with events, of which every tenth is a chat message with a row."""
    from classroom_admin.common import clock
    from classroom_admin.rooms.models import ChatMessage, Room
    from classroom_admin.sync.models import StoredEvent

    now = clock.now()
    each = events // classes
    for number in range(classes):
        at = now - timedelta(days=400 if number < classes * old else 10)
        room = Room.objects.create(
            room_uuid=f"r{number}", state=3, started_at=at, ended_at=at, last_event_at=at, gone_at=at
        )
        rows, messages = [], []
        for sequence in range(1, each + 1):
            is_chat = sequence % 10 == 0
            data = {"fromUser": {"userUuid": f"u{sequence % 25}", "userName": "Ada", "role": 2}}
            data |= {"message": f"message {sequence}"} if is_chat else {"state": 1, "more": "x" * 200}
            event = {
                "roomUuid": room.room_uuid,
                "cmd": 3 if is_chat else 1,
                "sequence": sequence,
                "data": data,
            }
            rows.append(
                StoredEvent(
                    room=room, stream="room", sequence=sequence, cmd=event["cmd"], ts_ms=clock.to_ms(at),
                    received_at=at, raw=json.dumps(event, separators=(",", ":")),
                )
            )  # fmt: skip
            if is_chat:
                messages.append(
                    ChatMessage(
                        room=room, sequence=sequence, user_uuid="u", text=f"message {sequence}", sent_at=at
                    )
                )
        StoredEvent.objects.bulk_create(rows, batch_size=2000)
        ChatMessage.objects.bulk_create(messages, batch_size=2000)


def measure() -> bool:
    """Print the figures. Return whether all goals are met."""
    from classroom_admin.privacy import recorder, retention

    begun = time.perf_counter()
    found = retention.preview()
    preview_s = time.perf_counter() - begun
    print(
        f"preview: {preview_s:.2f} s, "
        + ", ".join(f"{kind}: {one.rows}" for kind, one in found.items() if one.rows)
    )
    parts: list[float] = []
    whole = recorder.Recorder.part

    def timed(self: recorder.Recorder):  # type: ignore[no-untyped-def]
        return Timed(whole(self), parts)

    recorder.Recorder.part = timed  # type: ignore[method-assign]
    begun = time.perf_counter()
    retention.work(retention.begin())
    run_s = time.perf_counter() - begun
    parts.sort()
    p99 = parts[int(len(parts) * 0.99)]
    print(
        f"run: {run_s:.1f} s in {len(parts)} parts; the median part takes {statistics.median(parts):.1f} ms,"
    )
    print(f"     {p99:.1f} ms (p99), {parts[-1]:.1f} ms (longest)")
    return preview_s <= PREVIEW_GOAL_S and p99 <= PART_GOAL_MS


class Timed:
    """A context manager that adds how long (ms) another one took to a list."""

    def __init__(self, inner, parts) -> None:  # type: ignore[no-untyped-def]
        self.inner, self.parts = inner, parts

    def __enter__(self):  # type: ignore[no-untyped-def]
        self.begun = time.perf_counter()
        return self.inner.__enter__()

    def __exit__(self, *error):  # type: ignore[no-untyped-def]
        try:
            return self.inner.__exit__(*error)
        finally:
            self.parts.append((time.perf_counter() - self.begun) * 1000)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--classes", type=int, default=5_000)
    parser.add_argument("--old", type=float, default=0.1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_DIR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "classroom_admin.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        make_rows(chosen.events, chosen.classes, chosen.old)
        return 0 if measure() else 1


if __name__ == "__main__":
    sys.exit(main())
