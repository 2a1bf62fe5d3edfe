"""Tell pages the age of their data: the time since the cloud last responded to a request for events."""

from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import Subquery
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django_htmx.http import trigger_client_event

from classroom_admin.common import clock
from classroom_admin.common.problem_texts import stored_in_words
from classroom_admin.common.problems import from_text
from classroom_admin.sync.models import Lease
from classroom_admin.sync.polling_pace import longest_interval_s

# In these cases the cloud answers but refuses our requests, so waiting does not help.
_REFUSED: Final = ("poll_unauthorized", "poll_no_such_address", "poll_refused")


def brought_along() -> dict[str, Any]:
    """Return query annotations that provide the same values as `read`. They save a separate query."""
    lease = Lease.objects.filter(app_id=settings.AGORA.app_id)
    return {
        "polled_at": Subquery(lease.values("last_good_at")[:1]),
        "poll_error": Subquery(lease.values("last_error")[:1]),
    }


def read() -> tuple[datetime | None, str]:
    """Return the time of the cloud's last response and the current problem, or "" if there is none."""
    lease = Lease.objects.filter(app_id=settings.AGORA.app_id)
    return lease.values_list("last_good_at", "last_error").first() or (None, "")


def outage_after_s() -> float:
    """Return the age in seconds at which pages report that the cloud does not respond."""
    return max(8.0, 5.0 + 3 * longest_interval_s())


def trouble_in_words(error: str | None, *, administrator: bool) -> str:
    """Return a stored problem as text in the active language, or "" if there is none.

    Administrators read what to check. Teachers read what the problem means for the class.
    """
    if not error or administrator:
        return stored_in_words(error)
    problem = from_text(error)
    code = problem.code if problem is not None else ""
    if code in _REFUSED:
        return _("The cloud refuses the connection of this school. Ask an administrator to open Settings.")
    if code == "poll_disk_full":
        return _("The server's disk is full. Your class continues. Tell an administrator.")
    if code == "poll_rate_limited":
        return _("The cloud limits our requests. This page catches up automatically.")
    return _("The cloud can't be reached. Your class continues. This page catches up automatically.")


def database_trouble() -> str:
    """Return what the banner of open pages says while the database is away, in the active language."""
    return _("The dashboard can't use its database at the moment. This page catches up automatically.")


def tell(
    answer: HttpResponse,
    polled_at: datetime | None,
    error: str | None = "",
    *,
    administrator: bool = False,
    ticket: str = "",
) -> HttpResponse:
    """Add the browser event `live:polled` to a response, so that the page can show the age of its data.

    The event contains the age in seconds, because the browser's clock may be wrong. Its field `trouble` is
    the problem as text. The field is not named `error`, because htmx would log it to the console.
    """
    age = None if polled_at is None else round((clock.now() - polled_at).total_seconds(), 1)
    detail: dict[str, Any] = {"age": age, "trouble": trouble_in_words(error, administrator=administrator)}
    if ticket:
        detail["ticket"] = ticket
    return trigger_client_event(answer, "live:polled", detail)
