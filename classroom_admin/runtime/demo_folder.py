"""The data folder of a demo: what it keeps between starts, and how it begins afresh without touching anyone
else's.

``demo.json`` marks the folder as a demo's. Accounts in it have a password that everyone knows, so an
installation that serves a school must refuse such a folder, and a demo must refuse a school's.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

MARKER = "demo.json"
# What an installation makes in its data folder, but for the lock that is held and the key that is in use by
# now.
_MADE = ("broker", "broker.sock", "static", "media", MARKER)
_MADE_PATTERNS = ("classroom_admin.sqlite3*", "beat-schedule*")


class NotADemo(Exception):
    """The folder holds something else; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoState:
    """Kept in ``demo.json``. ``starts`` counts from 1: each start plays another school (see ``seed``)."""

    app_id: str
    app_certificate: str
    simulator_port: int
    starts: int

    def seed(self, first: int) -> int:
        """The seed of this start.

        The simulator forgets everything when it ends. With the same seed its rooms would have the ids of
        the last start's rooms and number their events from 1 again, and the dashboard would rightly take
        them for events that it has already.
        """
        return first + self.starts - 1


def is_demo(data_dir: Path) -> bool:
    """Whether a demo made this folder."""
    return (data_dir / MARKER).exists()


def load(data_dir: Path) -> DemoState | None:
    """What the last start kept; None where there was none. ``NotADemo`` where the file can't be read."""
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
    """Note one more start."""
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
    """Delete what a demo made in its folder, and nothing else."""
    if not is_demo(data_dir):
        return
    for path in [data_dir / name for name in _MADE] + [p for w in _MADE_PATTERNS for p in data_dir.glob(w)]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
