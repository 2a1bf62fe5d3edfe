"""Read and change which mails a person gets, also with the signed address in a mail."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from classroom_admin.accounts.models import User
from classroom_admin.audit import record
from classroom_admin.common.signed_addresses import signer
from classroom_admin.integrations.mail.models import MailChoices, MailKind

_KINDS: Final = tuple(kind.value for kind in MailKind)


def chosen(person: User) -> dict[str, bool]:
    """Return whether the person gets each kind of mail."""
    row = MailChoices.objects.filter(person=person).first() or MailChoices(person=person)
    return {kind: bool(getattr(row, kind)) for kind in _KINDS}


def who_want(kind: MailKind) -> Q:
    """Return the condition that an account is active and gets this kind of mail."""
    wants = Q(**{f"mail_choices__{kind.value}": True})
    if getattr(MailChoices(), kind.value):  # the default of people without a row
        wants |= Q(mail_choices=None)
    return wants & Q(is_active=True)


def choose(*, person: User, kinds: Collection[str]) -> bool:
    """Save which kinds of mails the person gets, and record it. Return whether something changed."""
    wanted = {kind: kind in kinds for kind in _KINDS}
    with transaction.atomic():
        if wanted == chosen(person):
            return False
        MailChoices.objects.update_or_create(person=person, defaults=wanted)
        mails = [kind for kind in _KINDS if wanted[kind]]
        record.done(
            actor=person,
            action="account.mails",
            target=person.email,
            target_name=str(person),
            params={"mails": mails},
        )
    return True


def unsubscribe(*, person: User, kind: MailKind) -> None:
    """End one kind of mail for a person who need not be signed in, and record it once."""
    with transaction.atomic():
        if not chosen(person)[kind]:
            return
        MailChoices.objects.update_or_create(person=person, defaults={**chosen(person), kind.value: False})
        record.done(
            actor=None,
            action="account.unsubscribe",
            target=person.email,
            target_name=str(person),
            params={"mails": [kind.value]},
        )


def unsubscribe_path(person: User, kind: MailKind) -> str:
    """Return the path of the page that ends this kind of mail. It is signed, and valid for years."""
    return reverse("notices:unsubscribe", args=[_signer().sign(f"{person.pk}.{kind.value}")])


def subscription_in(token: str) -> tuple[User, MailKind] | None:
    """Return the person and the kind of mail in a signed address. Return None if it is not valid."""
    try:
        number, _dot, kind = _signer().unsign(token).partition(".")
    except BadSignature:
        return None
    person = User.objects.filter(pk=int(number), is_active=True).first()
    return (person, MailKind(kind)) if person is not None and kind in _KINDS else None


def _signer() -> Signer:
    return signer(salt="classroom_admin.integrations.mail", sep="~")
