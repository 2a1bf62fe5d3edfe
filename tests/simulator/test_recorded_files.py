"""The files of recordings that the simulator serves."""

from __future__ import annotations

import struct
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.simulator.video import mp4, transport_stream


@pytest.fixture
def cloud() -> Iterator[RunningSimulator]:
    with running_simulator(plain=True, stepped=True) as simulator:
        simulator.make_room("class", state=1)
        yield simulator


def record(sim: RunningSimulator, seconds: int, mode: str = "web") -> dict[str, object]:
    sim.room("class", "record", state=1, mode=mode)
    sim.step(seconds * 1000)
    sim.room("class", "record", state=0)
    sim.step(10_000)
    row: dict[str, object] = sim.control("GET", "/rooms/class")["recordings"][-1]
    return row


def get(url: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): v for name, v in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)


def boxes(content: bytes) -> dict[bytes, bytes]:
    """Return the boxes of an MP4 file at one level by their kind."""
    found, at = {}, 0
    while at < len(content):
        size, kind = struct.unpack(">I4s", content[at : at + 8])
        found[kind] = content[at + 8 : at + size]
        at += size
    assert at == len(content)
    return found


def test_mp4_is_as_long_as_the_recording_without_its_pauses(cloud: RunningSimulator) -> None:
    cloud.room("class", "record", state=1)
    cloud.step(30_000)
    cloud.room("class", "record", onhold=True)
    cloud.step(60_000)
    cloud.room("class", "record", onhold=False)
    cloud.step(15_000)
    cloud.room("class", "record", state=0)
    cloud.step(10_000)
    row = cloud.control("GET", "/rooms/class")["recordings"][-1]
    status, content, headers = get(row["recordDetails"][0]["url"])
    assert (status, headers["content-type"]) == (200, "video/mp4")
    top = boxes(content)
    assert list(top) == [b"ftyp", b"moov", b"mdat"]
    timescale, lasts = struct.unpack(">II", boxes(top[b"moov"])[b"mvhd"][12:20])
    assert lasts / timescale == 45


def test_sample_table_points_at_the_pictures() -> None:
    content = mp4.mp4_file(0, 65)
    trak = boxes(boxes(boxes(content)[b"moov"])[b"trak"])
    table = boxes(boxes(boxes(trak[b"mdia"])[b"minf"])[b"stbl"])
    places = struct.unpack(">65I", table[b"stco"][8:])
    sizes = struct.unpack(">65I", table[b"stsz"][12:])
    kinds = []
    for place, size in zip(places, sizes, strict=True):
        assert struct.unpack(">I", content[place : place + 4])[0] == size - 4
        kinds.append(content[place + 4] & 0x1F)
    assert [number for number, kind in enumerate(kinds) if kind == 5] == [0, 30, 60]
    assert places[-1] + sizes[-1] == len(content)


def test_ranges_of_a_file(cloud: RunningSimulator) -> None:
    url = record(cloud, 60)["recordDetails"][0]["url"]  # type: ignore[index]
    _status, content, headers = get(url)
    part = get(url, Range="bytes=10-19")
    assert (part[0], part[1]) == (206, content[10:20])
    assert part[2]["content-range"] == f"bytes 10-19/{len(content)}"
    assert get(url, Range="bytes=-5")[1] == content[-5:]
    assert get(url, Range=f"bytes={len(content)}-")[0] == 416
    assert get(url, Range="bytes=0-1", If_Range='"old"')[0] == 200
    assert get(url, Range="bytes=0-1", If_Range=headers["etag"])[0] == 206


def test_playlist_has_segments(cloud: RunningSimulator) -> None:
    url = str(record(cloud, 70, mode="composite")["url"])
    _status, content, _headers = get(url)
    names = [line for line in content.decode().splitlines() if not line.startswith("#")]
    assert names == ["class_0.ts", "class_1.ts", "class_2.ts"]
    for number, name in enumerate(names):
        status, segment, _headers = get(f"{url.rpartition('/')[0]}/{name}")
        assert status == 200
        assert segment == transport_stream.segment(number, 70)
        assert {segment[at] for at in range(0, len(segment), 188)} == {0x47}
    assert get(f"{url.rpartition('/')[0]}/class_3.ts")[0] == 404


def test_files_can_be_deleted_and_survive_their_class(cloud: RunningSimulator) -> None:
    url = record(cloud, 60)["recordDetails"][0]["url"]  # type: ignore[index]
    assert get(url.replace("class_0", "class_1"))[0] == 404
    cloud.room("class", "record", deleted=True)
    assert get(url)[0] == 404
    assert get(f"{cloud.base_url}/recorded/nothing/class_0.mp4")[0] == 404
    second = record(cloud, 60)["recordDetails"][0]["url"]  # type: ignore[index]
    cloud.room("class", "destroy")
    assert get(second)[0] == 200
