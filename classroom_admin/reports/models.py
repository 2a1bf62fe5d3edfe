"""The stored attendance and participation of classes that are over, and corrections by hand.

`summaries.refresh` makes the stored figures from the events and the class list. Reports of many classes read
only these rows. Times are cloud times in UTC.
"""

from typing import Any, Final

from django.conf import settings
from django.db import models
from django.utils.translation import pgettext_lazy

from classroom_admin.reports.attendance import Status
from classroom_admin.reports.export_models import ExportJob
from classroom_admin.rooms.models import (
    ClassList,
    ListVersion,
    Role,
    Room,
    current_projection,
    name_or_unnamed,
)

__all__ = ["STATUSES", "ClassSummary", "Correction", "ExportJob", "PersonSummary"]
STATUSES: list[tuple[Any, Any]] = [
    (Status.PRESENT, pgettext_lazy("attendance", "present")),
    (Status.LATE, pgettext_lazy("attendance", "late")),
    (Status.LEFT_EARLY, pgettext_lazy("attendance", "left early")),
    (Status.LATE_AND_LEFT_EARLY, pgettext_lazy("attendance", "late and left early")),
    (Status.PARTLY, pgettext_lazy("attendance", "partly present")),
    (Status.ABSENT, pgettext_lazy("attendance", "absent")),
    (Status.EXCUSED, pgettext_lazy("attendance", "excused")),
]


FIGURES_VERSION: Final = 1
"""The version of the figures. Increase it if the same events now give other figures. All summaries are then
made again.
"""


def current_figures() -> int:
    """Return the version of the figures for a new summary."""
    return FIGURES_VERSION


class Correction(models.Model):
    """A correction of a person's attendance in a class. Rows are only added; the newest one counts.

    An empty `status` withdraws earlier corrections. `person_key` is `PersonSummary.person_key`.
    """

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="corrections")
    person_key = models.CharField(max_length=300)
    status = models.CharField(max_length=20, blank=True, choices=STATUSES)
    note = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        indexes = [models.Index(fields=["room", "person_key", "-id"], name="reports_correction_person")]

    def __str__(self) -> str:
        return f"{self.person_key}: {self.status or 'withdrawn'}"


class ClassSummary(models.Model):
    """The stored figures of a class that is over.

    The columns from `room_version` to `early_s` say what the figures were made of. If one of these values has
    changed, the summary is made again (`summaries.outdated`).
    """

    room = models.OneToOneField(Room, on_delete=models.CASCADE, related_name="summary")
    made_at = models.DateTimeField()
    room_version = models.BigIntegerField(help_text="the sum for the class and its breakout rooms")
    projection_version = models.IntegerField(
        default=current_projection, help_text="`Room.projection_version` at that time"
    )
    figures_version = models.IntegerField(default=current_figures, help_text="`FIGURES_VERSION` at that time")
    class_list = models.ForeignKey(ClassList, null=True, on_delete=models.SET_NULL, related_name="+")
    list_version = models.ForeignKey(ListVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    list_number = models.IntegerField(default=0, help_text="`ClassList.version` that was used; 0: no list")
    late_s = models.FloatField(help_text="the threshold for being late, in seconds")
    early_s = models.FloatField(help_text="the threshold for leaving early, in seconds")
    starts_at = models.DateTimeField(null=True, help_text="null: unknown, or the class never began")
    ends_at = models.DateTimeField(null=True)
    students = models.IntegerField(default=0, help_text="listed people, or all students if there is no list")
    unlisted = models.IntegerField(default=0)
    events = models.IntegerField(default=0)
    gaps = models.JSONField(default=list, help_text="[[from, to], ..] in ms since 1970 UTC; null: unknown")
    recorded_ms = models.BigIntegerField(default=0)
    tracks = models.JSONField(
        default=dict,
        help_text='{"quiz", "poll", "recording": [[from, to, cloud id], ..]} in ms since 1970 UTC',
    )

    alerts = models.JSONField(default=list, help_text="rows of `alert_history.as_rows`")

    class Meta:
        indexes = [models.Index(fields=["starts_at"], name="reports_summary_start")]

    def __str__(self) -> str:
        return f"summary of {self.room_id}"

    @property
    def is_complete(self) -> bool:
        """Return whether no event of the class is missing."""
        return not self.gaps


class PersonSummary(models.Model):
    """The stored figures of a person in a class that is over.

    `person_key` is the same in all classes with the same class list: ``id:`` and the cloud user id, or
    ``name:`` and the exact key of the name if the class list names the person without an id. `status` is the
    measured status; `final_status` is the corrected one. A row keeps its id when the summary is made again.
    Times in `spans` are in ms since 1970 UTC: {"present", "stage", "hand", "camera": [[from, to], ..]}.
    """

    summary = models.ForeignKey(ClassSummary, on_delete=models.CASCADE, related_name="people")
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+")
    person_key = models.CharField(max_length=300)
    user_uuid = models.CharField(max_length=255, blank=True, help_text="the first cloud user id, if any")
    more_ids = models.JSONField(default=list, help_text="further cloud user ids with which the person joined")
    name = models.CharField(max_length=255, blank=True)
    list_name = models.CharField(max_length=255, blank=True)
    group = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.STUDENT)
    counts = models.BooleanField(default=True, help_text="one of `ClassSummary.students`")
    status = models.CharField(max_length=20, blank=True, choices=STATUSES)
    correction = models.ForeignKey(Correction, null=True, on_delete=models.SET_NULL, related_name="+")
    first_in = models.DateTimeField(null=True)
    last_out = models.DateTimeField(null=True)
    present_ms = models.BigIntegerField(default=0)
    share = models.FloatField(null=True)
    late_ms = models.BigIntegerField(null=True)
    left_early_ms = models.BigIntegerField(null=True)
    reconnects = models.IntegerField(default=0)
    chat = models.IntegerField(default=0)
    hands = models.IntegerField(default=0, help_text="how often the person raised a hand")
    stage_ms = models.BigIntegerField(default=0)
    camera_ms = models.BigIntegerField(default=0)
    answers = models.IntegerField(default=0, help_text="of quizzes and polls")
    correct = models.IntegerField(default=0, help_text="correct answers of quizzes")
    graded = models.IntegerField(
        default=0, help_text="answers of quizzes that are known to be correct or incorrect"
    )
    rewards = models.IntegerField(default=0)
    spans = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["summary", "person_key"], name="reports_person_once"),
        ]
        indexes = [
            models.Index(fields=["person_key", "room"], name="reports_person_key"),
            models.Index(fields=["user_uuid"], name="reports_person_user"),
        ]

    def __str__(self) -> str:
        return name_or_unnamed(self.list_name or self.name)

    @property
    def is_corrected(self) -> bool:
        return self.correction is not None

    @property
    def final_status(self) -> str:
        """Return the corrected status or, if it was not corrected, the measured one. "" means unknown."""
        return self.correction.status if self.correction is not None else self.status

    @property
    def final_status_label(self) -> str:
        """Return the word for `final_status`."""
        return str(dict(STATUSES).get(self.final_status, ""))

    @property
    def has_attended(self) -> bool:
        """Return whether the person attended, according to `final_status`."""
        return self.final_status not in ("", Status.ABSENT, Status.EXCUSED)
