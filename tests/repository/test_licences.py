"""Every pinned package has a licence that lets a school use it and lets us ship it."""

from __future__ import annotations

import re
from importlib import metadata
from typing import Final

import pytest

from tests.repository.test_requirements import pins

ALLOWED: Final = {
    "ISC", "MIT", "MIT-0", "MIT-CMU", "BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "PSF-2.0",
}  # fmt: skip
"""Licences that ask only for a notice. "BSD" is what packages say that do not name one of the two."""
SPELLINGS: Final = {
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd license": "BSD",
    "mit license": "MIT",
    "new bsd": "BSD-3-Clause",
}
SHIPPED_ANYWAY: Final = {
    "certifi": ("MPL-2.0", "a list of certificates, which we do not change"),
    "fido2": (
        "Copyright (c) 2018 Yubico AB",
        "BSD-2-Clause, whose text the field contains; its list of domains is MPL-2.0",
    ),
    "psycopg": ("LGPL-3.0-only", "imported unchanged, and everyone can replace it"),
    "psycopg-binary": ("LGPL-3.0-only", "imported unchanged, and everyone can replace it"),
    "python-dateutil": ("Dual License", "Apache-2.0 or BSD-3-Clause, as its LICENSE says"),
}
"""Packages of the product with another licence: what they declare, and why that is right."""
TOOLS_ANYWAY: Final = {
    "axe-playwright-python": ("", "declares none; its LICENSE is MIT, and that of axe-core MPL-2.0"),
    "codespell": ("GPL-2.0-only", "a program that make lint runs; nothing of it is shipped"),
    "hypothesis": ("MPL-2.0", "only tests import it"),
    "pathspec": ("Mozilla Public License 2.0 (MPL 2.0)", "only mypy and hatchling import it"),
    "pytest-django": ("pytest-django is released under the BSD (3-clause) license", "BSD-3-Clause"),
}
"""The same for packages of the development, which are not shipped."""


def declared(name: str) -> str:
    """Return what a package says about its licence: an SPDX expression, its own words, or "" for nothing."""
    about = metadata.metadata(name)
    words = about.get("License-Expression") or (about.get("License") or "").strip().split("\n")[0]
    if not words:
        classifiers = [one for one in about.get_all("Classifier", []) if one.startswith("License :: ")]
        words = " AND ".join(one.rpartition(" :: ")[2] for one in classifiers)
    return SPELLINGS.get(words.lower(), words)


@pytest.mark.parametrize(
    ("file", "exceptions"),
    [("requirements", SHIPPED_ANYWAY), ("requirements-dev", {**SHIPPED_ANYWAY, **TOOLS_ANYWAY})],
)
def test_every_package_has_a_licence_that_we_accept(
    file: str, exceptions: dict[str, tuple[str, str]]
) -> None:
    licences = {name: declared(name) for name in pins(file)}
    others = {
        name: words for name, words in licences.items() if not set(re.split(r" OR | AND ", words)) <= ALLOWED
    }
    assert others == {name: exceptions[name][0] for name in others if name in exceptions}


def test_list_of_exceptions_has_no_package_that_is_gone() -> None:
    assert SHIPPED_ANYWAY.keys() <= pins("requirements").keys()
    assert TOOLS_ANYWAY.keys() <= pins("requirements-dev").keys() - pins("requirements").keys()
