"""Store an uploaded file with accounts, and import it. An import changes everything or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext

from classroom_admin.accounts import mail, permissions
from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import account_changes, class_list_files, invitations
from classroom_admin.actions.account_files.comparison import Account, Change, Plan, compare
from classroom_admin.actions.account_files.rows import AccountContents, AccountRow, read_accounts
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit import record
from classroom_admin.common.csv_files import csv_text
from classroom_admin.rooms.class_list_files.contents import Options
from classroom_admin.rooms.models import ClassListFile

HEADERS = ("name", "e-mail", "role", "active")
USER_ID_HEADER = "cloud user id"


def store_file(*, actor: User, name: str, content: bytes) -> ClassListFile:
    """Store an uploaded file with accounts. Raise UnreadableFile if it is infected or not a table."""
    permissions.require(actor, Permission.PEOPLE)
    return class_list_files.keep_file(
        actor=actor, class_list=None, name=name, content=content, read=read_accounts, of_accounts=True
    )


def contents_of(file: ClassListFile) -> AccountContents:
    """Read the file with the options that its owner chose. Raise UnreadableFile if it is not a table."""
    return read_accounts(bytes(file.content), Options(**file.options))


def plan_of(*, actor: User, rows: Sequence[AccountRow], new_role: str) -> Plan:
    """Return what an import of the rows would do now."""
    permissions.require(actor, Permission.PEOPLE)
    return compare(rows, all_accounts(), actor_pk=actor.pk, new_role=new_role)


def import_accounts(
    *,
    actor: User,
    rows: Sequence[AccountRow],
    new_role: str,
    invite: bool,
    seen: str | None = None,
    file: ClassListFile | None = None,
) -> Plan:
    """Import the rows, and delete the stored file. Return what was done.

    `seen` is the digest of the plan on the person's page. If `invite`, each new active person gets a mail
    with a link to choose a password. Raise ActionRefused, and change nothing, if a row can't be imported or
    if the plan is another one now.
    """
    permissions.require(actor, Permission.PEOPLE)
    if invite and not mail.is_set_up():
        raise ActionRefused(gettext("This dashboard can't send mail, so it can't invite people."))
    with account_changes.one_writer():
        addresses = [row.email for row in rows]
        account_changes.lock(actor, User.objects.filter(email__in=addresses))
        plan = plan_of(actor=actor, rows=rows, new_role=new_role)
        if plan.problems:
            raise ActionRefused(str(plan.problems[0]))
        if seen is not None and seen != plan.digest:
            raise ActionRefused(
                gettext("Accounts have changed since you opened the preview. Check it again.")
            )
        _save(plan, actor=actor, invite=invite)
        if plan.any:
            record.done(
                actor=actor, action="account.import", target=file.name if file else "", params=plan.counts
            )
        if file is not None:
            file.delete()
    return plan


def all_accounts() -> list[Account]:
    """Return all accounts of the dashboard, with their cloud user ids."""
    found = User.objects.prefetch_related("identities").order_by("name", "email", "pk")
    return [
        Account(
            pk=person.pk,
            name=person.name,
            email=person.email,
            role=person.role,
            active=person.is_active,
            user_ids=tuple(sorted(one.user_uuid for one in person.identities.all())),
        )
        for person in found
    ]


def people_csv(*, actor: User) -> str:
    """Return all accounts as a CSV file that can be changed and imported again."""
    permissions.require(actor, Permission.PEOPLE)
    accounts = all_accounts()
    record.done(actor=actor, action="account.download", params={"accounts": len(accounts)})
    most = max([1, *(len(account.user_ids) for account in accounts)])
    rows = [
        (
            account.name,
            account.email,
            account.role,
            "yes" if account.active else "no",
            *account.user_ids,
            *[""] * (most - len(account.user_ids)),
        )
        for account in accounts
    ]
    return csv_text([(*HEADERS, *[USER_ID_HEADER] * most), *rows])


def choose(file: ClassListFile, options: Mapping[str, Any]) -> None:
    """Store the ``Options`` that the owner chose for a file."""
    class_list_files.choose(file, options)


def _save(plan: Plan, *, actor: User, invite: bool) -> None:
    people = User.objects.in_bulk([change.after.pk for change in plan.changes if change.after.pk])
    changed = [change for change in plan.changes if change.has_new_details]
    # Two people can exchange ids, so first remove all ids that a person loses.
    for change in changed:
        if change.before and change.before.user_ids != change.after.user_ids:
            _lost_ids(change).delete()
    for change in plan.created:
        _create(change, actor=actor, invite=invite)
    for change in changed:
        account = change.after
        account_changes.save_details(
            people[account.pk or 0],
            actor=actor,
            before=_described(change.before or account),
            name=account.name,
            email=account.email,
            role=account.role,
            user_uuids=account.user_ids,
        )
    for change in plan.reactivated:
        account_changes.reactivate(people[change.after.pk or 0], actor=actor)
    for change in plan.deactivated:
        account_changes.deactivate(people[change.after.pk or 0], actor=actor)


def _described(account: Account) -> dict[str, Any]:
    """Return the details of an account as `account_changes.described` does, without a query."""
    return {
        "email": account.email,
        "name": account.name,
        "role": account.role,
        "cloud_user_ids": list(account.user_ids),
    }


def _lost_ids(change: Change) -> Any:
    return CloudIdentity.objects.filter(user=change.after.pk).exclude(user_uuid__in=change.after.user_ids)


def _create(change: Change, *, actor: User, invite: bool) -> None:
    account = change.after
    person = account_changes.add_account(
        actor=actor,
        name=account.name,
        email=account.email,
        role=account.role,
        user_uuids=account.user_ids,
        is_active=account.active,
    )
    if invite and account.active:
        invitations.schedule(person, by=actor)
