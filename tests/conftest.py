"""What holds for every test of the suite."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator

import hypothesis
import pytest
from django.conf import settings
from django.contrib.contenttypes.management import create_contenttypes
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.models.signals import post_migrate
from django.template.base import Template
from django.template.context import Context
from django.test.signals import template_rendered
from django.utils import timezone, translation
from django.utils.safestring import SafeString
from pytest_django import DjangoDbBlocker

from classroom_admin.accounts import face
from classroom_admin.audit import chain, triggers
from classroom_admin.sync import cloud_time
from tests import migrated, sqlite
from tests.contract.watch import Watch
from tests.exchanges import observed

pytest_plugins = ["tests.school"]

# A busy machine can make any example slow.
hypothesis.settings.register_profile(
    "tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("tests")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Migrate the database of the run before the time limits of tests begin.

    Leave the modules and the collected tests out of each garbage collection, and collect less often. The
    collector would spend a quarter of the processor time on objects that live as long as the process.
    """
    is_run = not session.config.option.collectonly
    if is_run and connection.vendor == "sqlite" and any(map(_uses_the_database, session.items)):
        migrated.database()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _uses_the_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db"}.intersection(getattr(item, "fixturenames", ()))
    return bool(fixtures) or item.get_closest_marker("django_db") is not None


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Copy an SQLite database that is migrated once in each run, and not by each worker."""
    if connection.vendor != "sqlite":
        request.getfixturevalue("django_db_setup")
        yield
        return
    name = settings.DATABASES["default"]["TEST"]["NAME"]
    shutil.copyfile(migrated.database(), name)
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
    yield
    with django_db_blocker.unblock():
        connection.close()


@pytest.fixture(scope="session", autouse=True)
def _contexts_of_whole_templates_only(django_test_environment: None) -> None:
    """Django's test client copies the context of each rendered template for `answer.context`.

    Copy it only for the template that a view renders, not for the hundreds that this one includes.
    """

    def render(template: Template, context: Context) -> SafeString:
        if context.template is template:
            template_rendered.send(sender=template, template=template, context=context)
        return template.nodelist.render(context)

    Template._render = render  # type: ignore[attr-defined]


@pytest.fixture(scope="session", autouse=True)
def _no_permissions_after_a_flush() -> None:
    """The product uses neither content types nor permissions. Django would create them again after each test
    that empties the tables, and that takes 15 times as long as to empty them.
    """
    assert post_migrate.disconnect(create_contenttypes)
    assert post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")


@pytest.fixture(scope="session", autouse=True)
def _audit_log_can_be_emptied() -> Iterator[None]:
    """The audit log is append-only, so drop its triggers while Django empties the tables after a test."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def flush_all(operations: BaseDatabaseOperations, sql_list: list[str]) -> None:
        connection = operations.connection
        if connection.vendor == "sqlite":
            sqlite.flush(connection, sql_list)
        else:
            triggers.drop(connection)
            flush(operations, sql_list)
        triggers.create(connection)
        chain.forget_outside()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", flush_all)
        yield


@pytest.fixture(autouse=True)
def _cloud_offset_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cloud's clock is not remembered into the next test, and is read again only where a test forgets
    it: else the queries of a page would depend on how fast the test runs.
    """
    monkeypatch.setattr(cloud_time, "READ_EVERY_S", 3600.0)
    cloud_time.remember(0)


@pytest.fixture(autouse=True)
def _face_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """The face of the school is not remembered into the next test, and is read again only where a test
    forgets it: else the queries of a page would depend on how fast the test runs.
    """
    monkeypatch.setattr(face, "READ_EVERY_S", 3600.0)
    face.remember(face.Face())


@pytest.fixture(autouse=True)
def _language_of_this_test() -> Iterator[None]:
    """A request leaves its thread in the language and the zone of the person who asked."""
    with translation.override(settings.LANGUAGE_CODE), timezone.override(None):
        yield


@pytest.fixture(autouse=True)
def contract(request: pytest.FixtureRequest) -> Iterator[Watch]:
    """Every request that a client of this process sends to a simulator, and every answer, keeps the contract.

    A test in which the cloud is made to answer against it says so: `@pytest.mark.odd_answers`. Clients in
    other processes are not seen.
    """
    watch = Watch(odd_answers=request.node.get_closest_marker("odd_answers") is not None)
    with observed(watch.see):
        yield watch
    if watch.wrong:
        pytest.fail("against the contract:\n" + "\n".join(dict.fromkeys(watch.wrong)), pytrace=False)
