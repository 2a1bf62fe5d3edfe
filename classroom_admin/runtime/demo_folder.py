"""Store a demo's state in its data folder between starts, and reset the folder.

``demo.json`` marks the folder as a demo's. Everyone knows the password of a demo's accounts. So a school's
installation must refuse a demo's folder, and a demo must refuse a school's folder.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

MARKER = "demo.json"
# The files that a reset deletes. The lock and the secret key stay, because they are in use.
_MADE = ("broker", "broker.sock", "static", "media", MARKER)
_MADE_PATTERNS = ("classroom_admin.sqlite3*", "beat-schedule*")


class NotADemo(Exception):
    """Raised if the folder's ``demo.json`` can't be read; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoState:
    """The content of ``demo.json``. ``starts`` counts the starts; each has a different seed."""

    app_id: str
    app_certificate: str
    simulator_port: int
    starts: int

    def seed(self, first: int) -> int:
        """Return the seed of this start.

        The simulator stores nothing. With the seed of the last start, its rooms would have the same ids and
        number their events from 1 again. The dashboard would ignore these events as duplicates.
        """
        return first + self.starts - 1


def is_demo(data_dir: Path) -> bool:
    """Return whether a demo made this folder."""
    return (data_dir / MARKER).exists()


def load(data_dir: Path) -> DemoState | None:
    """Return the state of the last start; None before the first. Raise ``NotADemo`` for an invalid file."""
    path = data_dir / MARKER
    if not path.exists():
        return None
    try:
        return DemoState(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise NotADemo(
            f"{path} can't be read ({error}). Delete the folder, or choose another DATA_DIR."
        ) from error


def begin(data_dir: Path, *, app_id: str, app_certificate: str, simulator_port: int) -> DemoState:
    """Count one more start in ``demo.json``, with the given values, and return the new state."""
    before = load(data_dir)
    state = DemoState(
        app_id=app_id,
        app_certificate=app_certificate,
        simulator_port=simulator_port,
        starts=before.starts + 1 if before else 1,
    )
    fresh = data_dir / f"{MARKER}.new"
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(asdict(state), indent=2) + "\n")
    fresh.replace(data_dir / MARKER)
    return state


def reset(data_dir: Path) -> None:
    """Delete the demo's files in its folder, but no other files. Do nothing if the folder is not a demo's."""
    if not is_demo(data_dir):
        return
    for path in [data_dir / name for name in _MADE] + [p for w in _MADE_PATTERNS for p in data_dir.glob(w)]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
