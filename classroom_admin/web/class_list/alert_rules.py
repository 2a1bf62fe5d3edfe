"""Compute the alerts of a class from the facts about the class. All functions are pure and use cloud times.

The rules compute the period in which each possible alert is shown. The periods determine which alerts are
shown now, and when the alerts change next without an event (`Alerts.due`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from classroom_admin.audit.actions import COMMANDS
from classroom_admin.rooms.alert_kinds import (
    ALONE,
    BANNED,
    CLOUD,
    DATA,
    HAND,
    KINDS,
    NO_TEACHER,
    OVER_TIME,
    RECORDING,
    Thresholds,
)
from classroom_admin.rooms.bans import Readmitted
from classroom_admin.rooms.models import Recording, RoomState

# Only the tile shows these alerts, because the teacher of the class handles them.
QUIET: Final = (HAND,)
# These alerts have the tone "bad", because each minute counts.
BAD: Final = (NO_TEACHER, ALONE, BANNED, RECORDING, CLOUD)
ICONS: Final = {
    NO_TEACHER: "graduation-cap",
    ALONE: "users",
    BANNED: "ban",
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
# These errors of the cloud mean that the requested state is already reached, so nobody has to act.
HARMLESS: Final = (
    "ClassAlreadyStarted",
    "ClassAlreadyEnded",
    "RecordingNotStarted",
    "RecordingNotEnded",
    "UserNotFound",
)


@dataclass(slots=True, kw_only=True)
class AlertInput:
    """The facts about one class that the alert rules need.

    The attributes have the names of a room's columns and annotations.
    `teacher_left_at` is when the last teacher left. It is set only if no teacher is present.
    `students_since` is when the first of the present students joined. It is set under the same condition.
    `recording_at` is when the last recording ended, or when it started if it has no end.
    `recording_unready` means that the last recording has no usable file.
    `gap_at` is when the latest loss of events was detected.
    `behind_at` is the time since which known events have been missing or not projected.
    `refused_*` describe the last command if the cloud refused it: its time, action and error.
    `refused_unsure` means that the outcome of this command is unknown.
    `banned` describes the banned people who are present. It is None if there are none.
    `silent_since` is when the class was last read from the cloud. It is set only if reading fails now.
    """

    now_state: int | None = None
    gone_at: datetime | None = None
    started_at: datetime | None = None
    planned_end_at: datetime | None = None
    teachers_online: int = 0
    students_online: int = 0
    hands_raised: int = 0
    teacher_left_at: datetime | None = None
    students_since: datetime | None = None
    assistant_present: bool = False
    oldest_hand_at: datetime | None = None
    recording_state: str = ""
    recording_at: datetime | None = None
    recording_unready: bool = False
    gap_at: datetime | None = None
    behind_at: datetime | None = None
    refused_at: datetime | None = None
    refused_action: str = ""
    refused_error: str = ""
    refused_unsure: bool = False
    banned: Readmitted | None = None
    silent_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """An acknowledgement of one kind of alert.

    If `whole` is True, it ends with the class, otherwise at `until`.
    """

    kind: str
    at: datetime
    until: datetime
    by: str
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert of a class.

    `count` is the number of people in the alert, and `person` is the primary key of one of them. If `person`
    is 0, the page offers no command for them. `about` says what failed or is missing. If `unsure` is True,
    the outcome of a command is unknown.
    """

    kind: str
    since: datetime
    count: int = 0
    about: str = ""
    person: int = 0
    unsure: bool = False
    acknowledged: Acknowledged | None = None

    @property
    def rank(self) -> int:
        """Return the rank of the kind. The most urgent kind has rank 0."""
        return KINDS.index(self.kind)

    @property
    def icon(self) -> str:
        return ICONS[self.kind]

    @property
    def tone(self) -> str:
        return "bad" if self.kind in BAD else "warn"

    @property
    def words(self) -> str:
        """Return the text of the alert, without its age."""
        return _WORDS[self.kind](self)


@dataclass(slots=True, kw_only=True)
class PossibleAlert:
    """An alert that is shown from `shows_from` to `shows_until`.

    If `shows_until` is None, it has no fixed end.
    """

    alert: Alert
    shows_from: datetime
    shows_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """The `active` and the `acknowledged` alerts of a class at one moment.

    `waiting` is the alert about hands that have been raised for a long time. Only the tile shows it. `due` is
    the time when the alerts next change without an event. It is None if there is no such time.
    """

    active: tuple[Alert, ...] = ()
    waiting: Alert | None = None
    acknowledged: tuple[Alert, ...] = ()
    due: datetime | None = field(default=None, compare=False)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of all alerts. The tile shows no badges for these kinds."""
        return tuple(alert.kind for alert in (*self.active, *self.acknowledged))

    @property
    def first(self) -> Alert | None:
        """Return the most urgent active alert."""
        return self.active[0] if self.active else None

    @property
    def others(self) -> tuple[Alert, ...]:
        """Return the active alerts except the first. After NO_TEACHER, also omit ALONE."""
        first = self.active[0] if self.active else None
        same = first is not None and first.kind == NO_TEACHER
        return tuple(alert for alert in self.active[1:] if not (same and alert.kind == ALONE))

    @property
    def active_kinds(self) -> str:
        """Return the kinds of the active alerts as text, so that the browser can detect new alerts."""
        return " ".join(alert.kind for alert in self.active)

    @property
    def order(self) -> str:
        """Return a sort key for classes: by the most urgent alert, then by its age."""
        if not self.active:
            return "9"
        first = self.active[0]
        return f"{first.rank}{int(first.since.timestamp()):012d}"


def alerts_of(
    known: AlertInput,
    *,
    now: datetime,
    thresholds: Thresholds,
    acknowledgements: Iterable[Acknowledged] = (),
) -> Alerts:
    """Return the alerts of a class at `now`. The most urgent alert is first."""
    by_kind = {one.kind: one for one in acknowledgements}
    found: list[Alert] = []
    changes: list[datetime] = []
    for possible in possible_alerts(known, thresholds):
        changes += [at for at in (possible.shows_from, possible.shows_until) if at is not None]
        if not _shows(possible, now):
            continue
        alert = possible.alert
        acknowledged = by_kind.get(alert.kind)
        if acknowledged is not None and _covers(acknowledged, alert, now):
            changes.append(acknowledged.until)
            alert = replace(alert, acknowledged=acknowledged)
        found.append(alert)
    found.sort(key=lambda alert: (alert.rank, alert.since))
    return Alerts(
        active=tuple(alert for alert in found if alert.acknowledged is None and alert.kind not in QUIET),
        waiting=next((alert for alert in found if alert.kind in QUIET), None),
        acknowledged=tuple(
            alert for alert in found if alert.acknowledged is not None and alert.kind not in QUIET
        ),
        due=min((at for at in changes if at > now), default=None),
    )


def possible_alerts(known: AlertInput, thresholds: Thresholds) -> Iterator[PossibleAlert]:
    """Yield the alerts of a class now, and those that begin later if no event changes the class."""
    if known.gone_at or known.now_state == RoomState.CLOSED:
        return
    yield from _people(known, thresholds)
    yield from _recording(known, thresholds)
    if known.now_state == RoomState.STARTED and known.planned_end_at is not None:
        yield _from(OVER_TIME, known.planned_end_at, thresholds.over)
    if known.behind_at is not None:
        yield _from(DATA, known.behind_at, thresholds.stale, about=BEHIND)
    elif known.gap_at is not None:
        yield _from(DATA, known.gap_at)
    yield from _cloud(known, thresholds)


def _people(known: AlertInput, thresholds: Thresholds) -> Iterator[PossibleAlert]:
    if known.now_state == RoomState.STARTED and not known.teachers_online and known.started_at is not None:
        yield _from(NO_TEACHER, _later(known.started_at, known.teacher_left_at), thresholds.no_teacher)
    begun = known.now_state in (None, RoomState.NOT_STARTED, RoomState.STARTED)
    if (
        begun
        and known.students_online
        and not known.teachers_online
        and not known.assistant_present
        and known.students_since
    ):
        since = _later(known.students_since, known.teacher_left_at)
        yield _from(ALONE, since, thresholds.alone, count=known.students_online)
    if known.banned is not None:
        found = known.banned
        yield PossibleAlert(
            alert=Alert(kind=BANNED, since=found.since, count=found.count, person=found.person),
            shows_from=found.since,
            shows_until=found.until,
        )
    if known.hands_raised and known.oldest_hand_at is not None and known.now_state != RoomState.ENDED:
        yield _from(HAND, known.oldest_hand_at, thresholds.hand, count=known.hands_raised)


def _recording(known: AlertInput, thresholds: Thresholds) -> Iterator[PossibleAlert]:
    """Yield an alert if the recording of a class failed, or if a class that must be recorded is not."""
    if known.now_state != RoomState.STARTED or known.recording_state == Recording.State.RECORDING:
        return
    at = known.recording_at or known.started_at
    if at is None:
        return
    if known.recording_unready or known.recording_state == Recording.State.FAILED:
        yield _from(RECORDING, at, about=FAILED)
    elif thresholds.record_all:
        about = STOPPED if known.recording_state == Recording.State.ENDED else NEVER
        yield _from(RECORDING, at, thresholds.recording, about=about)


def _cloud(known: AlertInput, thresholds: Thresholds) -> Iterator[PossibleAlert]:
    if known.refused_at is not None and known.refused_error not in HARMLESS:
        yield PossibleAlert(
            alert=Alert(
                kind=CLOUD,
                since=known.refused_at,
                about=known.refused_action,
                unsure=known.refused_unsure,
            ),
            shows_from=known.refused_at,
            shows_until=known.refused_at + thresholds.refused_for,
        )
    elif known.silent_since is not None:
        yield _from(CLOUD, known.silent_since)


def _from(
    kind: str, since: datetime, after: timedelta = timedelta(0), *, count: int = 0, about: str = ""
) -> PossibleAlert:
    return PossibleAlert(
        alert=Alert(kind=kind, since=since, count=count, about=about), shows_from=since + after
    )


def _shows(possible: PossibleAlert, now: datetime) -> bool:
    return possible.shows_from <= now and (possible.shows_until is None or now < possible.shows_until)


def _covers(acknowledged: Acknowledged, alert: Alert, now: datetime) -> bool:
    """Return whether an acknowledgement applies to this alert. It does not if the alert began later."""
    return alert.since <= acknowledged.at and now < acknowledged.until


def _later(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else max(one, other)


def _hands(alert: Alert) -> str:
    words = ngettext("%(count)d raised hand", "%(count)d raised hands, longest wait", alert.count)
    return words % {"count": alert.count}


def _alone(alert: Alert) -> str:
    words = ngettext(
        "%(count)d student without a teacher", "%(count)d students without a teacher", alert.count
    )
    return words % {"count": alert.count}


def _banned(alert: Alert) -> str:
    words = ngettext("%(count)d banned person present", "%(count)d banned people present", alert.count)
    return words % {"count": alert.count}


def _recording_words(alert: Alert) -> str:
    if alert.about == FAILED:
        return _("Recording failed")
    return _("Recording stopped") if alert.about == STOPPED else _("Not recording")


def _cloud_words(alert: Alert) -> str:
    if not alert.about:
        return _("The cloud sends no updates about this class")
    command = {"command": COMMANDS.get(alert.about, alert.about)}
    if alert.unsure:
        return _("Outcome unknown: %(command)s") % command
    return _("Refused by the cloud: %(command)s") % command


_WORDS: Final = {
    NO_TEACHER: lambda alert: _("No teacher present"),
    ALONE: _alone,
    BANNED: _banned,
    HAND: _hands,
    RECORDING: _recording_words,
    OVER_TIME: lambda alert: _("Overtime"),
    DATA: lambda alert: _("Events are delayed") if alert.about == BEHIND else _("Events missing"),
    CLOUD: _cloud_words,
}
