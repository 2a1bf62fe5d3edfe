"""Second factors, passkeys, sessions and forgotten passwords, in a school that requires second factors."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import Dashboard, Opener, running_dashboard, windows
from tests.browser.page_parts import press
from tests.browser.school import ADMINISTRATOR, CHANGER, MEMBER, OTHER_TEACHER, PASSWORD, TEACHER, eventually

EXEMPT = f"""
from classroom_admin.accounts.models import User
User.objects.filter(email__in=["{MEMBER}", "{CHANGER}", "{OTHER_TEACHER}"]).update(second_factor_exempt=True)
User.objects.filter(email="{OTHER_TEACHER}").update(must_change_password=True)
"""
FRESH = "a-fresh-long-password"
AN_HOUR_LATER = """
from importlib import import_module
from django.conf import settings
from django.contrib.sessions.models import Session
for row in Session.objects.all():
    store = import_module(settings.SESSION_ENGINE).SessionStore(row.session_key)
    if "signed_in_at" in store:
        store["signed_in_at"] -= 36_000 * 10
        store.save()
"""


@pytest.fixture(scope="module")
def strict(cloud: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """Run a dashboard that requires second factors and writes mail into a folder."""
    folder = tmp_path_factory.mktemp("strict")
    settings = {"SECOND_FACTOR": "everyone", "EMAIL_URL": f"filemail:///{folder / 'mail'}"}
    with running_dashboard(cloud, folder, **settings) as running:
        assert running.manage("shell", "--verbosity", "0", "-c", EXEMPT).returncode == 0
        yield running


@pytest.fixture
def visit(chromium: Browser, strict: Dashboard) -> Iterator[Opener]:
    """Return a function that opens a window; browsers offer passkeys only for names such as localhost."""
    with windows(chromium, strict.url.replace("127.0.0.1", "localhost"), lambda _: {}) as open_page:
        yield open_page


def enter(page: Page, email: str, password: str = PASSWORD) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def leave(page: Page) -> None:
    page.get_by_label("Your account").click()
    page.get_by_role("button", name="Sign out").click()
    expect_heading(page, "Sign in")


def expect_heading(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("heading", level=1, name=text)).to_be_visible()


def code_of(key: str) -> str:
    """Return the code that an authenticator app shows now (RFC 6238)."""
    count = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.new(base64.b32decode(key), count, hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def give_device(page: Page) -> None:
    """Give the browser a virtual device that keeps passkeys and confirms them at once."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_app_is_required_set_up_and_used(visit: Opener) -> None:
    page = visit()
    enter(page, ADMINISTRATOR)
    expect_heading(page, "Set up a second factor")
    press(page, "Sign out")
    enter(page, ADMINISTRATOR)
    page.goto("/people/")
    expect_heading(page, "Set up a second factor")
    press(page, "Use an authenticator app")
    press(page, "Cancel")
    press(page, "Use an authenticator app")
    page.get_by_text("Can’t scan the picture?").click()
    press(page, "Copy key")
    key = page.get_by_label("Enter this key in the app").input_value()
    page.get_by_label("Code that the app shows now").fill("000000")
    press(page, "Finish")
    expect(page.get_by_role("alert")).to_contain_text("not set up")
    page.get_by_label("Code that the app shows now").fill(code_of(key))
    press(page, "Finish")
    press(page, "Copy codes")
    codes = page.get_by_role("textbox", name="Codes").input_value().split()
    assert len(codes) == 10
    press(page, "I have stored the codes")
    expect_heading(page, "Sign-in and security")
    page.goto("/account/security/codes/")
    expect(page.get_by_role("main")).not_to_contain_text(codes[0])
    press(page, "Create new codes")
    press(page, "Cancel")
    leave(page)

    enter(page, ADMINISTRATOR)
    expect_heading(page, "Confirm your sign-in")
    press(page, "Cancel")
    enter(page, ADMINISTRATOR)
    page.get_by_label("Code", exact=True).fill("999999")
    press(page, "Sign in")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Code", exact=True).fill(code_of(key))
    press(page, "Sign in")
    expect_heading(page, "Classes")
    leave(page)

    enter(page, ADMINISTRATOR)
    page.get_by_label("Code", exact=True).fill(codes[3])
    press(page, "Sign in")
    expect_heading(page, "Classes")
    page.goto("/account/security/")
    expect(page.get_by_text("9 codes are left.")).to_be_visible()
    press(page, "Create new codes")
    press(page, "Create new codes")
    press(page, "I have stored the codes")
    page.goto("/account/security/codes/")
    page.get_by_role("main").get_by_role("link", name="Sign-in and security").click()
    press(page, "Remove app")
    page.get_by_role("main").get_by_role("link", name="Sign-in and security").click()
    expect_heading(page, "Sign-in and security")


def test_passkey_signs_in_and_confirms(visit: Opener, strict: Dashboard) -> None:
    page = visit()
    enter(page, TEACHER)
    press(page, "Use a passkey")
    press(page, "Cancel")
    press(page, "Use a passkey")
    give_device(page)
    page.get_by_label("Name of the passkey").fill("Work laptop")
    press(page, "Add passkey")
    press(page, "I have stored the codes")
    press(page, "Rename the passkey Work laptop")
    press(page, "Cancel")
    press(page, "Rename the passkey Work laptop")
    page.get_by_label("Name of the passkey").fill("Laptop")
    press(page, "Save")
    expect(page.get_by_text("Laptop", exact=True)).to_be_visible()
    leave(page)

    press(page, "Use a passkey")
    expect_heading(page, "Classes")
    leave(page)
    enter(page, TEACHER)
    press(page, "Use a passkey")
    expect_heading(page, "Classes")

    assert strict.manage("shell", "--verbosity", "0", "-c", AN_HOUR_LATER).returncode == 0
    page.goto("/account/security/")
    press(page, "Set up app")
    expect_heading(page, "Confirm that it is you")
    press(page, "Code of the app")
    page.get_by_label("Code of the app, or a recovery code").fill("1")
    press(page, "Confirm")
    expect(page.get_by_role("alert")).to_be_visible()
    press(page, "Passkey")
    press(page, "Use a passkey")
    expect_heading(page, "Set up an authenticator app")
    page.get_by_text("Can’t scan the picture?").click()
    key = page.get_by_label("Enter this key in the app").input_value()
    page.get_by_label("Code that the app shows now").fill(code_of(key))
    press(page, "Finish")
    press(page, "Remove app")
    press(page, "Cancel")
    press(page, "Remove app")
    page.get_by_role("button", name="Remove app").click()
    press(page, "Add passkey")
    press(page, "Cancel")
    press(page, "Remove the passkey Laptop")
    press(page, "Cancel")
    press(page, "Remove the passkey Laptop")
    page.get_by_role("button", name="Remove passkey").click()
    expect_heading(page, "Set up a second factor")


def test_first_steps_are_taken_and_a_session_is_ended_elsewhere(visit: Opener) -> None:
    page, other = visit(), visit()
    enter(page, OTHER_TEACHER)
    page.get_by_label("New password", exact=True).fill(FRESH)
    page.get_by_label("Repeat the new password").fill(FRESH)
    press(page, "Save and continue")
    expect_heading(page, "Classes")
    enter(other, OTHER_TEACHER, FRESH)
    expect_heading(other, "Classes")
    page.goto("/account/security/")
    press(page, "Show sessions")
    expect(page.get_by_text("This session")).to_have_count(1)
    page.get_by_role("button", name=re.compile("^End the session")).click()
    expect(page.get_by_role("status").filter(has_text="The session was ended")).to_be_visible()
    expect_heading(other, "Sign in")  # the open page notices it
    enter(other, OTHER_TEACHER, FRESH)
    expect_heading(other, "Classes")
    page.reload()
    press(page, "Sign out elsewhere")
    expect(page.get_by_role("status").filter(has_text="1 other session was ended.")).to_be_visible()
    expect_heading(other, "Sign in")


def test_administrator_ends_sessions_and_resets_second_factors(visit: Opener, strict: Dashboard) -> None:
    page, other = visit(), visit()
    enter(page, MEMBER)
    enter(other, "linguist@school.test")
    press(other, "Use an authenticator app")
    other.get_by_text("Can’t scan the picture?").click()
    key = other.get_by_label("Enter this key in the app").input_value()
    other.get_by_label("Code that the app shows now").fill(code_of(key))
    press(other, "Finish")
    press(other, "I have stored the codes")
    page.goto("/people/?q=linguist")
    page.get_by_role("link", name="Lina Linguist").click()
    address = page.url
    page.get_by_text("Show sessions").click()
    page.get_by_role("button", name=re.compile("^End the session")).click()
    expect(page.get_by_role("status").filter(has_text="signed out")).to_be_visible()
    enter(other, "linguist@school.test")
    expect_heading(other, "Confirm your sign-in")
    assert strict.manage("shell", "--verbosity", "0", "-c", AN_HOUR_LATER).returncode == 0
    page.goto(address)
    page.get_by_text("Reset second factors", exact=True).first.click()
    page.get_by_role("button", name="Reset second factors").click()
    expect_heading(page, "Confirm that it is you")
    page.get_by_label("Password", exact=True).fill("wrong")
    press(page, "Confirm")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Confirm")  # the command then runs
    expect(page.get_by_role("status").filter(has_text="were reset")).to_be_visible()
    enter(other, "linguist@school.test")
    expect_heading(other, "Set up a second factor")
    page.reload()
    page.get_by_text("Show sessions").click()
    press(page, "End all sessions")
    expect(page.get_by_text("0 sessions")).to_be_visible()


def test_forgotten_password_is_replaced_by_mail(visit: Opener, strict: Dashboard, window: Opener) -> None:
    page = visit()
    page.goto("/sign-in/")
    page.get_by_role("link", name="Forgot your password?").click()
    press(page, "Cancel")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email address").fill(CHANGER)
    press(page, "Send link")
    expect_heading(page, "Check your mail")
    press(page, "Back to sign-in")
    folder = Path(strict.log.parent, "mail")
    [mail] = eventually(lambda: [one for one in folder.glob("*") if "http" in one.read_text()])
    path = re.search(r"http://[^/]+(/\S+)", mail.read_text())
    assert path
    page.goto(path[1])
    page.get_by_label("New password", exact=True).fill(FRESH)
    page.get_by_label("Repeat the new password").fill(FRESH)
    press(page, "Save and sign in")
    expect_heading(page, "Classes")
    page.goto(path[1])
    expect_heading(page, "This link is not valid any more")
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    expect_heading(page, "Classes")
    page.goto(path[1])
    press(page, "Send me a new link")
    expect_heading(page, "Forgot your password?")

    without_mail = window()
    without_mail.goto("/sign-in/forgotten/")
    expect(without_mail.get_by_text("Ask an administrator")).to_be_visible()
    press(without_mail, "Back to sign-in")
    expect_heading(without_mail, "Sign in")
