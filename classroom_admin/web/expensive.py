"""Limit how many expensive pages are made at the same time in a process, for each person and in total."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Final
from weakref import finalize

from django.http import HttpResponseBase
from django.shortcuts import render

from classroom_admin.web.access import Arguments, AuthenticatedHttpRequest, AuthenticatedView

RETRY_AFTER_S: Final = 10


class Busy(Exception):
    """The error if the turn of a person does not come within the time limit."""


@dataclass(slots=True)
class Limit:
    """At most `per_person` uses of each person and `in_total` uses at the same time.

    Further uses wait for up to `wait_s` seconds.
    """

    per_person: int
    in_total: int
    wait_s: float = 10.0
    _people: Counter[int] = field(default_factory=Counter)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def begin(self, user_id: int) -> Callable[[], None]:
        """Wait for a turn. Return a function that ends it, which may be called several times.

        Raise ``Busy`` if there is no turn in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._has_room(user_id), self.wait_s):
                raise Busy
            self._people[user_id] += 1
        is_over = False

        def end() -> None:
            nonlocal is_over
            with self._changed:
                if not is_over:
                    is_over = True
                    self._people[user_id] -= 1
                    if not self._people[user_id]:
                        del self._people[user_id]
                    self._changed.notify_all()

        return end

    def _has_room(self, user_id: int) -> bool:
        return self._people[user_id] < self.per_person and self._people.total() < self.in_total


SEARCHES: Final = Limit(per_person=2, in_total=8)
REPLAYS: Final = Limit(per_person=2, in_total=4)
EXPORTS: Final = Limit(per_person=2, in_total=6)


def limited(limit: Limit) -> Callable[[AuthenticatedView[Arguments]], AuthenticatedView[Arguments]]:
    """Decorate a view so that it runs within `limit`."""

    def decorate(view: AuthenticatedView[Arguments]) -> AuthenticatedView[Arguments]:
        @wraps(view)
        def waiting(
            request: AuthenticatedHttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs
        ) -> HttpResponseBase:
            return within(limit, request, lambda: view(request, *args, **kwargs))

        return waiting

    return decorate


def within(
    limit: Limit, request: AuthenticatedHttpRequest, make: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """Return the answer that `make` makes in a turn of the person. If the turn comes too late, answer 429.

    The turn of a streamed answer ends when the answer is closed.
    """
    try:
        end = limit.begin(request.user.pk)
    except Busy:
        answer = render(request, "shared/busy.html", status=429)
        answer["Retry-After"] = str(RETRY_AFTER_S)
        return answer
    is_streamed = False
    try:
        made = make()
        is_streamed = made.streaming
    finally:
        if not is_streamed:
            end()
    if is_streamed:
        _end_with(made, end)
    return made


def _end_with(answer: HttpResponseBase, end: Callable[[], None]) -> None:
    answer._resource_closers.append(end)  # type: ignore[attr-defined]  # what `close` calls
    finalize(answer, end)  # an answer that was never sent is not closed
