"""The sets of teachers and class lists whose classes some people see because of their role."""

from django.conf import settings
from django.db import models


class Supervision(models.Model):
    """A teacher or a class list in the set of a coordinator, an assistant or an observer.

    The person sees the classes of the teacher, or the classes with the class list.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="supervised")
    teacher = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="supervisions"
    )
    class_list = models.ForeignKey(
        "rooms.ClassList", null=True, on_delete=models.CASCADE, related_name="supervisions"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(teacher__isnull=True) ^ models.Q(class_list__isnull=True),
                name="rooms_supervision_of_one",
            ),
            models.UniqueConstraint(fields=["person", "teacher"], name="rooms_supervised_teacher_once"),
            models.UniqueConstraint(fields=["person", "class_list"], name="rooms_supervised_list_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.teacher or self.class_list}"
