"""Create the demo's accounts, and check whether the demo is ready."""

from pathlib import Path

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection, transaction
from django.utils.crypto import get_random_string

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.rooms.models import Room, Supervision
from classroom_admin.runtime import demo
from classroom_admin.runtime.installation import CannotStart

PASSWORD = "classroom"
ADMINISTRATOR = "admin@school.test"
# The email, name, and cloud user id. Teachers of the simulated school enter classrooms with these ids.
TEACHERS = (
    ("teacher@school.test", "Demo Teacher", "teacher-1"),
    ("teacher2@school.test", "Second Teacher", "teacher-2"),
)
# The email, name and role. The sets of all but the auditor contain the first teacher.
OTHERS = (
    ("coordinator@school.test", "Demo Coordinator", User.Role.COORDINATOR),
    ("assistant@school.test", "Demo Assistant", User.Role.ASSISTANT),
    ("observer@school.test", "Demo Observer", User.Role.OBSERVER),
    ("auditor@school.test", "Demo Auditor", User.Role.AUDITOR),
)


def refuse_a_schools_data(data_dir: Path) -> None:
    """Raise ``CannotStart`` if the database has people or rooms that do not belong to a demo."""
    if demo.is_demo(data_dir):
        return
    tables = connection.introspection.table_names()
    if any(model._meta.db_table in tables and model._default_manager.exists() for model in (User, Room)):
        raise CannotStart(
            f"{data_dir} holds a school's data, not a demo. Choose another with DATA_DIR=/path."
        )


@transaction.atomic
def open_accounts() -> None:
    """Create the demo's accounts if they do not exist."""
    if User.objects.filter(email=ADMINISTRATOR).exists():
        return
    # Everyone knows the password, so a slow hash would only delay the start. The first sign-in rehashes it.
    hashed = PBKDF2PasswordHasher().encode(PASSWORD, salt=get_random_string(22), iterations=1000)
    User.objects.create_superuser(ADMINISTRATOR, name="Demo Administrator")
    for email, name, user_uuid in TEACHERS:
        teacher = User.objects.create_user(email, name=name)
        CloudIdentity.objects.create(user=teacher, user_uuid=user_uuid)
    first = User.objects.get(email=TEACHERS[0][0])
    for email, name, role in OTHERS:
        person = User.objects.create_user(email, name=name, role=role)
        if permissions.has_set(role):
            Supervision.objects.create(person=person, teacher=first)
    made = [ADMINISTRATOR, *(email for email, _, _ in (*TEACHERS, *OTHERS))]
    User.objects.filter(email__in=made).update(password=hashed, second_factor_exempt=True)


def is_alive() -> bool:
    """Return whether the demo's first events have been projected."""
    return Room.objects.filter(version__gt=0).exists()


def welcome(address: str, *, join_address: str = "") -> str:
    """Return the message for the start of the demo. It lists the accounts and a link for students."""
    people = [
        (ADMINISTRATOR, "administrator"),
        *((email, "teacher") for email, _, _ in TEACHERS),
        *((email, role.value) for email, _, role in OTHERS),
    ]
    lines = [
        "",
        f"  Classroom Admin is ready at {address}",
        "",
        *(f"    {email:<26}{PASSWORD:<12}{role}" for email, role in people),
        *(("", f"  Join a class as a student: {join_address}") if join_address else ()),
        "",
        "  Stop it with Ctrl-C. The data stays; RESET=1 starts with new data.",
        "",
    ]
    return "\n".join(lines)
