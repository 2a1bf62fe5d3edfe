"""Why a class needs a person: what is known of it in, reasons in their order out. Pure.

Each possible reason is first stated with the moment from which it shows and the one at which it stops. So
the same answer tells what stands now and when it changes by time alone (`Standing.due`).

All times are by the cloud's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from classroom_admin.rooms.models import Recording, RoomState
from classroom_admin.web.wording import COMMANDS

NO_TEACHER: Final = "no_teacher"
ALONE: Final = "alone"
HAND: Final = "hand"
RECORDING: Final = "recording"
OVER_TIME: Final = "over_time"
DATA: Final = "data"
CLOUD: Final = "cloud"
KINDS: Final = (NO_TEACHER, ALONE, HAND, RECORDING, OVER_TIME, DATA, CLOUD)
"""The most pressing first."""
# what the colour repeats: bad where each minute counts
BAD: Final = (NO_TEACHER, ALONE, RECORDING, CLOUD)
ICONS: Final = {
    NO_TEACHER: "graduation-cap",
    ALONE: "users",
    HAND: "hand",
    RECORDING: "circle-dot",
    OVER_TIME: "timer",
    DATA: "unplug",
    CLOUD: "triangle-alert",
}
FAILED: Final = "failed"
STOPPED: Final = "stopped"
NEVER: Final = "never"
BEHIND: Final = "behind"
# The cloud says that it is so already: nothing that anybody has to look after.
HARMLESS: Final = (
    "ClassAlreadyStarted",
    "ClassAlreadyEnded",
    "RecordingNotStarted",
    "RecordingNotEnded",
    "UserNotFound",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From when on something needs a person (docs/running.md). `record_all`: each class is to be recorded."""

    no_teacher: timedelta = timedelta(minutes=2)
    alone: timedelta = timedelta(minutes=2)
    hand: timedelta = timedelta(minutes=2)
    recording: timedelta = timedelta(minutes=1)
    over: timedelta = timedelta(minutes=5)
    stale: timedelta = timedelta(seconds=60)
    refused_for: timedelta = timedelta(minutes=15)
    record_all: bool = False


@dataclass(slots=True, kw_only=True)
class Facts:
    """What is known of one class.

    `teacher_left_at`: when the last teacher went, where none is there. `pupils_since`: when the first of the
    pupils who are there now came, where no teacher and no assistant is. `recording_at`: when the last
    recording ended (else began); `recording_failed`: it has no usable file. `stopped_at`: when somebody here
    last had a recording stopped. `gap_at`: when events were found that can no longer be had. `behind_at`:
    since when events are known of that are not here or not read. `refused_*`: the last command of this class,
    where the cloud refused it: when, what it was, the error, whether it may have been done all the same.
    `silent_since`: when the cloud last told about
    the class, where it refuses to.
    """

    state: int | None = None
    gone: bool = False
    started_at: datetime | None = None
    planned_end_at: datetime | None = None
    teachers: int = 0
    pupils: int = 0
    hands: int = 0
    teacher_left_at: datetime | None = None
    pupils_since: datetime | None = None
    assistant_there: bool = False
    oldest_hand_at: datetime | None = None
    recording_state: str = ""
    recording_at: datetime | None = None
    recording_failed: bool = False
    stopped_at: datetime | None = None
    gap_at: datetime | None = None
    behind_at: datetime | None = None
    refused_at: datetime | None = None
    refused_action: str = ""
    refused_error: str = ""
    refused_unsure: bool = False
    silent_since: datetime | None = None

    @property
    def runs(self) -> bool:
        return self.state == RoomState.STARTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Snoozed:
    """Somebody looks after it: `by` whom, since `at`, until `until` (for `whole`: until the class ends)."""

    kind: str
    at: datetime
    until: datetime
    by: str
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason that stands. `count`: how many it is about; `about`: what, where there are several cases;
    `unsure`: the cloud did not tell how it ended.
    """

    kind: str
    since: datetime
    count: int = 0
    about: str = ""
    unsure: bool = False
    snoozed: Snoozed | None = None

    @property
    def rank(self) -> int:
        """0: the most pressing."""
        return KINDS.index(self.kind)

    @property
    def icon(self) -> str:
        return ICONS[self.kind]

    @property
    def look(self) -> str:
        return "bad" if self.kind in BAD else "warn"

    @property
    def words(self) -> str:
        """In words; its age stands behind them."""
        return _WORDS[self.kind](self)


@dataclass(slots=True, kw_only=True)
class Possible:
    """A reason that shows from `shows_from` on, until `shows_until` (None: until something else changes)."""

    reason: Reason
    shows_from: datetime
    shows_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What holds for a class at one moment: `reasons` that need a person, those `snoozed`, and `due`, when
    that next changes although nothing happens (None: never).
    """

    reasons: tuple[Reason, ...] = ()
    snoozed: tuple[Reason, ...] = ()
    due: datetime | None = field(default=None, compare=False)

    @property
    def shown(self) -> tuple[str, ...]:
        """The kinds that the tile tells of, resting ones too: its marks need not say them again."""
        return tuple(reason.kind for reason in (*self.reasons, *self.snoozed))

    @property
    def kinds(self) -> str:
        """The kinds of the reasons, for the browser to notice new ones."""
        return " ".join(reason.kind for reason in self.reasons)

    @property
    def order(self) -> str:
        """The place among the classes as text that sorts: most pressing first, the oldest first within; who
        needs nobody comes last.
        """
        if not self.reasons:
            return "9"
        first = self.reasons[0]
        return f"{first.rank}{int(first.since.timestamp()):012d}"


def standing(
    facts: Facts, *, now: datetime, thresholds: Thresholds, snoozes: Iterable[Snoozed] = ()
) -> Standing:
    """What needs a person at `now`, the most pressing first."""
    by_kind = {snooze.kind: snooze for snooze in snoozes}
    stands: list[Reason] = []
    changes: list[datetime] = []
    for possible in possibilities(facts, thresholds):
        changes += [at for at in (possible.shows_from, possible.shows_until) if at is not None]
        if not _shows(possible, now):
            continue
        reason = possible.reason
        snooze = by_kind.get(reason.kind)
        if snooze is not None and _covers(snooze, reason, now):
            changes.append(snooze.until)
            reason = replace(reason, snoozed=snooze)
        stands.append(reason)
    stands.sort(key=lambda reason: (reason.rank, reason.since))
    return Standing(
        reasons=tuple(reason for reason in stands if reason.snoozed is None),
        snoozed=tuple(reason for reason in stands if reason.snoozed is not None),
        due=min((at for at in changes if at > now), default=None),
    )


def possibilities(facts: Facts, thresholds: Thresholds) -> Iterator[Possible]:
    """Every reason that stands or will stand if nothing else happens."""
    if facts.gone or facts.state == RoomState.CLOSED:
        return
    yield from _people(facts, thresholds)
    yield from _recording(facts, thresholds)
    if facts.runs and facts.planned_end_at is not None:
        yield _from(OVER_TIME, facts.planned_end_at, thresholds.over)
    if facts.behind_at is not None:
        yield _from(DATA, facts.behind_at, thresholds.stale, about=BEHIND)
    elif facts.gap_at is not None:
        yield _from(DATA, facts.gap_at)
    yield from _cloud(facts, thresholds)


def _people(facts: Facts, thresholds: Thresholds) -> Iterator[Possible]:
    if facts.runs and not facts.teachers and facts.started_at is not None:
        yield _from(NO_TEACHER, _later(facts.started_at, facts.teacher_left_at), thresholds.no_teacher)
    begun = facts.state in (None, RoomState.NOT_STARTED, RoomState.STARTED)
    if begun and facts.pupils and not facts.teachers and not facts.assistant_there and facts.pupils_since:
        since = _later(facts.pupils_since, facts.teacher_left_at)
        yield _from(ALONE, since, thresholds.alone, count=facts.pupils)
    if facts.hands and facts.oldest_hand_at is not None and facts.state != RoomState.ENDED:
        yield _from(HAND, facts.oldest_hand_at, thresholds.hand, count=facts.hands)


def _recording(facts: Facts, thresholds: Thresholds) -> Iterator[Possible]:
    """A recording that should run and doesn't: it failed, it ended by itself while the class goes on, or
    every class is to be recorded and this one is not.
    """
    if not facts.runs or facts.recording_state == Recording.State.RECORDING:
        return
    at = facts.recording_at or facts.started_at
    if at is None:
        return
    if facts.recording_failed:
        yield _from(RECORDING, at, about=FAILED)
    elif facts.recording_state == Recording.State.ENDED:
        # Somebody here stopped it: it should not run. Its end is told a moment after the command.
        meant = facts.stopped_at is not None and facts.stopped_at >= at - timedelta(minutes=1)
        if not meant or thresholds.record_all:
            yield _from(RECORDING, at, thresholds.recording, about=STOPPED)
    elif thresholds.record_all and facts.started_at is not None:
        yield _from(RECORDING, facts.started_at, thresholds.recording, about=NEVER)


def _cloud(facts: Facts, thresholds: Thresholds) -> Iterator[Possible]:
    if facts.refused_at is not None and facts.refused_error not in HARMLESS:
        yield Possible(
            reason=Reason(
                kind=CLOUD,
                since=facts.refused_at,
                about=facts.refused_action,
                unsure=facts.refused_unsure,
            ),
            shows_from=facts.refused_at,
            shows_until=facts.refused_at + thresholds.refused_for,
        )
    elif facts.silent_since is not None:
        yield _from(CLOUD, facts.silent_since)


def _from(
    kind: str, since: datetime, after: timedelta = timedelta(0), *, count: int = 0, about: str = ""
) -> Possible:
    return Possible(reason=Reason(kind=kind, since=since, count=count, about=about), shows_from=since + after)


def _shows(possible: Possible, now: datetime) -> bool:
    return possible.shows_from <= now and (possible.shows_until is None or now < possible.shows_until)


def _covers(snooze: Snoozed, reason: Reason, now: datetime) -> bool:
    """Whether the snooze is about this occurrence: what began after it is something new."""
    return reason.since <= snooze.at and now < snooze.until


def _later(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else max(one, other)


def _hands(reason: Reason) -> str:
    words = ngettext("%(count)d raised hand", "%(count)d raised hands, longest wait", reason.count)
    return words % {"count": reason.count}


def _alone(reason: Reason) -> str:
    words = ngettext(
        "%(count)d student without a teacher", "%(count)d students without a teacher", reason.count
    )
    return words % {"count": reason.count}


def _recording_words(reason: Reason) -> str:
    if reason.about == FAILED:
        return _("Recording failed")
    return _("Recording stopped") if reason.about == STOPPED else _("Not recording")


def _cloud_words(reason: Reason) -> str:
    if not reason.about:
        return _("The cloud sends no updates about this class")
    command = {"command": COMMANDS.get(reason.about, reason.about)}
    if reason.unsure:
        return _("Outcome unknown: %(command)s") % command
    return _("Refused by the cloud: %(command)s") % command


_WORDS: Final = {
    NO_TEACHER: lambda reason: _("No teacher present"),
    ALONE: _alone,
    HAND: _hands,
    RECORDING: _recording_words,
    OVER_TIME: lambda reason: _("Overtime"),
    DATA: lambda reason: _("Events are delayed") if reason.about == BEHIND else _("Events missing"),
    CLOUD: _cloud_words,
}
