"""``/_sim/``: the page for breaking the cloud by hand."""

from pathlib import Path

_PAGE = Path(__file__).with_name("page.html")


def render() -> str:
    """The page; it fetches what it shows from the control calls."""
    return _PAGE.read_text(encoding="utf-8")
