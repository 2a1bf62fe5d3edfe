"""The example in docs/adding-an-event.md works as it is written there."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "adding-an-event.md"
PACKAGE = "classroom_admin/events"
REGISTRY = "tests/events/test_registry.py"


def link(source: Path, target: Path, *, but: str) -> None:
    """Make a folder of links to everything in `source` but one name."""
    target.mkdir(parents=True)
    for path in source.iterdir():
        if path.name != but:
            (target / path.name).symlink_to(path)


def copy(source: Path, target: Path) -> None:
    target.mkdir()
    for path in source.glob("*.py"):
        (target / path.name).write_text(path.read_text())


def test_the_example_passes_its_own_test(tmp_path: Path) -> None:
    text = DOCUMENT.read_text()
    member, module, test = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    module_path, test_path = re.findall(r"^`(\S+)`:$", text, re.M)
    here = tmp_path / "here"
    link(ROOT, here, but="classroom_admin")
    (here / "tests").unlink()
    link(ROOT / "classroom_admin", here / "classroom_admin", but="events")
    link(ROOT / "tests", here / "tests", but="events")
    copy(ROOT / PACKAGE, here / PACKAGE)
    copy(ROOT / "tests/events", here / "tests/events")
    (here / module_path).write_text(module)
    (here / test_path).write_text(test)
    enum = here / PACKAGE / "event.py"
    last = "    PEER_CUSTOM_MESSAGE = (Stream.PEER, 99)\n"
    enum.write_text(enum.read_text().replace(last, last + member))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test_path, REGISTRY],
        cwd=here,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d\d passed", done.stdout)
