"""An installation of version 0.1.0 is upgraded without loss.

`version_0_1_0.sql` is the SQLite database of version 0.1.0 as text. A script made it: it ran the actions of
that version against the simulator over HTTP, with a stepped clock and seeded ids. It holds classes that run,
have ended and are gone; commands that were confirmed, refused, unanswered and interrupted; quarantined
answers and lost events; every state of the four queues. States that only a crash leaves were set by an
UPDATE. `expected_queues.json` holds the rows of the four queues, read from the dump by plain SQL.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.utils.html import escape

from tests import migrated, migrating, quick_python

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DUMP = HERE / "version_0_1_0.sql"
Row = dict[str, Any]

# ---- Adapter: the only part that knows where today's code keeps what version 0.1.0 had. ------------------
RENAMED_TABLES: dict[str, str] = {}
"""Old table: new table."""
RENAMED_COLUMNS: dict[tuple[str, str], str] = {}
"""(Old table, old column): new column of the same contents."""
REPLACED_TABLES = frozenset(
    {"actions_helddeletion", "actions_plannedremoval", "actions_bulkitem", "actions_plannedclass"}
)
"""Old tables that are gone on purpose. Their rows must be found by `QUEUES`."""
REPLACED_COLUMNS = frozenset({("actions_bulkrun", "finished_at")})
"""(Old table, old column) that are gone or hold something else on purpose."""
QUEUES: dict[str, str] = {
    "held_deletion": """
        SELECT row_number() OVER (ORDER BY q.id) AS id, q.due_at,
               CASE q.state WHEN 'waiting' THEN 'held' WHEN 'claimed' THEN 'sending' WHEN 'done' THEN 'sent'
                   WHEN 'cancelled' THEN 'undone' END AS state,
               CASE WHEN q.attempts > 0 THEN q.changed_at END AS claimed_at, u.email AS asked_by, r.room_uuid,
               q.entry_id AS entry, json_extract(q.payload, '$.resource_uuids') AS "resource_uuids:json",
               json_extract(q.payload, '$.names') AS "names:json"
        FROM actions_scheduledcommand q JOIN accounts_user u ON u.id = q.by_id
        JOIN rooms_room r ON r.id = q.room_id WHERE q.kind = 'deletion'
    """,
    "planned_removal": """
        SELECT q.id, q.due_at,
               CASE q.state WHEN 'waiting' THEN 'waiting' WHEN 'claimed' THEN 'taken' WHEN 'done' THEN 'done'
                   WHEN 'cancelled' THEN 'called_off' WHEN 'failed' THEN 'not_done' END AS state,
               CASE WHEN q.attempts > 0 THEN q.changed_at END AS claimed_at, u.email AS asked_by, r.room_uuid,
               q.entry_id AS entry, q.key AS user_uuid, json_extract(q.payload, '$.name') AS name,
               json_extract(q.payload, '$.span') AS "span:json",
               json_extract(q.payload, '$.reason') AS reason, q.created_at AS planned_at
        FROM actions_scheduledcommand q JOIN accounts_user u ON u.id = q.by_id
        JOIN rooms_room r ON r.id = q.room_id WHERE q.kind = 'removal'
    """,
    "bulk_item": """
        SELECT row_number() OVER (ORDER BY q.id) AS id, q.due_at,
               CASE q.state WHEN 'waiting' THEN 'waiting' WHEN 'claimed' THEN 'running'
                   WHEN 'done' THEN 'done' WHEN 'cancelled' THEN 'skipped' WHEN 'failed' THEN 'failed'
                   END AS state,
               u.email AS asked_by, r.room_uuid, q.entry_id AS entry, run.key AS run, run.token, run.what,
               (SELECT max(i.changed_at) FROM actions_scheduledcommand i WHERE i.run_id = run.id
                   HAVING sum(i.state IN ('waiting', 'claimed')) = 0) AS finished_at,
               coalesce(json_extract(q.payload, '$.skip'), '') AS skip, q.attempts AS tries,
               coalesce(json_extract(q.problem, '$.sentence'), '') AS reason,
               json_extract(q.problem, '$.says') AS "says:json", q.changed_at
        FROM actions_scheduledcommand q JOIN actions_bulkrun run ON run.id = q.run_id
        JOIN accounts_user u ON u.id = q.by_id AND u.id = run.by_id
        JOIN rooms_room r ON r.id = q.room_id WHERE q.kind = 'bulk'
    """,
    "planned_class": """
        SELECT row_number() OVER (ORDER BY q.id) AS id,
               CASE q.state WHEN 'waiting' THEN 'waiting' WHEN 'claimed' THEN 'making' WHEN 'done' THEN 'made'
                   WHEN 'cancelled' THEN 'cancelled' WHEN 'failed' THEN 'failed' END AS state,
               CASE q.state WHEN 'claimed' THEN q.due_at ELSE q.claimable_at END AS due_at,
               CASE q.state WHEN 'claimed' THEN q.claimable_at END AS claimed_until,
               u.email AS asked_by, q.key AS room_uuid, q.entry_id AS entry,
               s.key AS series, s.name, s.zone, s.settings AS "settings:json", s.weekdays AS "weekdays:json",
               t.email AS taught_by, q.starts_at, CASE q.state WHEN 'done' THEN q.changed_at END AS made_at,
               q.attempts AS tries, coalesce(json_extract(q.problem, '$.sentence'), '') AS reason,
               json_extract(q.problem, '$.says') AS "says:json"
        FROM actions_scheduledcommand q JOIN actions_series s ON s.id = q.series_id
        JOIN accounts_user u ON u.id = q.by_id AND u.id = s.created_by_id
        LEFT JOIN accounts_user t ON t.id = s.taught_by_id WHERE q.kind = 'class'
    """,
}
"""For each old queue: a query of today's tables that gives its rows, in the words of version 0.1.0.

Only removals keep their ids, because the audit log names them; the others keep their order.
"""
NOT_KEPT = {
    "bulk_item": frozenset({"claimed_at"}),  # Only the lease uses it: see `UNCLAIMABLE`.
}
"""For each old queue: columns that today's tables do not keep."""
UNCLAIMABLE = """
    SELECT kind, key FROM actions_scheduledcommand WHERE NOT CASE state
        WHEN 'waiting' THEN claimable_at IS due_at
        WHEN 'claimed' THEN claimable_at IS NOT NULL AND claimable_at > changed_at
        WHEN 'failed' THEN kind = 'class' OR claimable_at IS NULL
        ELSE claimable_at IS NULL END
"""
"""A query of the commands that a worker would never run, or would run too early or once too often."""
PAGES = {
    "home": "/",
    "audit": "/settings/audit/",
    "settings": "/settings/",
    "event sync": "/settings/sync/",
    "people": "/people/",
    "class": "/classes/{key}/",
    "events": "/classes/{key}/events/",
}
SIGN_IN = "/sign-in/"
# ---- End of the adapter. ---------------------------------------------------------------------------------

pytestmark = pytest.mark.timeout(600)  # each migration since version 0.1.0 runs once
MAY_GROW = frozenset({"django_migrations", "django_content_type", "auth_permission", "sqlite_sequence"})
"""Django adds rows to these by each migration."""
PRODUCT_APPS = ("accounts", "actions", "audit", "live", "rooms", "sync")
UNUSED = ("accounts_user_groups", "accounts_user_user_permissions")
ADMINISTRATOR = ("admin@school.test", "a-long-enough-password")
MIGRATE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("makemigrations", check=True, dry_run=True, verbosity=0)
"""
UNDO_NEWER = """
import django
django.setup()
from tests import migrating
migrating.undo_newer_than_squashed()
"""
FIRST_SQUASHED = """
    DELETE FROM django_migrations WHERE name LIKE '0001_squashed_%' AND app != 'live'
        OR app = 'rooms' AND name = '0020_merge_substitutions';
    INSERT INTO django_migrations (app, name, applied) VALUES
        ('accounts', '0001_squashed_0005_fill_search', '2026-11-29'),
        ('actions', '0001_squashed_0010_calendar_revisions', '2026-11-29'),
        ('audit', '0001_squashed_0002_pending_confirmation', '2026-11-29'),
        ('rooms', '0001_squashed_0013_people_total', '2026-11-29'),
        ('sync', '0001_squashed_0007_presence_corrections', '2026-11-29');
"""
"""Make the database as it was before the migrations were squashed for the second time."""
ASK_PAGES = """
import json, sys, django
django.setup()
from django.test import Client
web = Client(HTTP_HOST="localhost")
sign_in, login, password, paths = json.load(sys.stdin)
signed_in = web.post(sign_in, {"login": login, "password": password}).status_code
found = {path: web.get(path) for path in paths}
json.dump([signed_in, {path: [a.status_code, a.content.decode()] for path, a in found.items()}], sys.stdout)
"""


@pytest.fixture(scope="module")
def before() -> Iterator[sqlite3.Connection]:
    """The database of version 0.1.0."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(DUMP.read_text(encoding="utf-8"))
        yield database


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with that database, migrated by `manage.py migrate`."""
    folder = tmp_path_factory.mktemp("upgrade")
    path = folder / "old.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(DUMP.read_text(encoding="utf-8"))
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}
    env = kept | {
        "DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{path}",
        "SECRET_KEY": "a key for the upgrade, long enough",
        "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
        "ALLOWED_HOSTS": "localhost",
        "PUBLIC_URL": "http://localhost:8000",
        "SECOND_FACTOR": "nobody",  # else an administrator must first set one up
    }
    run(env, "-c", MIGRATE)
    return env


@pytest.fixture(scope="module")
def after(env: dict[str, str]) -> Iterator[sqlite3.Connection]:
    """The migrated database."""
    with closing(sqlite3.connect(env["DATABASE_URL"].removeprefix("sqlite:///"))) as database:
        yield database


def run(env: dict[str, str], *arguments: str, given: str = "") -> str:
    """Run Python with the upgraded installation and return what it prints."""
    done = quick_python.run(*arguments, env=env, given=given)
    assert done.returncode == 0, done.stderr
    return done.stdout


def copied(env: dict[str, str], folder: Path) -> dict[str, str]:
    """Return an environment with a copy of the migrated database, for a test that writes to it."""
    path = shutil.copy(env["DATABASE_URL"].removeprefix("sqlite:///"), folder)
    return env | {"DATA_DIR": str(folder), "DATABASE_URL": f"sqlite:///{path}"}


def tables(database: sqlite3.Connection) -> set[str]:
    return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def columns(database: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]


def values(database: sqlite3.Connection, table: str, column: str) -> list[Any]:
    """The values of a column in the order of the rows' ids."""
    return [value for (value,) in database.execute(f'SELECT "{column}" FROM "{table}" ORDER BY rowid')]


def queue(database: sqlite3.Connection, sql: str) -> list[Row]:
    """The rows of a query by id; columns named `…:json` are parsed."""
    found = database.execute(f"SELECT * FROM ({sql}) ORDER BY id")
    names = [str(column[0]) for column in found.description]
    return [dict(parsed(name, value) for name, value in zip(names, row, strict=True)) for row in found]


def parsed(name: str, value: Any) -> tuple[str, Any]:
    plain = name.removesuffix(":json")
    return plain, json.loads(value) if plain != name and value is not None else value


def test_dump_has_rows_in_every_table_of_the_product(before: sqlite3.Connection) -> None:
    own = [name for name in tables(before) if name.split("_")[0] in PRODUCT_APPS and name not in UNUSED]
    assert [name for name in sorted(own) if not values(before, name, "id")] == []


def test_no_table_is_lost(before: sqlite3.Connection, after: sqlite3.Connection) -> None:
    kept = {RENAMED_TABLES.get(name, name) for name in tables(before) - REPLACED_TABLES}
    assert kept - tables(after) == set()


def test_schema_is_that_of_a_new_database(after: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(migrated.database())) as new:
        expected = migrating.sqlite_schema(new.execute(migrating.SQLITE_SCHEMA))
    assert migrating.sqlite_schema(after.execute(migrating.SQLITE_SCHEMA)) == expected


def test_no_row_or_value_is_lost(before: sqlite3.Connection, after: sqlite3.Connection) -> None:
    for table in sorted(tables(before) - REPLACED_TABLES - MAY_GROW):
        now = RENAMED_TABLES.get(table, table)
        for column in columns(before, table):
            if (table, column) in REPLACED_COLUMNS:
                continue
            old = values(before, table, column)
            new = values(after, now, RENAMED_COLUMNS.get((table, column), column))
            assert new == old, f"{table}.{column}"


def test_rows_that_django_keeps_for_itself_are_still_there(
    before: sqlite3.Connection, after: sqlite3.Connection
) -> None:
    for table in ("django_migrations", "django_content_type"):
        rows = f'SELECT * FROM "{table}"'
        assert set(before.execute(rows)) <= set(after.execute(rows))


@pytest.mark.parametrize("name", QUEUES)
def test_queue_keeps_state_time_person_payload_and_record(name: str, after: sqlite3.Connection) -> None:
    expected = json.loads((HERE / "expected_queues.json").read_text(encoding="utf-8"))
    gone = NOT_KEPT.get(name, frozenset())
    kept = [{column: value for column, value in row.items() if column not in gone} for row in expected[name]]
    assert queue(after, QUEUES[name]) == kept


def test_stored_rooms_are_projected_again(after: sqlite3.Connection) -> None:
    """Version 0 is older than that of each release, and the worker projects such rooms again."""
    assert set(values(after, "rooms_room", "projection_version")) == {0}


def test_worker_can_claim_each_open_command_when_it_is_due(after: sqlite3.Connection) -> None:
    assert after.execute(UNCLAIMABLE).fetchall() == []


def test_pages_answer_and_show_old_failures(
    env: dict[str, str], before: sqlite3.Connection, after: sqlite3.Connection, tmp_path: Path
) -> None:
    key = after.execute("SELECT key FROM rooms_room WHERE room_uuid = 'maths 7b'").fetchone()[0]
    paths = {name: path.format(key=key) for name, path in PAGES.items()}
    audit = older_audit_pages(paths["audit"], after)
    asked = json.dumps([SIGN_IN, *ADMINISTRATOR, [*paths.values(), *audit]])
    signed_in, pages = json.loads(run(copied(env, tmp_path), "-c", ASK_PAGES, given=asked))
    assert signed_in == 302
    assert {path: status for path, (status, _text) in pages.items() if status != 200} == {}
    shown = " ".join(" ".join(text.split()) for path, (_status, text) in pages.items() if path in audit)
    sentences = failures(before)
    assert len(sentences) >= 12
    assert [sentence for sentence in sentences if sentence not in shown] == []


def older_audit_pages(path: str, after: sqlite3.Connection) -> list[str]:
    """Addresses that together show every entry of the record."""
    last = after.execute("SELECT max(id) FROM audit_entry").fetchone()[0]
    return [f"{path}?before={before}" for before in range(last + 1, 1, -20)]


def failures(before: sqlite3.Connection) -> list[str]:
    """The distinct sentences of entries that end with a failure, as a page shows them."""
    ends = before.execute(
        "SELECT detail FROM audit_step WHERE kind = 'failed' "
        "AND id IN (SELECT max(id) FROM audit_step GROUP BY entry_id)"
    )
    found = {str(json.loads(detail).get("sentence", "")) for (detail,) in ends}
    return sorted(escape(sentence) for sentence in found if sentence)


FILLED_BY_REBUILD = {("rooms_room", "people_total"), ("rooms_room", "known_groups")}
"""Columns newer than the dump. The next projection fills them, which also raises the version of the room."""


def test_rebuild_only_fills_new_columns(
    env: dict[str, str], after: sqlite3.Connection, tmp_path: Path
) -> None:
    rebuilt = copied(env, tmp_path)
    run(rebuilt, "manage.py", "rebuild")
    with closing(sqlite3.connect(rebuilt["DATABASE_URL"].removeprefix("sqlite:///"))) as database:
        for table in sorted(name for name in tables(after) if name.startswith("rooms_")):
            for column in columns(after, table):
                if column in ("version", "projection_version") or (table, column) in FILLED_BY_REBUILD:
                    continue
                assert values(database, table, column) == values(after, table, column), f"{table}.{column}"
    assert run(rebuilt, "manage.py", "rebuild").endswith("0 rows changed\n")


MADE_ANEW = {
    *((f"audit_{name}", "tag") for name in ("entry", "step", "checkpoint")),
    *(("audit_entry", name) for name in ("actor_salt", "subject_salt")),
    ("audit_step", "salt"),
    ("audit_link", "hash"),
}
"""Random salts, and what depends on them. Each migration of old rows makes others."""


def test_old_audit_records_are_in_a_valid_chain(env: dict[str, str], tmp_path: Path) -> None:
    upgraded = copied(env, tmp_path)
    found = json.loads(run(upgraded, "manage.py", "audit", "verify", "--json"))
    with closing(sqlite3.connect(upgraded["DATABASE_URL"].removeprefix("sqlite:///"))) as database:
        stored = sum(len(values(database, table, "id")) for table in ("audit_entry", "audit_step"))
    assert found["ok"], found
    assert (found["records"], found["unlinked"], found["warnings"]) == (stored, 0, [])


@pytest.mark.long
def test_database_with_the_first_squashed_migrations_keeps_all_rows(
    env: dict[str, str], after: sqlite3.Connection, tmp_path: Path
) -> None:
    earlier = copied(env, tmp_path)
    run(earlier, "-c", UNDO_NEWER)
    with closing(sqlite3.connect(earlier["DATABASE_URL"].removeprefix("sqlite:///"))) as database:
        database.executescript(FIRST_SQUASHED)
        run(earlier, "-c", MIGRATE)
        assert tables(database) == tables(after)
        for table in sorted(tables(after) - MAY_GROW):
            for column in columns(after, table):
                if (table, column) in MADE_ANEW:
                    continue
                assert values(database, table, column) == values(after, table, column), f"{table}.{column}"
        names = "SELECT app, name FROM django_migrations"
        assert set(after.execute(names)) < set(database.execute(names))
