"""A real OpenID Connect provider, and a school sign-on that uses it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache

from classroom_admin.accounts.models import SignOnProvider, User
from classroom_admin.common.encryption import encrypt
from tests.sign_on_provider import RunningProvider, running_provider

RULES = "group it -> administrator\ngroup teachers -> teacher\nemail @students.school.test -> refused"


@pytest.fixture(scope="package")
def provider() -> Iterator[RunningProvider]:
    with running_provider() as running:
        yield running


@pytest.fixture(autouse=True)
def _empty_cache(settings: Any) -> Iterator[None]:
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def row(db: None, provider: RunningProvider) -> SignOnProvider:
    """Return a provider that an administrator added, with rules, and without new accounts."""
    return SignOnProvider.objects.create(
        key="school", label="School account", issuer=provider.url, client_id="classroom",
        secret=encrypt("a secret"), rules=RULES, cloud_id_claim="staff_id",
    )  # fmt: skip


@pytest.fixture
def change(row: SignOnProvider) -> Callable[..., None]:
    """Return a function that changes columns of the provider."""

    def change(**columns: Any) -> None:
        SignOnProvider.objects.filter(pk=row.pk).update(**columns)

    return change


@pytest.fixture
def teacher(db: None) -> User:
    return User.objects.create_user("berg@school.test", "quiet-otter-lamp", name="Frau Berg")
