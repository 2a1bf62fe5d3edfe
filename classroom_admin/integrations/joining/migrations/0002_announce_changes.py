"""Let PostgreSQL announce the room whose waiting people changed, as `live` does for other changes."""

from typing import Any

from django.db import migrations



CHANNEL = "classroom_changes"  # see web/migrations/_announcements.py
FORWARDS = f"""
CREATE FUNCTION joining_announce_page() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('{CHANNEL}', NEW.room_id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER joining_page_changed AFTER INSERT OR UPDATE ON joining_joinpage
    FOR EACH ROW EXECUTE FUNCTION joining_announce_page();
"""
BACKWARDS = """
DROP TRIGGER IF EXISTS joining_page_changed ON joining_joinpage;
DROP FUNCTION IF EXISTS joining_announce_page();
"""


def create(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FORWARDS)


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(BACKWARDS)


class Migration(migrations.Migration):
    dependencies = [("joining", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
