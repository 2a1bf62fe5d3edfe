"""Write the list of the packages that the product runs on, their licences and who needs whom: `make sbom`.

    scripts/sbom.py    writes dist/classroom-admin-VERSION.cdx.json (CycloneDX)

The list describes the wheel in dist/ and the pinned packages in a new environment. The script installs them
there, so it needs a package index.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from classroom_admin.common.version import DISTRIBUTION, version  # noqa: E402

CYCLONEDX: Final = (sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible")


def install(folder: Path, wheel: Path) -> Path:
    """Install the product into a new environment. Return its Python."""
    venv.create(folder, with_pip=False)
    python = folder / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements.txt")], check=True)
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
    return python


def described(found: dict[str, Any]) -> dict[str, Any]:
    """Return the list with our own package as its subject and not as one of the packages that it needs."""
    [ours] = [one for one in found["components"] if one["name"] == DISTRIBUTION]
    found["components"].remove(ours)
    ours.pop("externalReferences", None)  # the place of the wheel on this machine
    found["metadata"]["component"] = {**ours, "type": "application"}
    return found


def main() -> int:
    wheel = ROOT / f"dist/{DISTRIBUTION.replace('-', '_')}-{version()}-py3-none-any.whl"
    target = ROOT / f"dist/{DISTRIBUTION}-{version()}.cdx.json"
    if not wheel.exists():
        print(f"{wheel.relative_to(ROOT)} is missing: run make wheel", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        python = install(Path(folder) / "venv", wheel)
        done = subprocess.run([*CYCLONEDX, str(python)], check=True, stdout=subprocess.PIPE)
    found = described(json.loads(done.stdout))
    target.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{target.relative_to(ROOT)}: {len(found['components'])} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
