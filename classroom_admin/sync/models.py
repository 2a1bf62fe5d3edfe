"""The tables of the sync: cloud responses, events, quarantine, cursors of streams, and the lease.

The read models in `rooms` are projected from `StoredEvent`, and can be projected again at any time.
"""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from classroom_admin.rooms.models import Role, Room
from classroom_admin.sync.notification_models import ChannelNotice as ChannelNotice


class Stream(models.TextChoices):
    """A stream of one room's events. Events are numbered from 1.

    Direct messages and the messages of Agora Chat have a digest instead of a number.
    """

    ROOM = "room", "room"
    QUIZ = "popupQuiz", "pop-up quiz"
    POLL = "poll", "poll"
    PEER = "peer", "peer"
    CHAT = "chat", "Agora Chat"


NUMBERED: tuple[str, ...] = (Stream.ROOM.value, Stream.QUIZ.value, Stream.POLL.value)


class InboxAnswer(models.Model):
    """A response from the cloud or a webhook request, committed before it is parsed.

    The row is deleted after a day, unless some of its content is in quarantine.
    """

    class Source(models.TextChoices):
        POLL = "poll", "all rooms' events"
        ROOM = "room", "one room's events"
        QUIZ = "popupQuiz", "one room's quizzes"
        POLL_WIDGET = "poll_widget", "one room's polls"
        RELAY = "relay", "sent on by another"
        NOTICE = "notice", "a notification about a channel"
        CHAT_CALL = "chat_call", "a callback of Agora Chat"
        CHAT_HOURS = "chat_hours", "an hour of Agora Chat"

    source = models.CharField(max_length=12, choices=Source.choices)
    room_uuid = models.CharField(
        max_length=64,
        blank=True,
        help_text="empty for the stream of all rooms; for a callback of Agora Chat the id of the chat room",
    )
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
    """An event, stored once. `raw` is its JSON with all fields that the cloud sent."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+", db_index=False)
    stream = models.CharField(max_length=10, choices=Stream.choices)
    sequence = models.BigIntegerField(null=True, help_text="null for messages without a number")
    digest = models.CharField(
        max_length=32, blank=True, help_text="of a message without a number, else empty"
    )
    cmd = models.IntegerField(null=True)
    ts_ms = models.BigIntegerField(null=True)
    received_at = models.DateTimeField()
    raw = models.TextField()
    unreadable = models.CharField(max_length=300, blank=True, help_text="why it is not projected")
    odd = models.CharField(max_length=300, blank=True, help_text="parts of it that could not be read")
    repeats = models.BooleanField(
        default=False, db_default=False, help_text="it only says what another event said before"
    )
    # There is no index and no constraint, because responses are deleted after a day. Logs contain the id.
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
    """Content that could not be read or projected: a whole response, an item of a response, or an event.

    The pages show it to administrators.
    """

    answer = models.ForeignKey(InboxAnswer, null=True, on_delete=models.PROTECT, related_name="quarantined")
    event = models.OneToOneField(
        StoredEvent,
        null=True,
        on_delete=models.CASCADE,
        related_name="quarantined",
        help_text="stored, not projected",
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
    """The lease of the process that polls for an App ID. `fence` increases with each change of owner.

    Another process may take the lease if `beats` has not changed for the length of the lease. It measures
    this time with its own clock. If the owner's process has ended on the same machine, it may take the lease
    at once.
    """

    app_id = models.CharField(max_length=64, unique=True)
    owner = models.CharField(max_length=200, blank=True, help_text="empty: nobody")
    host = models.CharField(max_length=120, blank=True)
    pid = models.IntegerField(null=True)
    fence = models.BigIntegerField(default=0)
    beats = models.BigIntegerField(default=0)
    renewed_at = models.DateTimeField(null=True)
    wanted_by = models.CharField(max_length=200, blank=True, help_text="the process that waits for the lease")
    wanted_at = models.DateTimeField(null=True)
    # These columns contain the state of polling.
    last_poll_at = models.DateTimeField(null=True)
    last_good_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, help_text="a problem as JSON, empty where there is none")
    last_error_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0, help_text="in a row")
    not_before = models.DateTimeField(null=True, help_text="no poll before this")
    clock_offset_ms = models.BigIntegerField(null=True, help_text="the cloud's clock minus ours")
    drained_at = models.DateTimeField(null=True, help_text="when the stream last had no more events")
    suspect_answer = models.BigIntegerField(
        default=0, help_text="the highest id of an InboxAnswer when an answer was last suspected lost"
    )

    def __str__(self) -> str:
        return f"lease {self.fence} of {self.owner or 'nobody'}"


class RoomCursor(models.Model):
    """The progress of one stream of a room. A process locks the row while it stores or projects events."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="cursors")
    stream = models.CharField(max_length=10, choices=Stream.choices)
    stored_sequence = models.BigIntegerField(default=0, help_text="the highest stored")
    received_to = models.DateTimeField(null=True, help_text="the receipt of the last that was stored")
    projected_sequence = models.BigIntegerField(default=0, db_column="folded_sequence")
    projected_at = models.DateTimeField(
        null=True, db_column="folded_at", help_text="the time of the last projected event"
    )
    needs_full_projection = models.BooleanField(
        default=False, db_column="needs_refold", help_text="an event came after a later one was projected"
    )
    project_due_at = models.DateTimeField(
        null=True, db_column="fold_due_at", help_text="there is something to project, from this moment on"
    )
    reconcile_due_at = models.DateTimeField(
        null=True, db_column="sweep_due_at", help_text="null: no more reconciliation"
    )
    reconciled_at = models.DateTimeField(null=True, db_column="swept_at")
    failures = models.IntegerField(default=0, help_text="reconciliations that failed in a row")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "stream"], name="sync_cursor_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["project_due_at"],
                name="sync_cursor_fold",
                condition=models.Q(project_due_at__isnull=False),
            ),
            models.Index(
                fields=["reconcile_due_at"],
                name="sync_cursor_sweep",
                condition=models.Q(reconcile_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream} to {self.stored_sequence}"


class SequenceGap(models.Model):
    """Missing sequence numbers of a stream, from `first` to `last` inclusive.

    The row is deleted when the events arrive. In state `open`, the events are requested. In state `void`, the
    cloud skipped the numbers in two responses at least ten seconds apart. In state `gap`, the events are
    lost, because the cloud no longer has the room. Only these gaps are shown on pages, as `rooms.Gap`.
    """

    class State(models.TextChoices):
        OPEN = "open", "open"
        VOID = "void", "void"
        GAP = "gap", "gap"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="sequence_gaps")
    stream = models.CharField(max_length=10, choices=Stream.choices)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    state = models.CharField(max_length=4, choices=State.choices, default=State.OPEN)
    asks = models.IntegerField(default=0, help_text="answers that had later numbers but not these")
    found_at = models.DateTimeField()
    first_asked_at = models.DateTimeField(null=True)
    last_asked_at = models.DateTimeField(null=True)
    ask_due_at = models.DateTimeField(null=True, help_text="null: not to be asked for any more")

    class Meta:
        db_table = "sync_hole"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "stream", "first"], name="sync_hole_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "ask_due_at"], name="sync_hole_due"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.first} to {self.last}: {self.state}"


class RoomRefresh(models.Model):
    """The times of the next reads of a room, its recordings and its people.

    NULL means that no read is due.
    """

    room = models.OneToOneField(Room, on_delete=models.CASCADE, related_name="refresh")
    profile_due_at = models.DateTimeField(null=True)
    profile_failures = models.IntegerField(default=0)
    recordings_due_at = models.DateTimeField(null=True)
    recordings_asks = models.IntegerField(default=0)
    people_due_at = models.DateTimeField(null=True)
    people_asks = models.IntegerField(default=0, help_text="reads of the people that found nothing, in a row")

    class Meta:
        db_table = "sync_errand"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["profile_due_at"], name="sync_errand_profile"),
            models.Index(fields=["recordings_due_at"], name="sync_errand_recordings"),
            models.Index(
                fields=["people_due_at"],
                name="sync_refresh_people",
                condition=models.Q(people_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"refresh of room {self.room_id}"


class PresenceCorrection(models.Model):
    """A correction of a person's presence in a room. `at` is when the person entered or left.

    The projection applies the correction after the room event with the number `after_sequence`, so projecting
    again gives the same rows. If there is no event with this number, the
    correction is applied after the last event with a lower number.
    `source` says whether the correction comes from the cloud's list of people or from notifications. `name`
    and `role` are empty unless the cloud sent them.
    """

    class Source(models.TextChoices):
        PEOPLE = "people", "the room's people were read"
        NOTICE = "notice", "notifications fill lost events"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+")
    after_sequence = models.BigIntegerField()
    user_uuid = models.CharField(max_length=255)
    online = models.BooleanField()
    at = models.DateTimeField()
    made_at = models.DateTimeField()
    source = models.CharField(max_length=6, choices=Source.choices, default=Source.PEOPLE)
    name = models.CharField(max_length=255, blank=True)
    role = models.CharField(max_length=10, choices=Role.choices, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["room", "after_sequence", "user_uuid", "source"], name="sync_correction_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_uuid} {'is' if self.online else 'is not'} there after {self.after_sequence}"


class ChatHour(models.Model):
    """An hour of an app's messages in Agora Chat.

    `due_at` is the time of the next request. It is NULL if no request is due.
    """

    org_name = models.CharField(max_length=64)
    app_name = models.CharField(max_length=64)
    hour = models.DateTimeField(help_text="the start of the hour, UTC")
    due_at = models.DateTimeField(null=True)
    asks = models.IntegerField(default=0)
    failures = models.IntegerField(default=0, help_text="in a row")
    read_at = models.DateTimeField(
        null=True, help_text="the last answer that named a file, or said that nobody wrote"
    )
    last_error = models.TextField(
        blank=True, default="", db_default="", help_text="a problem as JSON, empty where there is none"
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["org_name", "app_name", "hour"], name="sync_chat_hour_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["due_at"], name="sync_chat_hour_due", condition=models.Q(due_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.org_name}#{self.app_name} {self.hour:%Y%m%d%H}"


class RequestBudget(models.Model):
    """The token bucket of the request limit. All processes and machines of this installation share it.

    The bucket contained `tokens` at `filled_ms`, in milliseconds by the clock of the database server.
    `tokens` is negative if future requests are reserved.
    """

    app_id = models.CharField(max_length=64, unique=True)
    tokens = models.FloatField(default=0.0)
    filled_ms = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.tokens:.1f} requests left"


class MissedEvent(models.Model):
    """An event of the repeatable endpoint that polling has not delivered so far.

    If `confirmed_at` is set, the event is evidence of a competing reader. `known_answer` is the id of the
    response that contained the previous event.
    """

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+")
    sequence = models.BigIntegerField()
    cmd = models.IntegerField(null=True)
    ts_ms = models.BigIntegerField(null=True)
    known_answer = models.BigIntegerField()
    missed_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sync_missed"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "sequence"], name="sync_missed_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["confirmed_at", "missed_at"], name="sync_missed_judged"),
        ]

    def __str__(self) -> str:
        return f"missed {self.sequence}"
