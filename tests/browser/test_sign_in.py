"""Sign in, sign out, and change the password."""

from playwright.sync_api import expect

from tests.browser.conftest import Opener, sign_in
from tests.browser.school import ADMINISTRATOR, CHANGER, PASSWORD, TEACHER


def test_a_signed_out_person_is_sent_to_the_sign_in_page_and_back(window: Opener) -> None:
    page = window()
    page.goto("/people/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Email address").fill(ADMINISTRATOR)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="People", level=1)).to_be_visible()


def test_a_wrong_password_is_reported_and_the_address_stays(window: Opener) -> None:
    page = window()
    page.goto("/sign-in/")
    page.get_by_label("Email address").fill("teacher@school.test")
    page.get_by_label("Password", exact=True).fill("not-this-one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("Incorrect email or password")
    expect(page.get_by_label("Email address")).to_have_value("teacher@school.test")
    expect(page.get_by_label("Password", exact=True)).to_have_value("")


def test_signing_out_ends_the_session(window: Opener) -> None:
    page = window()
    sign_in(page, TEACHER)
    page.get_by_label("Your account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_only_the_new_password_works_after_a_change(window: Opener) -> None:
    page = window()
    sign_in(page, CHANGER)
    page.get_by_label("Your account").click()
    page.get_by_role("link", name="Sign-in and security").click()
    page.get_by_role("link", name="Change password").click()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("12345")
    page.get_by_label("Repeat the new password").fill("12345")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_contain_text("not changed")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("quite-another-word")
    page.get_by_label("Repeat the new password").fill("quite-another-word")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("status").filter(has_text="password")).to_be_visible()

    other = window()
    other.goto("/sign-in/")
    other.get_by_label("Email address").fill(CHANGER)
    other.get_by_label("Password", exact=True).fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("alert")).to_be_visible()
    sign_in(other, CHANGER, "quite-another-word")
    expect(other.get_by_role("heading", name="Classes", level=1)).to_be_visible()
