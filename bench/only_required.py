"""Make an environment that has only the packages of `requirements.txt`, as an installation has.

The environment for development has more. Some libraries import them if they exist, and need more memory.
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

from live_parts import ROOT

_NAME = re.compile(r"^([\w.-]+)==", re.MULTILINE)


def make(folder: Path) -> Path:
    """Make the environment in `folder`, with links to this environment's packages. Return its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    for name in _NAME.findall((ROOT / "requirements.txt").read_text()):
        found = distribution(name)
        for top in {file.parts[0] for file in found.files or ()} - {".."}:
            if not (packages / top).exists():
                (packages / top).symlink_to(Path(str(found.locate_file(top))).resolve())
    python = folder / "bin" / "python"
    # The compiler needs memory that a process never gives back. pip compiles what it installs.
    subprocess.run([str(python), "-m", "compileall", "-q", "classroom_admin"], cwd=ROOT, check=True)
    return python
