"""The same school as in the tests of accounts."""

from tests.accounts.conftest import _no_attempts_yet, admin, browser_of, school

__all__ = ["_no_attempts_yet", "admin", "browser_of", "school"]
