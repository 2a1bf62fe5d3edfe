"""Require a signature of each new record, and make the tables append-only by triggers."""

from typing import Any

from django.db import migrations, models

from classroom_admin.audit import triggers


def create(apps: Any, schema_editor: Any) -> None:
    triggers.create(schema_editor.connection)


def drop(apps: Any, schema_editor: Any) -> None:
    triggers.drop(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_sign_and_link")]

    operations = [
        *(
            migrations.AddConstraint(
                model_name=model,
                constraint=models.UniqueConstraint(fields=["tag"], name=f"audit_{model}_tag"),
            )
            for model in ("entry", "step")
        ),
        migrations.RunPython(create, drop),
    ]
