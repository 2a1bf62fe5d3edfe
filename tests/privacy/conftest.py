"""A simulated cloud, and this installation pointed at it."""

import shutil
from collections.abc import Iterator

import pytest
from django.core.files.storage import default_storage

from classroom_admin.privacy import erasure_ledger
from tests.sync.conftest import cloud, poller, sim

__all__ = ["cloud", "poller", "sim"]


@pytest.fixture(autouse=True)
def _ledger_of_this_test() -> Iterator[None]:
    """Each test has its own ledger file, and processes of other tests' erasures are forgotten."""
    erasure_ledger.forget()
    yield
    erasure_ledger.forget()
    erasure_ledger.ledger_path().unlink(missing_ok=True)
    shutil.rmtree(default_storage.location, ignore_errors=True)  # type: ignore[attr-defined]
