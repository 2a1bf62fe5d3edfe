"""``/_sim/`` and ``/_sim/join``: pages for people. Each fetches what it shows from the control calls."""

from pathlib import Path

_HERE = Path(__file__).parent


def render() -> str:
    """The page for breaking the cloud by hand."""
    return (_HERE / "page.html").read_text(encoding="utf-8")


def join() -> str:
    """A pretend classroom: whoever opens it is in the room. Query: ``room``, ``user``, ``name``, ``role``."""
    return (_HERE / "join.html").read_text(encoding="utf-8")
