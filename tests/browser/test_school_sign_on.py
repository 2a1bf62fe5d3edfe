"""School sign-on in a browser, with a real OpenID Connect provider."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Dashboard, Opener, wait_until_ready, windows
from tests.browser.console import ROOT
from tests.browser.school import ADMINISTRATOR, PASSWORD, TEACHER, free_port
from tests.sign_on_provider import RunningProvider, running_provider

LABEL = "School account"
RULES = "group it -> administrator\ngroup teachers -> teacher\ngroup students -> refused"


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningProvider]:
    with running_provider() as running:
        yield running


def come_from_school(page: Page, person: str) -> None:
    """Press the button of the sign-in page, and sign in at the provider."""
    page.get_by_role("link", name=f"Continue with {LABEL}").click()
    page.locator("[name=sub]").first.fill(person)
    page.get_by_role("button", name="Authorize").click()


def add_provider(page: Page, provider: RunningProvider) -> None:
    page.goto("/settings/")
    page.get_by_role("link", name="School sign-on").click()
    page.get_by_role("link", name="Add a school sign-on").click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Add a school sign-on").click()
    page.get_by_label("Name on the sign-in page").fill(LABEL)
    page.get_by_label("Issuer address").fill(provider.url)
    page.get_by_label("Client id").fill("classroom")
    page.get_by_label("Client secret").fill("a secret")
    page.get_by_label("Rules for roles").fill(RULES)
    page.get_by_label("Create accounts").check()
    page.get_by_text("Scopes and claims").click()
    expect(page.get_by_label("Claim with the groups")).to_have_value("groups")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(f"{LABEL} was saved.")).to_be_visible()


def test_administrator_adds_tests_changes_and_deletes_a_provider(
    window: Opener, provider: RunningProvider
) -> None:
    page = window(ADMINISTRATOR)
    add_provider(page, provider)
    row = page.locator("tr", has_text=provider.url)
    row.get_by_role("button", name="Test the connection").click()
    expect(page.get_by_text(f"{LABEL} answers.")).to_be_visible()
    row.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text(f"{LABEL} is now off.")).to_be_visible()
    row.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text(f"{LABEL} is now on.")).to_be_visible()
    row.get_by_role("link", name="Change").click()
    page.get_by_label("Rules for roles").fill("group teachers -> king")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("“king” is not a role.")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    form = page.locator("form", has_text="Disconnect")
    form.get_by_label("Email address").fill(TEACHER)
    form.get_by_role("button").click()
    expect(page.get_by_text("This account is not connected with school sign-on.")).to_be_visible()
    row.get_by_role("link", name="Delete").click()
    page.get_by_role("link", name="Cancel").click()
    row.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete school sign-on").click()
    expect(page.get_by_text(f"{LABEL} was deleted.")).to_be_visible()
    expect(row).to_have_count(0)


def test_people_come_from_school_with_the_role_of_their_group(
    window: Opener, dashboard: Dashboard, provider: RunningProvider
) -> None:
    page = window(ADMINISTRATOR)
    add_provider(page, provider)
    nuria = {"email": "nuria@school.test", "email_verified": True, "name": "Nuria Nueva"}
    provider.person("nuria", **nuria, groups=["students"])
    new = window()
    new.goto("/lists/")
    come_from_school(new, "nuria")
    expect(new.get_by_role("heading", name="You are not signed in")).to_be_visible()
    expect(new.get_by_text("Your school's rules don't let your group in")).to_be_visible()
    new.get_by_role("link", name="Other ways to sign in").click()
    new.go_back()
    provider.person("nuria", **nuria, groups=["teachers"])
    new.get_by_role("link", name="Try again").click()
    new.locator("[name=sub]").first.fill("nuria")
    new.get_by_role("button", name="Authorize").click()
    expect(new.get_by_role("heading", name="Classes", level=1)).to_be_visible()
    new.get_by_label("Your account").click()
    expect(new.get_by_text("nuria@school.test · Teacher")).to_be_visible()
    new.get_by_role("button", name="Sign out").click()
    provider.person("nuria", **nuria, groups=["it"])
    new.goto("/lists/")
    come_from_school(new, "nuria")
    expect(new).to_have_url(re.compile("/lists/$"))
    new.get_by_label("Your account").click()
    expect(new.get_by_text("nuria@school.test · Administrator")).to_be_visible()
    sign_in_again(new, dashboard)
    page.goto("/settings/sign-on/")
    page.locator("tr", has_text=provider.url).get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete school sign-on").click()


OLDER = """
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from classroom_admin.accounts.models import User
person = User.objects.get(email="nuria@school.test")
for row in Session.objects.all():
    data = row.get_decoded()
    if data.get("_auth_user_id") == str(person.pk):
        store = SessionStore(row.session_key)
        store["signed_in_at"] -= 11 * 3600
        store.save()
"""


def sign_in_again(page: Page, dashboard: Dashboard) -> None:
    """Add a person half a day after the sign-in: school sign-on must confirm who it is."""
    done = dashboard.manage("shell", "-c", OLDER)
    assert done.returncode == 0, done.stderr
    page.goto("/people/new/")
    for press in ("Cancel", f"Continue with {LABEL}"):
        page.get_by_label("Name", exact=True).fill("Ada")
        page.get_by_label("Email address").fill("ada@school.test")
        page.get_by_role("button", name="Add person").click()
        expect(page.get_by_role("heading", name="Sign in again")).to_be_visible()
        page.get_by_role("link", name=press).click()
        if press != "Cancel":
            page.locator("[name=sub]").first.fill("nuria")
            page.get_by_role("button", name="Authorize").click()
        expect(page).to_have_url(re.compile("/people/new/$"))


@pytest.fixture
def only(dashboard: Dashboard, provider: RunningProvider, tmp_path: Path) -> Iterator[str]:
    """Run a web process with a provider from the environment and without passwords, on the same database."""
    port, log = free_port(), tmp_path / "web.log"
    environment = dashboard.console.environment | {
        "PORT": str(port),
        "SIGN_ON_ONLY": "true",
        "OIDC_PROVIDERS": "school",
        "OIDC_SCHOOL_ISSUER": provider.url,
        "OIDC_SCHOOL_CLIENT_ID": "classroom",
        "OIDC_SCHOOL_CLIENT_SECRET": "a secret",
        "OIDC_SCHOOL_LABEL": LABEL,
    }
    command = ["-m", "uvicorn", "classroom_admin.asgi:application", "--port", str(port), "--lifespan", "off"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)
    assert "Traceback" not in log.read_text(), log.read_text()


def test_only_school_sign_on_leaves_the_emergency_link(
    chromium: Browser, dashboard: Dashboard, only: str, provider: RunningProvider
) -> None:
    made = dashboard.manage("emergency_login", ADMINISTRATOR)
    assert made.returncode == 0, made.stderr
    link = urlsplit(made.stdout.strip()).path
    with windows(chromium, only, lambda _email: {}) as window:
        page = window()
        page.goto("/sign-in/")
        expect(page.get_by_role("link", name=f"Continue with {LABEL}")).to_be_visible()
        expect(page.get_by_label("Password")).to_have_count(0)
        assert (
            page.request.post("/sign-in/", form={"login": ADMINISTRATOR, "password": PASSWORD}).status == 403
        )
        provider.person("tara", email=TEACHER, email_verified=True)
        come_from_school(page, "tara")
        expect(page.get_by_role("heading", name="Classes", level=1)).to_be_visible()

        page = window()
        page.goto(link)
        page.get_by_role("button", name="Sign in now").click()
        expect(page.get_by_text("You signed in with an emergency link.")).to_be_visible()
        page = window()
        page.goto(link)
        expect(page.get_by_text("This link can't be used.")).to_be_visible()
        page.get_by_role("link", name="Sign in").click()
        expect(page.get_by_role("link", name=f"Continue with {LABEL}")).to_be_visible()
