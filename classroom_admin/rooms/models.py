"""The read models of classes. Only the projector (in `sync`) writes the projected columns.

The `version` of a row is the version that its room had when the row last changed. A page that shows version v
needs only the rows with a higher version. Times are in UTC. Cloud ids are unique within a room. Pages and
URLs use our own keys.
"""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from classroom_admin import events
from classroom_admin.common.random_text import new_key
from classroom_admin.common.search_field import SearchField
from classroom_admin.rooms.class_list_models import ClassList as ClassList
from classroom_admin.rooms.class_list_models import ClassListFile as ClassListFile
from classroom_admin.rooms.class_list_models import ListedPerson as ListedPerson
from classroom_admin.rooms.class_list_models import ListVersion as ListVersion


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
    """A classroom. Its columns are our own ids, a profile from the room refresh, and projected values."""

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
    chat_muted = models.BooleanField(default=False)
    properties = models.JSONField(default=dict)
    ext_apps = models.JSONField(default=dict)
    groups = models.JSONField(default=dict)
    groups_sequence = models.BigIntegerField(
        default=0, help_text="the last event that told of the breakout rooms; 0: none did"
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
            # A search reads this whole index, which is much smaller than the table.
            models.Index(fields=["name_search", "id", "room_uuid"], name="rooms_room_search"),
        ]

    def __str__(self) -> str:
        return self.name or gettext("Unnamed class")

    @property
    def current_state(self) -> int | None:
        """Return the state from the events; before the first such event, the state from the room refresh."""
        return self.state if self.state is not None else self.profile_state


class RoomTeacher(models.Model):
    """The assignment of a room to a teacher, by an administrator or because the teacher created the room."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="teachers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="taught_rooms")
    assigned_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="rooms_teacher_once")]


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
        ]

    def __str__(self) -> str:
        return self.name or gettext("Unnamed")


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
    """A message to the whole room: a chat message (`chat`) or a custom message of an app (`custom`)."""

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
    sent_at = models.DateTimeField()
    approximate = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "sequence"], name="rooms_message_once")]
        indexes = [models.Index(fields=["room", "version"], name="rooms_message_version")]


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
    # the profile from the cloud's list of recordings, which has the files only after the recording ends
    mode = models.CharField(max_length=10, blank=True, help_text="web, composite, single or empty")
    unready = models.BooleanField(default=False)
    file_urls = models.JSONField(default=list)
    files_missing = models.BooleanField(
        default=False, help_text="we asked as long as we do, and the cloud named no file"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "record_id"], name="rooms_recording_once")]


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
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "resource_uuid"], name="rooms_resource_once")]


class Quiz(models.Model):
    """A pop-up quiz, projected from the quiz stream."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="quizzes")
    quiz_id = models.CharField(max_length=255)
    version = models.BigIntegerField(default=0)
    running = models.BooleanField(default=False)
    items = models.JSONField(default=list)
    correct_items = models.JSONField(default=list)
    selected_count = models.IntegerField(null=True)
    correct_count = models.IntegerField(null=True)
    total_count = models.IntegerField(null=True)
    average_accuracy = models.FloatField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "quiz_id"], name="rooms_quiz_once")]


class Poll(models.Model):
    """A poll (a vote), projected from the poll stream."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="polls")
    poll_id = models.CharField(max_length=255)
    version = models.BigIntegerField(default=0)
    running = models.BooleanField(default=False)
    multiple = models.BooleanField(default=False)
    items = models.JSONField(default=list)
    details = models.JSONField(default=dict, help_text='{"0": {num, percentage}}')
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "poll_id"], name="rooms_poll_once")]


class Answer(models.Model):
    """A person's answer to a quiz or poll. A later answer replaces the earlier one."""

    class Of(models.TextChoices):
        QUIZ = "quiz", "quiz"
        POLL = "poll", "poll"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="answers")
    of = models.CharField(max_length=4, choices=Of.choices)
    question_id = models.CharField(max_length=255, help_text="Quiz.quiz_id or Poll.poll_id")
    user_uuid = models.CharField(max_length=255)
    version = models.BigIntegerField(default=0)
    name = models.CharField(max_length=255, blank=True)
    selected = models.JSONField(
        default=list, help_text="a quiz: the chosen items; a poll: the chosen indexes"
    )
    is_correct = models.BooleanField(null=True)
    answered_at = models.DateTimeField(null=True)
    sequence = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["room", "of", "question_id", "user_uuid"], name="rooms_answer_once"
            )
        ]


class Gap(models.Model):
    """A sequence gap whose events are lost, from `first` to `last` (inclusive). Pages show all these gaps."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="gaps")
    stream = models.CharField(max_length=10)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "stream", "first"], name="rooms_gap_once")]
