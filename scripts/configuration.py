"""Write `.env.example` and `docs/configuration.md` from `classroom_admin/environment/variables.py`.

scripts/configuration.py            write both files
scripts/configuration.py --check    exit with 1 if a file is not current
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from classroom_admin.environment import sign_on, sign_on_switches, variables  # noqa: E402

SECTIONS: Final = [*variables.SECTIONS]
_of_providers: Final = SECTIONS.index(sign_on_switches.SignOn) + 1
SECTIONS[_of_providers:_of_providers] = [sign_on.OidcProvider, sign_on.SamlProvider]
MUST_BE_SET: Final = ("AGORA_APP_ID", "AGORA_APP_CERTIFICATE")
DEVELOPMENT: Final = {
    "CHAOS": ("", "How long `make test-chaos` runs: `middle`, `long` or `full`"),
    "CHAOS_SEED": ("`1`", "The seed of the random kills in `make test-chaos`"),
    "CHROMIUM": ("found, or installed", "The Chromium that the browser tests drive"),
    "CONTRACT_EXAMPLES": ("`20`", "How many random requests each contract test sends"),
    "DEPLOY_TOOLS": ("", "Any value: tests of `deploy/` fail, and are not skipped, if a program is missing"),
    "NOT_LOCKED_SECONDS": ("`6`", "How long the test for database locks runs"),
    "ODD_VALUES": ("`1`", "How many sets of random values each page is shown with"),
    "PRESSES": ("", "The folder in which browser tests note the buttons that they press"),
    "RANDOM_VALUES": ("`150`", "How many random requests the long test sends to each address"),
    "SCREENSHOTS": ("", "The folder in which browser tests store their pictures"),
    "SIMULATOR_SHOT": ("", "The file in which the test of the simulator's page stores its picture"),
    "TEST_RUN_FOLDER": ("a new one", "The folder that all processes of a test run share"),
}
"""The variables of tests and tools, each with its default and meaning."""
EXAMPLE_HEAD: Final = """\
# Every environment variable that Classroom Admin reads. A line that begins with `#NAME=` shows the default.
# The file is not read by itself. Copy it to `.env`, edit it, and load it:  set -a; . ./.env; set +a
# The shell reads the values: put a value with spaces, `#`, `$` or `&` in single quotes: NAME='a $value'.
# scripts/configuration.py writes this file.
"""
PAGE_HEAD: Final = """\
# Configuration

Environment variables set everything that differs between installations. You must set `AGORA_APP_ID` and
`AGORA_APP_CERTIFICATE`. If other computers reach the dashboard, also set `PUBLIC_URL`.
[`.env.example`](../.env.example) is a template: copy it to `.env`, edit it, and load it with
`set -a; . ./.env; set +a` before you start `manage.py serve`. `manage.py demo` ignores the variables for the
cloud, the database and the broker.

`scripts/configuration.py` writes this page and the template from `classroom_admin/environment/variables.py`
([why](decisions/typed-settings.md)).

## How values are read
- An empty value means the default, except for `AGORA_FALLBACK_URL`.
- Spaces and a pair of quotes around a value are removed. The secrets `SECRET_KEY`, `RELAY_SECRET`,
  `AGORA_APP_CERTIFICATE`, `AGORA_CHAT_SECRET`, `AGORA_NOTIFICATIONS_SECRET` and
  `FILES_S3_SECRET_KEY` are read literally: every character counts, also `$` and quotes.
- In a folder, `~` is the home folder. In an address, special characters of a password are percent-encoded
  (`%2F` for `/`); `#` may stay.
- A switch is `true` or `false`, `1` or `0`, `yes` or `no`, `on` or `off`.
- An invalid value stops the start with a message that names the variable and what it must be. The message
  does not contain values that may be secret.
"""
PAGE_END: Final = """\
## Libraries
Some libraries read further variables. The cloud client uses `HTTPS_PROXY` and `NO_PROXY` (from requests), and
Sentry's package uses `SENTRY_ENVIRONMENT` and `SENTRY_RELEASE`. The libraries' documentation describes these
variables. The web process ignores uvicorn's `FORWARDED_ALLOW_IPS`: set `TRUSTED_PROXIES` instead.

## Tests and tools
Only the tests, benchmarks and scripts read these. `make help` lists the variables of `make` itself.
"""
TABLE_HEAD: Final = "| variable | default | meaning |\n| --- | --- | --- |\n"


def example() -> str:
    """Return the text of `.env.example`."""
    line = "#" * 78
    out = [EXAMPLE_HEAD]
    for section in SECTIONS:
        out.append(f"\n{line}\n# {section.title}\n{line}\n")
        for name, field in section.model_fields.items():
            mark = "" if name in MUST_BE_SET else "#"
            out.append(f"\n# {field.description}\n{mark}{name}={_written(field)}\n")
    return "".join(out)


def page() -> str:
    """Return the text of `docs/configuration.md`."""
    out = [PAGE_HEAD]
    for section in SECTIONS:
        intro = f"{section.intro}\n\n" if section.intro else ""
        out.append(f"\n## {section.title}\n{intro}{TABLE_HEAD}")
        for name, field in section.model_fields.items():
            written = _written(field)
            shown = _extra(field)["shown"] or (f"`{written}`" if written else "")
            out.append(f"| `{name}` | {shown} | {field.description} |\n")
    out.append(f"\n{PAGE_END}\n{TABLE_HEAD}")
    out += [f"| `{name}` | {shown} | {meaning} |\n" for name, (shown, meaning) in DEVELOPMENT.items()]
    return "".join(out)


def _written(field: Any) -> str:
    """Return the default as text, such as `false` or `2`; "" if it depends on other values."""
    default, shown = field.default, _extra(field)["shown"]
    if isinstance(default, tuple) and not shown:
        return ",".join(default)
    if shown or default is None:
        literal = re.fullmatch(r"`([^`A-Z]+)`", shown)
        return literal[1] if literal else ""
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)


def _extra(field: Any) -> dict[str, Any]:
    extra: dict[str, Any] = field.json_schema_extra
    return extra


def files() -> Iterator[tuple[Path, str]]:
    """Return each file with the text that it must have."""
    yield ROOT / ".env.example", example()
    yield ROOT / "docs/configuration.md", page()


def main(arguments: list[str]) -> int:
    """Write the files, or check them. Return the exit code."""
    behind = [(path, text) for path, text in files() if path.read_text(encoding="utf-8") != text]
    for path, text in behind:
        if "--check" in arguments:
            print(f"{path.relative_to(ROOT)} is not current: run scripts/configuration.py")
        else:
            path.write_text(text, encoding="utf-8")
    return 1 if behind and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
