"""The substitutions of teachers: in a class, a series, the classes with a list, or those of a teacher."""

from django.conf import settings
from django.db import models
from django.utils import timezone


def _only_one(*fields: str) -> models.Q:
    """Return the condition that exactly one of the fields is not null."""
    found = models.Q()
    for field in fields:
        found |= models.Q(**{f"{other}__isnull": other != field for other in fields})
    return found


class Substitution(models.Model):
    """A teacher who substitutes for a time.

    They substitute in one class, in all classes of a series, in all classes with a class list, or in all
    classes of another teacher (`of_teacher`).

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
    class_list = models.ForeignKey(
        "rooms.ClassList", null=True, on_delete=models.CASCADE, related_name="substitutions"
    )
    of_teacher = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="substituted"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["teacher", "ends_at"], name="rooms_substitution_teacher")]
        constraints = [
            models.CheckConstraint(
                condition=_only_one("room", "series", "class_list", "of_teacher"),
                name="rooms_substitution_of_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.teacher} until {self.ends_at:%Y-%m-%d %H:%M}"
