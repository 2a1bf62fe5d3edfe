"""Create the first administrator of an installation, with the one-time code from the log."""

from typing import Final

from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts import first_run, throttling
from classroom_admin.accounts.models import User
from classroom_admin.actions.account_changes import one_writer
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.people import clean_details, require_free
from classroom_admin.audit import record
from classroom_admin.audit.bounds import within
from classroom_admin.audit.models import Step
from classroom_admin.common.client_address import client_address, client_network

KIND: Final = "first_run"
ACCOUNT: Final = "the first administrator"
"""The account under which `accounts.throttling` counts attempts, because there is none yet."""
_MOST_FAILURES: Final = 30
"""How many wrong codes of a client network are recorded in a minute."""


class FirstRunIsOver(Exception):
    """Raised if there is an administrator already, for example because another browser was faster."""


@sensitive_variables()
def create_administrator(request: HttpRequest, *, code: str, email: str, name: str, password: str) -> User:
    """Create the first administrator. The code and the page then no longer work.

    The caller has checked the password. Raise TooManyAttempts if the attempt comes too early, ActionRefused
    for a wrong code or an invalid value (its `field` names the form field), and FirstRunIsOver.
    """
    email, name, _ids = clean_details(email=email, name=name, role=User.Role.ADMINISTRATOR, user_uuids=())
    throttling.check(KIND, ACCOUNT, request)
    if not first_run.is_right(code):
        if not first_run.is_open():
            raise FirstRunIsOver
        _record_failure(request)
        raise ActionRefused(
            gettext("This is not the code. Enter the one that the log of the dashboard shows."), "code"
        )
    throttling.succeeded(KIND, ACCOUNT, request)
    hashed = make_password(password)  # outside of the transaction, because it takes long
    with one_writer():
        if not first_run.use_up():
            raise FirstRunIsOver
        require_free(email=email, user_uuids=())  # after the code, because the answer names a person
        person = User.objects.create_superuser(email, name=name)
        person.password = hashed
        person.save(update_fields=["password"])
        record.done(
            actor=person,
            action="account.first_administrator",
            target=person.email,
            target_name=str(person),
        )
    return person


def _record_failure(request: HttpRequest) -> None:
    network = client_network(client_address(request))
    if within("account.first_code_failed", network, most=_MOST_FAILURES):
        record.done(actor=None, action="account.first_code_failed", outcome=Step.Kind.FAILED)
