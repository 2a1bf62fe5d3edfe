"""Write the search keys of the accounts that are stored already."""

from typing import Any

from django.db import migrations

from classroom_admin.common.search_field import fill


def fill_keys(apps: Any, schema_editor: Any) -> None:
    fill(schema_editor.connection, apps.get_model("accounts", "User"), "search")


class Migration(migrations.Migration):
    atomic = False  # each batch is committed

    dependencies = [("accounts", "0004_search")]

    operations = [migrations.RunPython(fill_keys, migrations.RunPython.noop, elidable=True)]
