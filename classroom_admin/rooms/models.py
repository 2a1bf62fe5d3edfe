"""The read models of classes. Only the projector (in `sync`) writes the projected columns.

The `version` of a row is the version that its room had when the row last changed. A page that shows
version v is updated with the rows of higher versions. Times are in UTC. Cloud ids are unique within a room.
Pages and URLs use our own keys.
"""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from classroom_admin import events
from classroom_admin.common.random_text import new_key
from classroom_admin.common.search_field import SearchField
from classroom_admin.rooms.agora_chat_models import AgoraChatRoom as AgoraChatRoom
from classroom_admin.rooms.class_list_models import ClassList as ClassList
from classroom_admin.rooms.class_list_models import ClassListFile as ClassListFile
from classroom_admin.rooms.class_list_models import ListedPerson as ListedPerson
from classroom_admin.rooms.class_list_models import ListVersion as ListVersion
from classroom_admin.rooms.quiz_poll_models import Answer as Answer
from classroom_admin.rooms.quiz_poll_models import Poll as Poll
from classroom_admin.rooms.quiz_poll_models import Quiz as Quiz
from classroom_admin.rooms.retention_models import ClassRetention as ClassRetention
from classroom_admin.rooms.substitution_models import Substitution as Substitution
from classroom_admin.rooms.supervision_models import Supervision as Supervision


class RoomState(models.IntegerChoices):
    NOT_STARTED = 0, pgettext_lazy("class state", "not started")
    STARTED = 1, _("live")
    ENDED = 2, pgettext_lazy("class state", "ended")
    CLOSED = 3, pgettext_lazy("class state", "closed")


class Role(models.TextChoices):
    TEACHER = "teacher", _("teacher")
    STUDENT = "student", _("student")
    ASSISTANT = "assistant", _("assistant")
    OBSERVER = "observer", _("observer")
    INVISIBLE = "invisible", _("invisible")
    SERVER = "server", _("server")
    UNKNOWN = "unknown", pgettext_lazy("role", "unknown")


def current_projection() -> int:
    """Return the projection version for a new room, which has no rows from an earlier version."""
    return events.PROJECTION_VERSION


class Room(models.Model):
    """A classroom. Its columns are our own ids, values from the room refresh, and projected values."""

    # our own ids and the cloud's id
    key = models.CharField(max_length=16, unique=True, default=new_key)
    room_uuid = models.CharField(max_length=64, unique=True)
    known_since = models.DateTimeField(default=timezone.now)
    # the profile, which the room refresh reads from the cloud
    name = models.CharField(max_length=255, blank=True)
    name_search = SearchField(of=("name",))
    room_type = models.IntegerField(null=True)
    profile_state = models.IntegerField(null=True, choices=RoomState.choices)
    planned_start_at = models.DateTimeField(null=True)
    planned_end_at = models.DateTimeField(null=True)
    planned_close_at = models.DateTimeField(null=True)
    timetable_start_at = models.DateTimeField(
        null=True,
        help_text="planned before the class started; the cloud replaces its plan by the actual times",
    )
    timetable_end_at = models.DateTimeField(null=True)
    profile_read_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(
        null=True, help_text="when the cloud said that the room does not exist any more"
    )
    muted_in_agora_chat = models.BooleanField(default=False, db_default=False)
    # what retention deleted; breakout rooms have the values of their class
    sealed_at = models.DateTimeField(
        null=True, help_text="when retention deleted the events; no event changes the rows any more"
    )
    chat_deleted_at = models.DateTimeField(
        null=True, help_text="when retention deleted the texts of the chat"
    )
    direct_deleted_at = models.DateTimeField(
        null=True, help_text="when retention deleted the direct messages"
    )
    # values from the projected events
    projection_version = models.IntegerField(
        default=current_projection,
        db_default=0,
        help_text="`events.PROJECTION_VERSION` that made the rows of this room",
    )
    version = models.BigIntegerField(default=0)
    last_sequence = models.BigIntegerField(default=0, help_text="highest stored of stream room")
    state = models.IntegerField(null=True, choices=RoomState.choices)
    state_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    last_event_at = models.DateTimeField(null=True)
    people_online = models.IntegerField(default=0)
    people_total = models.IntegerField(
        null=True, help_text="how many people are in the room according to the cloud's last event about them"
    )
    teachers_online = models.IntegerField(default=0)
    students_online = models.IntegerField(default=0)
    hands_raised = models.IntegerField(default=0)
    on_stage = models.IntegerField(default=0)
    chat_count = models.IntegerField(default=0)
    event_count = models.IntegerField(default=0, help_text="all stored of stream room, unreadable ones too")
    question_events = models.IntegerField(default=0, help_text="all stored of quizzes and polls")
    last_event_id = models.BigIntegerField(
        default=0, help_text="the highest id of a projected event, late ones too"
    )
    recording_state = models.CharField(
        max_length=10, blank=True, help_text="recording, ended, failed or empty"
    )
    starts_paused = models.BooleanField(
        default=False, db_default=False, help_text="the next recording starts paused (record.onhold)"
    )
    chat_muted = models.BooleanField(default=False)
    properties = models.JSONField(default=dict)
    ext_apps = models.JSONField(default=dict)
    groups = models.JSONField(default=dict)
    groups_sequence = models.BigIntegerField(
        default=0, help_text="the last event that told of the breakout rooms; 0: none did"
    )
    known_groups = models.JSONField(
        default=dict, db_default={}, help_text="the name of every breakout room that it ever had, by cloud id"
    )
    # our own values for breakout rooms that have their own events
    parent = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.CASCADE,
        related_name="breakout_rooms",
        help_text="the class of which this is a breakout room; pages show it there",
    )
    # our own values about the people who should attend
    class_list = models.ForeignKey(ClassList, null=True, on_delete=models.SET_NULL, related_name="rooms")
    list_version = models.ForeignKey(
        ListVersion,
        null=True,
        on_delete=models.PROTECT,
        related_name="rooms",
        help_text="the list when the class closed; null: the list as it is now",
    )

    class Meta:
        indexes = [
            models.Index(fields=["state", "-started_at"], name="rooms_room_state"),
            models.Index(fields=["projection_version"], name="rooms_room_projection"),
            models.Index(fields=["id"], name="rooms_room_grouped", condition=models.Q(groups_sequence__gt=0)),
            # A search reads this whole index, which is much smaller than the table.
            models.Index(fields=["name_search", "id", "room_uuid"], name="rooms_room_search"),
        ]

    def __str__(self) -> str:
        return self.name or gettext("Unnamed class")

    @property
    def is_chat_muted(self) -> bool:
        """Return True if the events or Agora Chat say that the students are muted in the chat."""
        return self.chat_muted or self.muted_in_agora_chat

    @property
    def current_state(self) -> int | None:
        """Return the state from the events or, if it is unknown, from the room refresh."""
        return self.state if self.state is not None else self.profile_state


class RoomTeacher(models.Model):
    """The assignment of a teacher to a room."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="teachers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="taught_rooms")
    assigned_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="rooms_teacher_once")]


def name_or_unnamed(name: str) -> str:
    """Return a person's name, or a word that stands for it if the name is empty."""
    return name or gettext("Unnamed")


class Participant(models.Model):
    """A person who is or was in a room."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="participants")
    user_uuid = models.CharField(max_length=255)
    version = models.BigIntegerField(default=0)
    name = models.CharField(max_length=255, blank=True)
    name_search = SearchField(of=("name",))
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.UNKNOWN)
    was_teacher = models.BooleanField(default=False, help_text="entered this room as teacher at least once")
    online = models.BooleanField(default=False)
    entered_at = models.DateTimeField(null=True, help_text="first entry")
    online_since = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True, help_text="last departure")
    times_left = models.IntegerField(default=0)
    kicked_at = models.DateTimeField(null=True)
    kicked_sequence = models.BigIntegerField(null=True)
    on_stage = models.BooleanField(default=False)
    last_on_stage_at = models.DateTimeField(null=True, help_text="the last moment on stage in this room")
    hand_raised = models.BooleanField(default=False)
    hand_raised_at = models.DateTimeField(null=True)
    chat_muted = models.BooleanField(default=False)
    rewards = models.IntegerField(default=0)
    camera_on = models.BooleanField(default=False)
    microphone_on = models.BooleanField(default=False)
    sharing_screen = models.BooleanField(default=False)
    muted_in_agora_chat = models.BooleanField(default=False, db_default=False)
    streams = models.JSONField(default=dict)
    properties = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user_uuid"], name="rooms_participant_once")]
        indexes = [
            models.Index(fields=["room", "version"], name="rooms_participant_version"),
            models.Index(fields=["user_uuid", "was_teacher"], name="rooms_participant_taught"),
            models.Index(
                fields=["name_search", "was_teacher", "room"],  # Without was_teacher, SQLite reads the table.
                name="rooms_participant_search",
                condition=models.Q(was_teacher=True),
            ),
            # A search for people in all classes reads only this index, in the order of the results.
            models.Index(
                fields=["was_teacher", "name_search", "user_uuid", "room", "role"],
                name="rooms_participant_people",
            ),
        ]

    def __str__(self) -> str:
        return name_or_unnamed(self.name)

    @property
    def is_chat_muted(self) -> bool:
        """Return whether the person is muted in the chat, according to the events or to Agora Chat."""
        return self.chat_muted or self.muted_in_agora_chat


class Presence(models.Model):
    """A stay of a participant in the room. `left_at` is null during the stay."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="presences")
    user_uuid = models.CharField(max_length=255)
    entered_sequence = models.BigIntegerField()
    entered_at = models.DateTimeField()
    left_sequence = models.BigIntegerField(null=True)
    left_at = models.DateTimeField(null=True)
    kicked = models.BooleanField(default=False)
    approximate = models.BooleanField(default=False, help_text="a time was not in the event and was inferred")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["room", "user_uuid", "entered_sequence"], name="rooms_presence_once"
            )
        ]


class ChatMessage(models.Model):
    """A message to the whole room: a chat message (`chat`) or a custom message of an app (`custom`).

    The `sequence` of a message from Agora Chat is above `events.agora_chat.FIRST_NUMBER`.
    """

    class Kind(models.TextChoices):
        CHAT = "chat", "chat"
        CUSTOM = "custom", "custom"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="messages")
    sequence = models.BigIntegerField()
    version = models.BigIntegerField(default=0)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.CHAT)
    user_uuid = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=255, blank=True)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.UNKNOWN)
    text = models.TextField(blank=True)
    deleted = models.BooleanField(default=False, db_default=False, help_text="retention deleted the text")
    sent_at = models.DateTimeField()
    approximate = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "sequence"], name="rooms_message_once")]
        indexes = [
            models.Index(fields=["room", "version"], name="rooms_message_version"),
            models.Index(fields=["room", "sent_at", "sequence"], name="rooms_message_time"),
        ]


class PeerMessage(models.Model):
    """A direct message that a school's own server sent to our webhook. `digest` identifies the message."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="peer_messages")
    digest = models.CharField(max_length=32)
    arrived = models.BigIntegerField(help_text="the order of arrival, for those of the same moment")
    version = models.BigIntegerField(default=0)
    kind = models.CharField(max_length=10, choices=ChatMessage.Kind.choices, default=ChatMessage.Kind.CHAT)
    user_uuid = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=255, blank=True)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.UNKNOWN)
    to_user_uuid = models.CharField(max_length=255, blank=True)
    text = models.TextField(blank=True)
    sent_at = models.DateTimeField()
    approximate = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "digest"], name="rooms_peer_once")]
        indexes = [models.Index(fields=["room", "version"], name="rooms_peer_version")]


class Recording(models.Model):
    """A recording of a room. `record_id` is `seq-<n>` if the event contained no id."""

    class State(models.TextChoices):
        RECORDING = "recording", "recording"
        ENDED = "ended", "ended"
        FAILED = "failed", "failed"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="recordings")
    record_id = models.CharField(max_length=255)
    version = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices)
    started_sequence = models.BigIntegerField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_sequence = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)
    sid = models.CharField(max_length=255, blank=True)
    streaming_urls = models.JSONField(default=dict)
    pauses = models.JSONField(
        default=list, db_default=[], help_text="[[from, to], ..] in ms since 1970 UTC; null: it lasts"
    )
    retrying = models.BooleanField(
        default=False, db_default=False, help_text="it timed out, and the cloud is trying again"
    )
    # the profile from the cloud's list of recordings, which has the files only after the recording ends
    mode = models.CharField(max_length=10, blank=True, help_text="web, composite, single or empty")
    unready = models.BooleanField(default=False)
    file_urls = models.JSONField(default=list)
    files_missing = models.BooleanField(
        default=False, help_text="we asked as long as we do, and the cloud named no file"
    )
    files_deleted_at = models.DateTimeField(
        null=True, help_text="when we found that the cloud no longer has the files"
    )
    files_checked_at = models.DateTimeField(null=True, help_text="when we last asked whether the files exist")
    links_deleted_at = models.DateTimeField(
        null=True, help_text="when retention deleted the files' addresses"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "record_id"], name="rooms_recording_once")]
        indexes = [models.Index(fields=["-started_at", "-id"], name="rooms_recording_newest")]


class Resource(models.Model):
    """A file shared with a room."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="resources")
    resource_uuid = models.CharField(max_length=255)
    version = models.BigIntegerField(default=0)
    name = models.CharField(max_length=255, blank=True)
    ext = models.CharField(max_length=20, blank=True)
    size = models.BigIntegerField(null=True, help_text="bytes")
    url = models.TextField(blank=True)
    converted_percent = models.IntegerField(null=True, help_text="null: no conversion was asked for")
    task = models.JSONField(
        default=dict, help_text="taskUuid and taskProgress as the cloud gave them; never the token"
    )
    put_sequence = models.BigIntegerField(null=True)
    put_at = models.DateTimeField(null=True)
    put_by = models.CharField(
        max_length=255, blank=True, default="", db_default="", help_text="name of the person who shared it"
    )
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "resource_uuid"], name="rooms_resource_once")]


class Gap(models.Model):
    """A sequence gap from `first` to `last` (inclusive). Its events are lost."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="gaps")
    stream = models.CharField(max_length=10)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "stream", "first"], name="rooms_gap_once")]
