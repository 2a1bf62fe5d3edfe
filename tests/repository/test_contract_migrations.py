"""The previous version runs beside the next one, so a migration must not take away what it uses."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from tests.migrating import EachMigration
from tests.repository.contract import Contract, of_product

LIST = Path(__file__).parents[1] / "upgrade" / "contract_migrations.txt"
LEAST_REASON = 20


def listed() -> dict[tuple[str, str], str]:
    """Return the reason for each listed migration."""
    found = {}
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, reason = line.partition(": ")
            app, _, migration = name.partition(".")
            found[app, migration] = reason.strip()
    return found


@pytest.fixture(scope="module")
def contract() -> Contract:
    ours = [config.label for config in apps.get_app_configs() if config.name.startswith("classroom_admin.")]
    return of_product(EachMigration(None), ours)


def test_migrations_break_the_previous_version_only_with_a_reason(contract: Contract) -> None:
    """Add what only adds, and drop it a release later: CONTRIBUTING.md, "Add a migration"."""
    new = {
        f"{app}.{name}": words for (app, name), words in contract.found.items() if (app, name) not in listed()
    }
    assert new == {}


def test_list_has_only_migrations_that_need_it(contract: Contract) -> None:
    assert listed().keys() - contract.found.keys() == set()
    assert [name for name, reason in listed().items() if len(reason) < LEAST_REASON] == []


def text(**options: object) -> models.CharField[str, str]:
    return models.CharField(max_length=9, **options)  # type: ignore[arg-type]


MADE = migrations.CreateModel(
    "Room", [("id", models.BigAutoField(primary_key=True)), ("name", text(null=True))]
)


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (migrations.DeleteModel("Room"), "drops the table of Room"),
        (migrations.RenameModel("Room", "Place"), "renames the table of Room"),
        (migrations.AlterModelTable("Room", "place"), "renames the table of Room"),
        (migrations.RemoveField("Room", "name"), "drops Room.name"),
        (migrations.RenameField("Room", "name", "title"), "renames Room.name"),
        (migrations.AddField("Room", "place", text()), "adds Room.place, NOT NULL"),
        (migrations.AddField("Room", "place", text(default="")), "adds Room.place, NOT NULL"),
        (migrations.AlterField("Room", "name", text(default="")), "makes Room.name NOT NULL"),
        (migrations.RunSQL("ALTER TABLE x DROP COLUMN y"), "drops or renames"),
        (
            migrations.SeparateDatabaseAndState(database_operations=[migrations.RemoveField("Room", "name")]),
            "drops Room.name",
        ),
    ],
)
def test_operation_that_breaks_the_previous_version_is_found(operation: Operation, words: str) -> None:
    contract = Contract()
    contract.read("rooms", "0001", [MADE])
    contract.read("rooms", "0002", [operation])
    [[found]] = contract.found.values()
    assert words in found


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("Room", "place", text(null=True)),
        migrations.AddField("Room", "place", text(default="", db_default="")),
        migrations.AddField("Room", "places", models.ManyToManyField("rooms.Room")),
        migrations.AlterField("Room", "name", text(null=True, help_text="new")),
        migrations.RunSQL("CREATE INDEX x ON y (z)"),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("Room", "name")]),
        migrations.CreateModel("Place", [("name", text())]),
    ],
)
def test_operation_that_only_adds_is_accepted(operation: Operation) -> None:
    contract = Contract()
    contract.read("rooms", "0001", [MADE])
    contract.read("rooms", "0002", [operation])
    assert contract.found == {}


def test_columns_of_a_table_that_the_same_migration_creates_are_accepted() -> None:
    contract = Contract()
    contract.read("rooms", "0001", [MADE, migrations.AddField("Room", "place", text())])
    assert contract.found == {}
