"""Write the search keys of all stored classes and participants."""

from typing import Any

from django.db import migrations

from classroom_admin.common.search_field import fill


def fill_keys(apps: Any, schema_editor: Any) -> None:
    for name in ("Room", "Participant"):
        fill(schema_editor.connection, apps.get_model("rooms", name), "name_search")


class Migration(migrations.Migration):
    atomic = False  # Commit each batch.

    dependencies = [("rooms", "0009_name_search")]

    operations = [migrations.RunPython(fill_keys, migrations.RunPython.noop, elidable=True)]
