"""Sign the records that are stored already, and add them to the chain in the order of their times."""

from collections.abc import Iterator
from typing import Any

from django.db import migrations

from classroom_admin.audit import signing

AT_ONCE = 5000


def sign_and_link(apps: Any, schema_editor: Any) -> None:
    places: list[tuple[Any, str, int, str]] = []
    for kind, model, sign in (
        ("entry", apps.get_model("audit", "Entry"), _signed_entry),
        ("step", apps.get_model("audit", "Step"), _signed_step),
    ):
        names = [*(("actor_salt", "subject_salt") if kind == "entry" else ("salt",)), "tag"]
        columns = ", ".join(f"{name} = %s" for name in names)
        sql = f"UPDATE {model._meta.db_table} SET {columns} WHERE id = %s"
        for rows in _blocks(model):
            signed = [(row, sign(row)) for row in rows]
            with schema_editor.connection.cursor() as cursor:
                cursor.executemany(sql, [(*values, row.pk) for row, values in signed])
            places += [(row.at, kind, row.pk, values[-1]) for row, values in signed]
    _link(apps.get_model("audit", "Link"), sorted(places))


def _blocks(model: Any) -> Iterator[list[Any]]:
    last = 0
    while rows := list(model.objects.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        yield rows
        last = rows[-1].pk


def _signed_entry(row: Any) -> tuple[str, ...]:
    actor_salt, subject_salt = signing.new_salt(), signing.new_salt()
    values = signing.entry_values(
        row.actor_id,
        row.action,
        row.room_uuid,
        row.at,
        row.request_id,
        actor=signing.commitment(actor_salt, [row.actor_name, row.address, row.agent]),
        subject=signing.commitment(subject_salt, [row.target, row.target_name, row.params]),
    )
    return actor_salt, subject_salt, signing.sign(values)


def _signed_step(row: Any) -> tuple[str, ...]:
    salt = signing.new_salt()
    detail = signing.commitment(salt, [row.detail])
    values = signing.step_values(row.entry_id, row.kind, row.room_uuid, row.at, detail=detail)
    return salt, signing.sign(values)


def _link(model: Any, places: list[tuple[Any, str, int, str]]) -> None:
    previous = signing.NO_HASH
    links = []
    for number, (_at, kind, pk, tag) in enumerate(places, start=1):
        previous = signing.sign(signing.link_values(number, previous, kind, pk, tag))
        links.append(model(number=number, hash=previous, **{f"{kind}_id": pk}))
    for start in range(0, len(links), AT_ONCE):
        model.objects.bulk_create(links[start : start + AT_ONCE], batch_size=200)


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_chain")]
    operations = [migrations.RunPython(sign_and_link, migrations.RunPython.noop)]
