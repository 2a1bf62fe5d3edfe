"""How the suite is shared out when it runs in parallel (``--dist loadgroup``)."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent
BROWSER = "browser"
# The long ones first, so that no worker ends up with one of them while the others have nothing left.
LONGEST_FIRST = (BROWSER, "core/test_commands.py", "sync/test_lease.py", "sync/fold/test_laws.py")


def _group(item: pytest.Item) -> str:
    """A file stays on one worker, and so do all browser tests: they share one dashboard and one browser."""
    path = item.path.relative_to(ROOT).as_posix()
    return BROWSER if path.startswith("browser/") else path


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("dist", "no") != "loadgroup":
        return
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    ranks = {name: rank for rank, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: ranks.get(_group(item), len(ranks)))
