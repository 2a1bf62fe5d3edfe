"""Choose the set of a coordinator, an assistant or an observer: whose classes the person sees."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit import record
from classroom_admin.rooms.models import ClassList, Supervision


def choose_set(
    *, actor: User, person: User, teachers: Collection[User], lists: Collection[ClassList], everything: bool
) -> bool:
    """Replace the teachers and class lists of a person's set. Return whether anything changed.

    `everything` lets an observer see all classes. Raise ``NotAllowed`` if `actor` does not manage accounts,
    and ``ActionRefused`` if the role of the person has no set.
    """
    permissions.require(actor, Permission.PEOPLE)
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=person.pk)
        if not permissions.has_set(person.role):
            raise ActionRefused(gettext("A person with this role has no set of teachers and class lists."))
        if not permissions.set_has_lists(person.role):
            lists = ()
        everything = everything and permissions.REACH[person.role] is permissions.Reach.SET_OR_ALL
        before = _described(person)
        if before == _wanted(teachers, lists, everything=everything):
            return False
        Supervision.objects.filter(person=person).delete()
        rows = [Supervision(person=person, teacher=one) for one in teachers]
        rows += [Supervision(person=person, class_list=one) for one in lists]
        Supervision.objects.bulk_create(rows)
        person.all_classes = everything
        person.save(update_fields=["all_classes"])
        after = _described(person)
        changed = {
            name: {"from": before[name], "to": after[name]} for name in after if after[name] != before[name]
        }
        record.done(
            actor=actor,
            action="account.set",
            target=person.email,
            target_name=str(person),
            params={"changed": changed},
        )
    return True


def _described(person: User) -> dict[str, object]:
    rows = list(Supervision.objects.filter(person=person).select_related("teacher", "class_list"))
    return _wanted(
        [row.teacher for row in rows if row.teacher],
        [row.class_list for row in rows if row.class_list],
        everything=person.all_classes,
    )


def _wanted(
    teachers: Collection[User], lists: Collection[ClassList], *, everything: bool
) -> dict[str, object]:
    return {
        "teachers": sorted(one.email for one in teachers),
        "class_lists": sorted(f"{one.name} ({one.key})" for one in lists),
        "all_classes": everything,
    }
