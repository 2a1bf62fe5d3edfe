"""Models of class lists, which name the people who should attend a class. The cloud does not store them."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from classroom_admin.common.random_text import new_key


class ClassList(models.Model):
    """A named list of people. Teachers see their own lists, and administrators see all lists."""

    key = models.CharField(max_length=16, unique=True, default=new_key)
    name = models.CharField(max_length=120)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="class_lists"
    )
    made_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    version = models.IntegerField(default=1, help_text="raised by each change of its people")
    mapping = models.JSONField(default=dict, help_text="what the columns of its last file hold, by header")
    late_after_minutes = models.FloatField(null=True, help_text="null: the school's LATE_AFTER_MINUTES")
    left_early_minutes = models.FloatField(null=True, help_text="null: the school's LEFT_EARLY_MINUTES")
    sourced_id = models.CharField(
        max_length=255, blank=True, help_text="of its class in a OneRoster export, which updates the list"
    )

    class Meta:
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name


class ListVersion(models.Model):
    """A version of the people on a class list. Classes that close keep the current version.

    Only `replaced_at` ever changes.
    """

    class_list = models.ForeignKey(ClassList, null=True, on_delete=models.SET_NULL, related_name="versions")
    number = models.IntegerField(help_text="`ClassList.version`")
    name = models.CharField(max_length=120)
    people = models.JSONField(default=list, help_text="[{name, user_uuid, group}]")
    replaced_at = models.DateTimeField(
        null=True, help_text="cloud time; null while the list has this version"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["class_list", "number"], name="rooms_list_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.number}"


class ListedPerson(models.Model):
    """A person on a class list, identified by a cloud user id or, if there is none, by name."""

    class_list = models.ForeignKey(ClassList, on_delete=models.CASCADE, related_name="people")
    name = models.CharField(max_length=255)
    user_uuid = models.CharField(max_length=64, blank=True)
    email = models.CharField(max_length=254, blank=True)
    group = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ("name", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["class_list", "user_uuid"],
                condition=~models.Q(user_uuid=""),
                name="rooms_listed_once",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ClassListFile(models.Model):
    """An uploaded file that is not applied to a class list yet. Only its owner sees the file.

    `class_list` is null for a OneRoster export, which fills a list for each class. `options` contains the
    owner's choices of `encoding`, `sheet`, `header_line`, `mapping` and `class_id`.
    """

    key = models.CharField(max_length=16, unique=True, default=new_key)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    class_list = models.ForeignKey(ClassList, null=True, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=255)
    content = models.BinaryField()
    options = models.JSONField(default=dict)
    stored_at = models.DateTimeField(db_index=True)
    of_accounts = models.BooleanField(
        default=False, db_default=False, help_text="its people sign in here; it is for no class list"
    )

    def __str__(self) -> str:
        return self.name
