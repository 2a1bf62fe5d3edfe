"""Work that only one thread of a process does at a time."""

import threading

import pytest

from classroom_admin.common.one_thread import OneThread


def test_a_second_thread_does_not_wait_and_works_after_the_first_ended_or_failed() -> None:
    work, began, may_end, results = OneThread(), threading.Event(), threading.Event(), []

    def slow() -> str:
        began.set()
        assert may_end.wait(60)
        return "slow"

    first = threading.Thread(target=lambda: results.append(work.run(slow)))
    first.start()
    assert began.wait(60)
    assert work.run(lambda: "not called") is None
    may_end.set()
    first.join(60)
    assert results == ["slow"]
    with pytest.raises(ZeroDivisionError):
        work.run(lambda: 1 / 0)
    assert work.run(lambda: "free again") == "free again"
