"""The substitutions of teachers, by class or by series."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Substitution(models.Model):
    """A teacher who substitutes for a time, in one class or in all classes of a series.

    From `starts_at` until `ends_at`, the teacher sees and controls the class, and is expected to teach it.
    Only `ends_at` may change later, so the table shows who taught as a substitute.
    """

    teacher = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="substitutions"
    )
    room = models.ForeignKey("rooms.Room", null=True, on_delete=models.CASCADE, related_name="substitutions")
    # The only reference to a higher package (as text). With it, the substitution covers later classes, too.
    series = models.ForeignKey(
        "actions.Series", null=True, on_delete=models.CASCADE, related_name="substitutions"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["teacher", "ends_at"], name="rooms_substitution_teacher")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(room__isnull=True) ^ models.Q(series__isnull=True),
                name="rooms_substitution_of_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.teacher} until {self.ends_at:%Y-%m-%d %H:%M}"
