"""Access to the pages about people and settings. `tests/web/access_table.py` has all addresses."""

import pytest
from django.urls import NoReverseMatch, reverse

BY_POST_ALONE = [
    "assign", "unassign", "deactivate", "reactivate", "password", "second_factors", "sessions"
]  # fmt: skip


@pytest.mark.parametrize("name", BY_POST_ALONE)
def test_get_requests_change_nothing(school, admin, name):
    assert admin.get(reverse(f"people:{name}", kwargs={"pk": school.teacher.pk})).status_code == 405


def test_unknown_people_are_not_found(school, admin):
    assert admin.get(reverse("people:person", kwargs={"pk": 999_999})).status_code == 404


def test_fragment_reloads_the_page_after_sign_out(school, browser_of):
    answer = browser_of(None).post(reverse("settings:test"), headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer["HX-Refresh"] == "true"


def test_there_is_no_sign_up(school, browser_of):
    for path in ("/signup/", "/sign-up/", "/account/signup/", "/account/email/", "/accounts/login/"):
        assert browser_of(None).get(path).status_code == 404
    for name in ("account_signup", "account_email", "mfa_signup_webauthn"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
