"""Let PostgreSQL announce the id of each changed room, in the transaction of the change.

Triggers send the announcements, so no code that writes can forget them. They fire for new rooms, changes of
SHOWN columns, new audit steps, and new or deleted gaps. SQLite sends none; see `realtime/source.py`.
"""

from typing import Any

CHANNEL = "classroom_changes"
# The columns that events or a room refresh change, except the time of the room refresh.
SHOWN = (
    *("version", "last_sequence", "event_count", "name", "room_type", "profile_state", "gone_at"),
    *("planned_start_at", "planned_end_at", "planned_close_at"),
)
FORWARDS = f"""
CREATE FUNCTION live_announce_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('{CHANNEL}', NEW.id::text);
    RETURN NULL;
END $$;
CREATE FUNCTION live_announce_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('{CHANNEL}', id::text) FROM rooms_room WHERE room_uuid = NEW.room_uuid;
    RETURN NULL;
END $$;
CREATE FUNCTION live_announce_gap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('{CHANNEL}', (CASE WHEN TG_OP = 'DELETE' THEN OLD.room_id ELSE NEW.room_id END)::text);
    RETURN NULL;
END $$;
CREATE TRIGGER live_room_made AFTER INSERT ON rooms_room
    FOR EACH ROW EXECUTE FUNCTION live_announce_room();
CREATE TRIGGER live_room_changed AFTER UPDATE ON rooms_room FOR EACH ROW
    WHEN (ROW({", ".join("OLD." + column for column in SHOWN)})
          IS DISTINCT FROM ROW({", ".join("NEW." + column for column in SHOWN)}))
    EXECUTE FUNCTION live_announce_room();
CREATE TRIGGER live_step_added AFTER INSERT ON audit_step FOR EACH ROW WHEN (NEW.room_uuid <> '')
    EXECUTE FUNCTION live_announce_step();
CREATE TRIGGER live_gap_changed AFTER INSERT OR DELETE ON rooms_gap
    FOR EACH ROW EXECUTE FUNCTION live_announce_gap();
"""
BACKWARDS = """
DROP TRIGGER IF EXISTS live_gap_changed ON rooms_gap;
DROP TRIGGER IF EXISTS live_step_added ON audit_step;
DROP TRIGGER IF EXISTS live_room_changed ON rooms_room;
DROP TRIGGER IF EXISTS live_room_made ON rooms_room;
DROP FUNCTION IF EXISTS live_announce_gap();
DROP FUNCTION IF EXISTS live_announce_step();
DROP FUNCTION IF EXISTS live_announce_room();
"""


def create(apps: Any, schema_editor: Any) -> None:
    _on_postgres(schema_editor, FORWARDS)


def drop(apps: Any, schema_editor: Any) -> None:
    _on_postgres(schema_editor, BACKWARDS)


def _on_postgres(schema_editor: Any, sql: str) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(sql)
