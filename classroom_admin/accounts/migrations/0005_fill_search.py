"""Write the search keys of all stored accounts."""

from typing import Any

from django.db import migrations

from classroom_admin.common.search_field import fill


def fill_keys(apps: Any, schema_editor: Any) -> None:
    fill(schema_editor.connection, apps.get_model("accounts", "User"), "search")


class Migration(migrations.Migration):
    atomic = False  # Commit each batch.

    dependencies = [("accounts", "0004_search")]

    operations = [migrations.RunPython(fill_keys, migrations.RunPython.noop, elidable=True)]
