"""The school of the tests of accounts."""

from tests.accounts.conftest import _no_failed_sign_ins, admin, browser_of, school

__all__ = ["_no_failed_sign_ins", "admin", "browser_of", "school"]
