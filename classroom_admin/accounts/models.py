"""Models of people who sign in, and of the cloud user ids with which they enter classrooms."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

from classroom_admin.accounts import permissions
from classroom_admin.accounts.api_models import ApiToken as ApiToken
from classroom_admin.accounts.api_models import IdempotentRequest as IdempotentRequest
from classroom_admin.accounts.face_models import SchoolFace as SchoolFace
from classroom_admin.accounts.face_models import SchoolLogo as SchoolLogo
from classroom_admin.accounts.sign_on_models import EmergencyLink as EmergencyLink
from classroom_admin.accounts.sign_on_models import SignOnProvider as SignOnProvider
from classroom_admin.accounts.throttling_models import Attempts as Attempts
from classroom_admin.common.search_field import SearchField


class UserManager(BaseUserManager["User"]):
    """The manager of accounts. The email address is the sign-in name."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        if not email:
            raise ValueError("An account needs an email address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an administrator. `manage.py createsuperuser` uses this for the first administrator."""
        fields.setdefault("role", User.Role.ADMINISTRATOR)
        fields.setdefault("is_superuser", True)
        return self.create_user(email, password, **fields)

    def with_address(self, email: str) -> "User | None":
        """Return the account with this address, in any case, or None.

        PostgreSQL also finds an account whose address has other letters, such as "i" for "ı" (without a dot).
        """
        found = self.filter(email__iexact=email) if email else self.none()
        return next((one for one in found if one.email.lower() == email.lower()), None)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """The account of a person. `accounts.permissions` says what each role may do."""

    Role = permissions.Role

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    search = SearchField(of=("name", "email"))
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.TEACHER)
    all_classes = models.BooleanField(
        default=False, db_default=False, help_text="of an observer: sees every class, not only those of a set"
    )
    is_active = models.BooleanField(default=True)
    time_zone = models.CharField(max_length=64, blank=True, help_text="IANA name; empty: the browser's")
    language = models.CharField(max_length=16, blank=True, help_text="empty: the browser's")
    created_at = models.DateTimeField(default=timezone.now)
    must_change_password = models.BooleanField(
        default=False, help_text="an administrator chose the password; every page leads to the first steps"
    )
    role_given_by = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="the school sign-on provider whose rule gave the role; empty: a person gave it",
    )
    sessions_ended = models.PositiveIntegerField(
        default=0, help_text="raised by one to end every session of the person"
    )
    has_second_factor = models.BooleanField(
        default=False,
        db_default=False,
        help_text="has an authenticator app or a passkey; signals keep it up to date",
    )
    second_factor_exempt = models.BooleanField(
        default=False, db_default=False, help_text="needs no second factor, such as an account of the demo"
    )

    dismissed_banner = models.PositiveIntegerField(
        default=0, db_default=0, help_text="the number of the announcement that the person has dismissed"
    )

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []
    objects = UserManager()

    class Meta:
        ordering = ("name", "email")
        indexes = [models.Index(fields=["search", "id"], name="accounts_user_search")]

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the account. If it gets a new password, its API tokens are no longer valid.

        They stay valid if Django only stores the same password with a newer hash.
        """
        has_new_password = getattr(self, "_password", None) is not None and self.pk is not None
        super().save(*args, **kwargs)
        if has_new_password:
            ApiToken.objects.filter(user=self).delete()

    @property
    def is_administrator(self) -> bool:
        return self.role == self.Role.ADMINISTRATOR

    @property
    def needs_second_factor(self) -> bool:
        """Whether the person must set up a second factor before they may do anything else.

        In a session that came through school sign-on, that sign-on may count as one
        (`sign_on.counts_as_second_factor`).
        """
        if self.has_second_factor or self.second_factor_exempt:
            return False
        required: str = settings.SECOND_FACTOR
        return required == "everyone" or (required == "administrators" and self.is_administrator)

    @property
    def must_set_up(self) -> bool:
        """Whether the person must first choose a password or set up a second factor. All else is closed."""
        return self.must_change_password or self.needs_second_factor

    @property
    def may(self) -> dict[str, bool]:
        """Whether the person has each permission, by its name. It is for templates."""
        return permissions.as_flags(self.role)

    def get_session_auth_hash(self) -> str:
        """Return a hash that is stored in each session. A session with another hash is no longer valid.

        The hash changes with the password and with `sessions_ended`.
        """
        return self._session_hash(settings.SECRET_KEY)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._session_hash(secret)

    def _session_hash(self, secret: str | bytes) -> str:
        value = f"{self.password} {self.sessions_ended}"
        return salted_hmac(
            "classroom_admin.accounts.session", value, secret=secret, algorithm="sha256"
        ).hexdigest()


class CloudIdentity(models.Model):
    """A cloud user id of a person. If this id enters a class as a teacher, the person may see the class."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    user_uuid = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ("user_uuid",)
        verbose_name_plural = "cloud identities"

    def __str__(self) -> str:
        return self.user_uuid


class CalendarFeed(models.Model):
    """A person's calendar feed. Its URL contains ``code`` and a signature."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="calendar_feed")
    code = models.CharField(max_length=40, unique=True)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"calendar of {self.user_id}"


class PasswordLink(models.Model):
    """A link with which a person chooses a password, once. A newer link of the same kind replaces it.

    ``digest`` is the SHA-256 of the secret in the link.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="password_links")
    digest = models.CharField(max_length=64, unique=True)
    valid_until = models.DateTimeField()
    is_forgotten = models.BooleanField(
        default=False, db_default=False, help_text="someone asked for it on the sign-in page"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "is_forgotten"], name="accounts_link_of_each_kind")
        ]

    def __str__(self) -> str:
        return f"password link of {self.user_id}"


class FirstRun(models.Model):
    """The random number from which `accounts.first_run` makes its code: one row, or none."""

    number = models.CharField(max_length=32)

    def __str__(self) -> str:
        return "first run"
