"""Slow down people who guess passwords, codes and keys, without locking out the owner of an account.

Attempts count for each account and address together. So a stranger elsewhere does not delay the owner. A
browser in which the account has signed in before (a known device) has a count of its own, also where a
stranger uses the same address. All other browsers share two high limits: one of each address for all
accounts, which a school does not reach when everyone signs in at the same time, and one of each account for
passwords from all addresses, which only many machines together reach.

Call `check` before a secret is compared, and `succeeded` if it was right. An attempt counts as failed until
then, so many attempts at the same moment do not pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from classroom_admin.accounts import known_devices
from classroom_admin.accounts.models import User
from classroom_admin.accounts.throttling_models import Attempts
from classroom_admin.common import clock
from classroom_admin.common.client_address import client_address, client_network

SIGN_IN: Final = "sign_in"
KINDS: Final = (SIGN_IN, "second_factor", "reauthentication", "first_run")
FREE: Final = 5
"""The attempts on one account from one address before the first delay."""
FREE_OF_KNOWN_DEVICE: Final = 10
FIRST_DELAY_S: Final = 60.0
LONGEST_DELAY_S: Final = 900.0
FORGET_AFTER: Final = timedelta(days=1)
ADDRESS: Final = "address"
ADDRESS_LIMIT: Final = 200
"""The failed attempts of one address on all accounts, before it must wait."""
ADDRESS_PER_S: Final = 10 / 60
"""The failed attempts per second that an address may continue with."""
ACCOUNT: Final = "account"
ACCOUNT_LIMIT: Final = 500
"""The wrong passwords for one account from all unknown devices, before they must wait."""
ACCOUNT_PER_S: Final = 1 / 60
"""The wrong passwords per second with which all unknown devices together may continue."""
GUESSES: Final = 500
"""The wrong guesses of one address at secrets of no account, before it must wait. When a link was renewed, a
whole school may try the old one.
"""
GUESSES_PER_S: Final = 1.0
"""The wrong guesses per second that an address may continue with."""
CODE: Final = "too_many_attempts"


class TooManyAttempts(ValidationError):
    """Raised for an attempt that comes too early. A form shows its message, other views get status 429."""

    def __init__(self, wait_s: float) -> None:
        self.wait_s = max(1, ceil(wait_s))
        super().__init__(wait_words(self.wait_s), code=CODE)


@dataclass(frozen=True, slots=True)
class _Who:
    account: str
    place: str
    is_known_device: bool
    address: str

    @property
    def free(self) -> int:
        return FREE_OF_KNOWN_DEVICE if self.is_known_device else FREE


@dataclass(frozen=True, slots=True)
class _Limit:
    """A row of `Attempts` that may count up to `most`, and of which `per_s` attempts expire each second."""

    kind: str
    account: str
    place: str
    most: int
    per_s: float


def check(kind: str, account: User | str, request: HttpRequest) -> None:
    """Count an attempt on `account`, an account or the email address that was entered.

    Raise TooManyAttempts if the attempt comes too early; then the caller must not compare the secret. Raise
    ValueError if `kind` is unknown.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of attempt.")
    who, now = _who(account, request), clock.now()
    try:
        _count(kind, who, now)
    except TooManyAttempts as refused:
        request.throttled_s = refused.wait_s  # type: ignore[attr-defined]  # read by the middleware
        raise


def succeeded(kind: str, account: User | str, request: HttpRequest) -> None:
    """Forget the attempts of this kind on `account` from here, because the secret was right."""
    who = _who(account, request)
    Attempts.objects.filter(account=who.account, place=who.place, kind=kind).delete()
    for limit in _shared_limits(kind, who):
        fewer = Greatest(F("count") - 1.0, 0.0)
        Attempts.objects.filter(account=limit.account, place=limit.place, kind=limit.kind).update(count=fewer)


def forgive(account: User | str) -> None:
    """Forget all attempts on `account`, so that a new password works immediately."""
    Attempts.objects.filter(account=account_hash(account)).delete()


def delay_s(count: float, *, free: int) -> float:
    """Return how long (s) to wait after `count` attempts: 1, 2, 4, 8, and then 15 minutes."""
    if count < free:
        return 0.0
    doublings = min(int(count) - free, 10)
    return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0**doublings)


def wait_words(seconds: int) -> str:
    """Return a message that says when the next attempt is possible."""
    if seconds < 90:
        return ngettext(
            "Too many failed attempts. Try again in %(count)d second.",
            "Too many failed attempts. Try again in %(count)d seconds.",
            seconds,
        ) % {"count": seconds}
    minutes = ceil(seconds / 60)
    return ngettext(
        "Too many failed attempts. Try again in %(count)d minute.",
        "Too many failed attempts. Try again in %(count)d minutes.",
        minutes,
    ) % {"count": minutes}


def _count(kind: str, who: _Who, now: datetime) -> None:
    with transaction.atomic():
        pair, is_new = _locked(kind, who.account, who.place, now)
        if now - pair.last_at >= FORGET_AFTER:
            pair.count = 0
        clock_was_set_back = pair.last_at > now
        pair.last_at = min(pair.last_at, now)
        wait_s = delay_s(pair.count, free=who.free) - (now - pair.last_at).total_seconds()
        shared = []
        for limit in _shared_limits(kind, who):
            row, _ = _locked(limit.kind, limit.account, limit.place, now)
            passed_s = max(0.0, (now - row.last_at).total_seconds())
            row.count = max(0.0, row.count - passed_s * limit.per_s)
            wait_s = max(wait_s, (row.count + 1 - limit.most) / limit.per_s)
            shared.append(row)
        if wait_s > 0 and not clock_was_set_back:
            raise TooManyAttempts(wait_s)  # and keep no row of a refused attempt
        if wait_s > 0:
            pair.save(update_fields=["last_at"])  # the wait begins anew, so that it ends in time
        for row in (pair, *shared) if wait_s <= 0 else ():
            row.count += 1
            row.last_at = now
            row.save(update_fields=["count", "last_at"])
    if wait_s > 0:
        raise TooManyAttempts(wait_s)
    if is_new:
        Attempts.objects.filter(last_at__lt=now - FORGET_AFTER).delete()


def _shared_limits(kind: str, who: _Who) -> list[_Limit]:
    """Return the limits that a browser shares with others. A known device shares none.

    The order is always the same, so two attempts that lock their rows do not block each other.
    """
    if who.is_known_device:
        return []
    limits = [_Limit(ADDRESS, "", who.address, ADDRESS_LIMIT, ADDRESS_PER_S)]
    if kind == SIGN_IN:
        limits.append(_Limit(ACCOUNT, who.account, "", ACCOUNT_LIMIT, ACCOUNT_PER_S))
    return limits


def _locked(kind: str, account: str, place: str, now: datetime) -> tuple[Attempts, bool]:
    rows = Attempts.objects.select_for_update()
    return rows.get_or_create(account=account, place=place, kind=kind, defaults={"last_at": now})


def _who(account: User | str, request: HttpRequest) -> _Who:
    hashed = account_hash(account)
    address = _address(request)
    device = known_devices.device_of(request, hashed)
    place = _hash("device", device) if device else address
    return _Who(account=hashed, place=place, is_known_device=bool(device), address=address)


def account_hash(account: User | str) -> str:
    """Return the name of an account in the table of attempts and in the cookie of known devices."""
    email = account if isinstance(account, str) else account.email
    return _hash("account", email.strip().lower())


def _hash(what: str, value: str) -> str:
    return salted_hmac(f"classroom_admin.accounts.throttling.{what}", value, algorithm="sha256").hexdigest()


def check_address(kind: str, request: HttpRequest, *, browser: str = "") -> None:
    """Raise TooManyAttempts if this address has guessed too often. Nothing is counted or written.

    This is for secrets that belong to no account, such as the link of a class. A known browser, if `browser`
    has its id, has a count of its own, so that its neighbours do not matter.
    """
    row = Attempts.objects.filter(account="", place=_place(request, browser), kind=kind).first()
    if row is not None:
        wait_s = (_guesses(row, clock.now()) + 1 - GUESSES) / GUESSES_PER_S
        if wait_s > 0:
            raise TooManyAttempts(wait_s)


def failed_from_address(kind: str, request: HttpRequest, *, browser: str = "") -> None:
    """Count a wrong guess of this address or known browser. Raise TooManyAttempts if it was one too many."""
    now = clock.now()
    with transaction.atomic():
        row, is_new = _locked(kind, "", _place(request, browser), now)
        row.count = min(_guesses(row, now) + 1, float(GUESSES))
        row.last_at = now
        row.save(update_fields=["count", "last_at"])
    if is_new:
        Attempts.objects.filter(last_at__lt=now - FORGET_AFTER).delete()
    if row.count >= GUESSES:
        raise TooManyAttempts(1 / GUESSES_PER_S)


def _guesses(row: Attempts, now: datetime) -> float:
    return max(0.0, row.count - max(0.0, (now - row.last_at).total_seconds()) * GUESSES_PER_S)


def _place(request: HttpRequest, browser: str) -> str:
    return _hash("browser", browser) if browser else _address(request)


def _address(request: HttpRequest) -> str:
    return _hash("place", client_network(client_address(request)))
