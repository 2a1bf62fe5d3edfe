"""Events in, as they came: answers, events, what could not be read, how far each stream is, and who polls.

`StoredEvent` is the truth; the read models in `rooms` can be made again from it at any time.
"""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from classroom_admin.rooms.models import Room


class Stream(models.TextChoices):
    """Each is numbered by itself, from 1; peer messages have no number and are known by their digest."""

    ROOM = "room", "room"
    QUIZ = "popupQuiz", "pop-up quiz"
    POLL = "poll", "poll"
    PEER = "peer", "peer"


NUMBERED: tuple[str, ...] = (Stream.ROOM.value, Stream.QUIZ.value, Stream.POLL.value)


class InboxAnswer(models.Model):
    """An answer of the cloud, committed before anyone looks inside.

    Once it is read, its events are in `StoredEvent`. The bytes stay for a day; for good where
    something of them is in quarantine.
    """

    class Source(models.TextChoices):
        POLL = "poll", "all rooms' events"
        ROOM = "room", "one room's events"
        QUIZ = "popupQuiz", "one room's quizzes"
        POLL_WIDGET = "poll_widget", "one room's polls"
        RELAY = "relay", "sent on by another"

    source = models.CharField(max_length=12, choices=Source.choices)
    room_uuid = models.CharField(max_length=64, blank=True, help_text="empty for the stream of all rooms")
    body = models.BinaryField()
    http_status = models.IntegerField()
    request_id = models.CharField(max_length=128, blank=True)
    fence = models.BigIntegerField(default=0, help_text="the leader's number; 0 where no lease is needed")
    received_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["id"], name="sync_answer_unread", condition=models.Q(read_at__isnull=True)),
            models.Index(fields=["received_at"], name="sync_answer_received"),
        ]

    def __str__(self) -> str:
        return f"answer {self.pk} ({self.source})"


class StoredEvent(models.Model):
    """One event, once. `raw` is its JSON with every field it came with."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+", db_index=False)
    stream = models.CharField(max_length=10, choices=Stream.choices)
    sequence = models.BigIntegerField(null=True, help_text="null for peer messages")
    digest = models.CharField(max_length=32, blank=True, help_text="of a peer message; empty for the others")
    cmd = models.IntegerField(null=True)
    ts_ms = models.BigIntegerField(null=True)
    received_at = models.DateTimeField()
    raw = models.TextField()
    unreadable = models.CharField(max_length=300, blank=True, help_text="why it is not folded")
    odd = models.CharField(max_length=300, blank=True, help_text="parts of it that could not be read")
    # No index and no constraint: the answer is let go of after a day, the number stays as a trace in the log.
    answer = models.ForeignKey(
        InboxAnswer,
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "stream", "sequence"], name="sync_event_once"),
            models.UniqueConstraint(
                fields=["room", "digest"], name="sync_peer_once", condition=models.Q(sequence__isnull=True)
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["room"], name="sync_event_unread", condition=~models.Q(unreadable="")),
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.sequence if self.sequence is not None else self.digest}"


class Quarantine(models.Model):
    """What came and could not be taken: a whole answer, an item of one, or an event. Shown to the
    administrator.
    """

    answer = models.ForeignKey(InboxAnswer, null=True, on_delete=models.PROTECT, related_name="quarantined")
    event = models.OneToOneField(
        StoredEvent,
        null=True,
        on_delete=models.CASCADE,
        related_name="quarantined",
        help_text="stored, not folded",
    )
    raw = models.TextField(help_text="as it came; for a whole answer the bytes are in the answer too")
    whole_answer = models.BooleanField(default=False)
    reason = models.CharField(max_length=300)
    found_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.reason


class Lease(models.Model):
    """Who polls for an App ID. One row an App ID; `fence` grows with each change of owner.

    A rival does not compare clocks: it watches `beats`, and takes over when they stood still for the
    lease's length by its own monotonic clock, or at once when the owner is a process of the same machine
    that is gone.
    """

    app_id = models.CharField(max_length=64, unique=True)
    owner = models.CharField(max_length=200, blank=True, help_text="empty: nobody")
    host = models.CharField(max_length=120, blank=True)
    pid = models.IntegerField(null=True)
    fence = models.BigIntegerField(default=0)
    beats = models.BigIntegerField(default=0)
    renewed_at = models.DateTimeField(null=True)
    wanted_by = models.CharField(max_length=200, blank=True, help_text="who waits to be handed the lease")
    wanted_at = models.DateTimeField(null=True)
    # how polling goes
    last_poll_at = models.DateTimeField(null=True)
    last_good_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, help_text="a problem as JSON, empty where there is none")
    last_error_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0, help_text="in a row")
    not_before = models.DateTimeField(null=True, help_text="no poll before this")
    clock_offset_ms = models.BigIntegerField(null=True, help_text="the cloud's clock minus ours")
    drained_at = models.DateTimeField(null=True, help_text="the last time the stream had no more for us")
    suspect_answer = models.BigIntegerField(
        default=0, help_text="the highest id of an InboxAnswer when an answer of ours was last feared lost"
    )

    def __str__(self) -> str:
        return f"lease {self.fence} of {self.owner or 'nobody'}"


class RoomCursor(models.Model):
    """How far one stream of one room is. Locked while its events are stored or projected."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="cursors")
    stream = models.CharField(max_length=10, choices=Stream.choices)
    stored_sequence = models.BigIntegerField(default=0, help_text="the highest stored")
    received_to = models.DateTimeField(null=True, help_text="the receipt of the last that was stored")
    folded_sequence = models.BigIntegerField(default=0)
    folded_at = models.DateTimeField(null=True, help_text="the time of the last folded event")
    needs_refold = models.BooleanField(default=False, help_text="an event came after a later one was folded")
    fold_due_at = models.DateTimeField(null=True, help_text="there is something to fold, from this moment on")
    sweep_due_at = models.DateTimeField(null=True, help_text="null: no more sweeps")
    swept_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0, help_text="sweeps that failed in a row")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "stream"], name="sync_cursor_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["fold_due_at"], name="sync_cursor_fold", condition=models.Q(fold_due_at__isnull=False)
            ),
            models.Index(
                fields=["sweep_due_at"],
                name="sync_cursor_sweep",
                condition=models.Q(sweep_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream} to {self.stored_sequence}"


class Hole(models.Model):
    """Numbers of a stream that are missing, both ends included. The row goes when they arrive.

    open: being asked for. void: the cloud passed over them, twice and ten seconds apart; nobody is
    shown these. gap: they can no longer be had (`rooms.Gap` shows them).
    """

    class State(models.TextChoices):
        OPEN = "open", "open"
        VOID = "void", "void"
        GAP = "gap", "gap"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="holes")
    stream = models.CharField(max_length=10, choices=Stream.choices)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    state = models.CharField(max_length=4, choices=State.choices, default=State.OPEN)
    asks = models.IntegerField(default=0, help_text="how often the cloud answered around it without it")
    found_at = models.DateTimeField()
    first_asked_at = models.DateTimeField(null=True)
    last_asked_at = models.DateTimeField(null=True)
    ask_due_at = models.DateTimeField(null=True, help_text="null: not to be asked for any more")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "stream", "first"], name="sync_hole_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "ask_due_at"], name="sync_hole_due"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.first} to {self.last}: {self.state}"


class Errand(models.Model):
    """What is to be read back from the cloud about a room, and when next. Null: nothing."""

    room = models.OneToOneField(Room, on_delete=models.CASCADE, related_name="errand")
    profile_due_at = models.DateTimeField(null=True)
    profile_failures = models.IntegerField(default=0)
    recordings_due_at = models.DateTimeField(null=True)
    recordings_asks = models.IntegerField(default=0)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["profile_due_at"], name="sync_errand_profile"),
            models.Index(fields=["recordings_due_at"], name="sync_errand_recordings"),
        ]

    def __str__(self) -> str:
        return f"errand for room {self.room_id}"


class RequestBudget(models.Model):
    """What is left of the requests a second, for all processes and machines of this installation.

    A bucket: `tokens` at the moment `filled_ms` (ms, by the database's clock). Below 0: commands and the poll
    have reserved turns ahead.
    """

    app_id = models.CharField(max_length=64, unique=True)
    tokens = models.FloatField(default=0.0)
    filled_ms = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.tokens:.1f} requests left"


class Missed(models.Model):
    """An event that the repeatable endpoint has and the stream of all rooms did not bring, though no answer
    of ours is feared lost: evidence of another reader, once `confirmed_at` is set.

    `known_answer`: the answer that brought the number before this one. Ids of answers grow in the order of
    their commits, which no clock can disturb.
    """

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+")
    sequence = models.BigIntegerField()
    cmd = models.IntegerField(null=True)
    ts_ms = models.BigIntegerField(null=True)
    known_answer = models.BigIntegerField()
    missed_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "sequence"], name="sync_missed_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["confirmed_at", "missed_at"], name="sync_missed_judged"),
        ]

    def __str__(self) -> str:
        return f"missed {self.sequence}"
