"""Progress and pages of a conversion, for any data from the cloud."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.rooms.conversion import Progress, origins, pages, progress


def row(src: object, preview: object = None, **more: object) -> dict[str, object]:
    return {"name": "1", "ppt": {"width": 1280, "height": 720, "src": src, "preview": preview}, **more}


def task(*rows: object) -> dict[str, object]:
    return {"taskProgress": {"convertedFileList": list(rows)}}


def test_progress_counts_pages():
    assert progress(percent=25, done=3, total="12", step="Packaging") == Progress(
        percent=25, done=3, total=12, step="Packaging"
    )
    assert progress(percent=None, done=1, total=2) is None
    assert progress(percent=100).is_over


@pytest.mark.parametrize("odd", [None, "", "many", -1, 1e99, [], {}, True, 10**9])
def test_invalid_numbers_are_unknown(odd: object):
    found = progress(percent=140, done=odd, total=odd, step=odd)
    assert (found.percent, found.step) == (100, "")
    assert found.total is None


def test_done_pages_never_exceed_the_total():
    assert progress(percent=50, done=9, total=4).done == 4


def test_small_pictures_are_preferred():
    found = pages(task(row("https://a.test/1.png", "https://b.test/1_s.png"), row("https://a.test/2.png")))
    assert [page.picture for page in found] == ["https://b.test/1_s.png", "https://a.test/2.png"]
    assert (found[0].width, found[0].height) == (1280, 720)
    assert origins(found) == ["https://b.test", "https://a.test"]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:image/svg+xml,<svg/>",
        "pptx://cdn.test/dynamic/1.slide",
        "//cdn.test/1.png",
        "https:///1.png",
        "https://a.test;script-src *",
        "https://a.test%20*/1.png",
        "https://*/1.png",
        "https://a.test:99999/1.png",
        "https://[::1/1.png",
        "https://a_b'.test/1.png",
        "https://" + "a" * 3000,
        7,
        None,
    ],
)
def test_unsafe_picture_addresses_are_skipped(url: object):
    assert pages(task(row(url))) == []


@pytest.mark.parametrize(
    "odd", [None, [], {}, {"taskProgress": 3}, {"taskProgress": {"convertedFileList": "x"}}]
)
def test_invalid_tasks_have_no_pages(odd: object):
    assert pages(odd) == []
    assert pages(task(3, None, {"ppt": 5})) == []


def test_ports_and_case_in_origins():
    assert origins(pages(task(row("http://127.0.0.1:8900/1.png")))) == ["http://127.0.0.1:8900"]
    assert origins(pages(task(row("https://CDN.test/a"), row("https://cdn.test/b")))) == ["https://cdn.test"]


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["taskProgress", "convertedFileList", "ppt", "src", "preview", "width"]),
                inner,
            )
        ),
    )
)
def test_never_fails(anything: object):
    for page in pages(anything):
        assert page.picture.startswith(("http://", "https://"))
