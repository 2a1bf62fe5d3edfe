"""Models of LTI: platforms, our keys, launches, and the courses and links of platforms."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from classroom_admin.common.random_text import new_key
from classroom_admin.rooms.models import ClassList, Room

LONGEST_ADDRESS = 2000


class Platform(models.Model):
    """A learning platform that may open the dashboard.

    `deployment_ids` are separated by spaces; empty: every deployment of the client id. `token_audience` is
    the audience that the token address expects; empty: the token address itself. `frame_origins` are further
    origins, separated by spaces, whose pages may show a launch in a frame.
    """

    key = models.CharField(max_length=16, unique=True, default=new_key)
    label = models.CharField(max_length=60)
    issuer = models.CharField(max_length=250)
    client_id = models.CharField(max_length=250)
    deployment_ids = models.TextField(blank=True)
    login_url = models.CharField(max_length=500)
    token_url = models.CharField(max_length=500)
    jwks_url = models.CharField(max_length=500)
    token_audience = models.CharField(max_length=500, blank=True)
    frame_origins = models.TextField(blank=True)
    link_by_email = models.BooleanField(
        default=False, help_text="a teacher gets the account with the email address that the platform sends"
    )
    create_accounts = models.BooleanField(
        default=False, help_text="a teacher without an account gets a new one with the role teacher"
    )
    is_on = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("label", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "client_id"], name="lti_platform_once")
        ]

    def __str__(self) -> str:
        return self.label


class SigningKey(models.Model):
    """A key pair with which we sign. `private_pem` is encrypted (`common.encryption`).

    The key with `is_signing` signs. A retired key stays published for a time (`keys.PUBLISHED_FOR`).
    """

    kid = models.CharField(max_length=32, unique=True)
    private_pem = models.TextField()
    public_jwk = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True)
    is_signing = models.BooleanField(null=True, default=True, help_text="true or null, so that one key signs")

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["is_signing"], name="lti_one_key_signs")]

    def __str__(self) -> str:
        return self.kid


class AccountLink(models.Model):
    """The account of the person whom a platform calls `sub`."""

    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="accounts")
    sub = models.CharField(max_length=255)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["platform", "sub"], name="lti_account_once")]

    def __str__(self) -> str:
        return f"account of {self.user_id}"


class Course(models.Model):
    """A course of a platform. Its members become the people of `class_list`."""

    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="courses")
    deployment_id = models.CharField(max_length=255)
    context_id = models.CharField(max_length=255)
    title = models.CharField(max_length=255, blank=True)
    members_url = models.CharField(max_length=LONGEST_ADDRESS, blank=True)
    class_list = models.OneToOneField(ClassList, null=True, on_delete=models.SET_NULL, related_name="+")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="the teacher who chose the first class; owns the class list",
    )
    updated_at = models.DateTimeField(default=timezone.now)
    members_read_at = models.DateTimeField(null=True)
    members_due_at = models.DateTimeField(null=True, help_text="null: nothing is due")
    members_attempts = models.IntegerField(default=0, help_text="failures since the last success")
    members_problem = models.TextField(blank=True, help_text="`problems.to_text` of the last failure")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["platform", "deployment_id", "context_id"], name="lti_course_once"
            )
        ]
        indexes = [models.Index(fields=["members_due_at"], name="lti_course_due")]

    def __str__(self) -> str:
        return self.title or self.context_id


class Member(models.Model):
    """A person of a course: the platform's `sub`, and the cloud user id with which they join classes."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="members")
    sub = models.CharField(max_length=255)
    user_uuid = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["course", "sub"], name="lti_member_once"),
        ]
        indexes = [models.Index(fields=["user_uuid"], name="lti_member_user")]

    def __str__(self) -> str:
        return self.user_uuid


class CourseTeacher(models.Model):
    """A person with an account who teaches a course, as the platform says."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="teachers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["course", "user"], name="lti_course_teacher_once")
        ]

    def __str__(self) -> str:
        return f"teacher {self.user_id}"


class GivenClass(models.Model):
    """A class that a teacher got because they teach the course. Each class is given only once."""

    teacher = models.ForeignKey(CourseTeacher, on_delete=models.CASCADE, related_name="classes")
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+")
    is_new = models.BooleanField(help_text="false: the class was assigned to the teacher before")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["teacher", "room"], name="lti_given_class_once")
        ]

    def __str__(self) -> str:
        return f"class {self.room_id}"


class ResourceLink(models.Model):
    """An activity in a course that opens a class.

    Deep linking makes a row with a `key`, which the platform sends at each launch; `resource_link_id` is
    unknown until the first one. `room` is null until the cloud has created the class `room_uuid`.
    """

    class Grade(models.TextChoices):
        NONE = "none", _("nothing")
        ATTENDANCE = "attendance", _("the share of the class that each student attended")
        QUIZ = "quiz", _("the correct answers in the quizzes of the class")

    key = models.CharField(max_length=16, unique=True, default=new_key)
    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="links")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="links")
    resource_link_id = models.CharField(max_length=255, blank=True)
    title = models.CharField(max_length=255, blank=True)
    room = models.ForeignKey(Room, null=True, on_delete=models.CASCADE, related_name="+")
    room_uuid = models.CharField(max_length=64, blank=True, db_index=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now)
    grade = models.CharField(max_length=12, choices=Grade.choices, default=Grade.NONE)
    line_items_url = models.CharField(max_length=LONGEST_ADDRESS, blank=True)
    line_item_url = models.CharField(max_length=LONGEST_ADDRESS, blank=True)
    scopes = models.JSONField(default=list, help_text="what we may do with the gradebook")
    graded_at = models.DateTimeField(null=True, help_text="`ClassSummary.made_at` of the scores in the queue")
    corrected_up_to = models.BigIntegerField(default=0, help_text="the newest correction in the scores")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["course", "resource_link_id"],
                name="lti_link_once",
                condition=~models.Q(resource_link_id=""),
            )
        ]

    def __str__(self) -> str:
        return self.title or self.key

    @property
    def has_gradebook(self) -> bool:
        """Whether the platform offers a gradebook for the activity."""
        return bool(self.line_item_url or self.line_items_url)


class Score(models.Model):
    """The score of a member for a link. A row with `due_at` waits to be sent."""

    link = models.ForeignKey(ResourceLink, on_delete=models.CASCADE, related_name="scores")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="scores")
    given = models.FloatField()
    maximum = models.FloatField()
    due_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0, help_text="failures since the score changed")
    sent_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, help_text="`problems.to_text` of the last failure")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["link", "member"], name="lti_score_once")]
        indexes = [models.Index(fields=["due_at"], name="lti_score_due")]

    def __str__(self) -> str:
        return f"{self.given:g} of {self.maximum:g}"


class Launch(models.Model):
    """A launch, from the platform's request to the page that the person opens.

    `state_digest` and `ticket_digest` are SHA-256 hashes of secrets that are each used once: the state by the
    platform's answer, the ticket by the person's next step. `data` has what the next step needs.
    """

    class Kind(models.TextChoices):
        LOGIN = "login"
        OPEN = "open"
        CHOOSE = "choose"

    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.LOGIN)
    state_digest = models.CharField(max_length=64, unique=True)
    nonce = models.CharField(max_length=64)
    state_used_at = models.DateTimeField(null=True)
    ticket_digest = models.CharField(max_length=64, blank=True, db_index=True)
    ticket_used_at = models.DateTimeField(null=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    link = models.ForeignKey(ResourceLink, null=True, on_delete=models.CASCADE, related_name="+")
    course = models.ForeignKey(Course, null=True, on_delete=models.CASCADE, related_name="+")
    data = models.JSONField(default=dict)
    valid_until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"launch {self.pk}"


class RegistrationLink(models.Model):
    """A link with which a platform registers itself, once. `digest` is the SHA-256 of its code.

    The platform gets the values of `link_by_email` and `create_accounts`.
    """

    digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    valid_until = models.DateTimeField()
    link_by_email = models.BooleanField(default=False)
    create_accounts = models.BooleanField(default=False)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"registration link {self.pk}"
