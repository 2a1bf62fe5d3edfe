"""Recordings whose files a simulated cloud really serves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from classroom_admin.common import clock
from classroom_admin.rooms.models import Recording, Room
from classroom_admin.simulator.testing import RunningSimulator


@dataclass
class Recorder:
    """A simulated cloud with a stepped clock, which makes recordings for rooms of the dashboard."""

    sim: RunningSimulator

    def record(self, room: Room, *, seconds: int = 60, mode: str = "web", **columns: Any) -> Recording:
        """Record for some seconds in the cloud. Return the recording as the sync would have stored it."""
        uuid = f"cloud {room.pk}"
        if not any(one["roomUuid"] == uuid for one in self.sim.control("GET", "/rooms")["rooms"]):
            self.sim.make_room(uuid, state=1)
        self.sim.room(uuid, "record", state=1, mode=mode)
        self.sim.step(seconds * 1000)
        self.sim.room(uuid, "record", state=0)
        self.sim.step(10_000)
        row = self.truth(uuid)
        urls = [detail["url"] for detail in row["recordDetails"]] or [row["url"]]
        ended = columns.pop("ended_at", clock.cloud_now())
        return Recording.objects.create(
            room=room,
            record_id=row["recordId"],
            version=1,
            state=Recording.State.ENDED,
            mode=mode,
            started_at=ended - timedelta(seconds=seconds),
            ended_at=ended,
            file_urls=urls,
            **columns,
        )

    def truth(self, uuid: str) -> dict[str, Any]:
        """Return the last recording of a room as the cloud lists it."""
        found = self.sim.control("GET", f"/rooms/{uuid.replace(' ', '%20')}")
        row: dict[str, Any] = found["recordings"][-1]
        return row

    def delete_files(self, room: Room) -> None:
        """Delete the files of the room's last recording in the cloud."""
        self.sim.room(f"cloud {room.pk}", "record", deleted=True)


def body_of(response: Any) -> bytes:
    """Return the whole body of a response, which may be sent in pieces."""
    if not response.streaming:
        return bytes(response.content)

    async def collect() -> bytes:
        return b"".join([piece async for piece in response.streaming_content])

    return asyncio.run(collect()) if response.is_async else b"".join(response)
