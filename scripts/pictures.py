"""Shrink the documents' screenshots and store them in docs/screenshots: `make screenshots`.

    scripts/pictures.py FOLDER    FOLDER contains the screenshots from the browser tests, each as NAME.png
    scripts/pictures.py FOLDER docs/reports.md    FOLDER contains screenshots that were taken by hand

The browser tests take the pictures of README.md and docs/tour.md. Those of docs/reports.md show the past week
of the demo (`make demo`) in a window of 1440 px. Each picture is reduced to a palette and at most 150 KB. The
script exits with 1 if a picture is missing or stays too large.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from PIL import Image

ROOT: Final = Path(__file__).resolve().parent.parent
FROM_TESTS: Final = ("README.md", "docs/tour.md")
FROM_DEMO: Final = ("docs/reports.md",)
NAMED: Final = re.compile(r"screenshots/([\w-]+)\.png")
MOST_BYTES: Final = 150_000
COLOURS: Final = (256, 128, 64, 32)
LONGEST: Final = 2200
"""The largest height of a picture (pixels). The rest of the page is cut off."""


def named(documents: Iterable[str]) -> set[str]:
    """Return the names of the pictures that the documents show."""
    return {name for path in documents for name in NAMED.findall((ROOT / path).read_text(encoding="utf-8"))}


def shrink(source: Path, target: Path) -> int:
    """Write the picture with as many colours as `MOST_BYTES` permits; return its size in bytes."""
    with Image.open(source) as opened:
        whole = opened.convert("RGB")
    picture = whole.crop((0, 0, whole.width, min(whole.height, LONGEST)))
    for colours in COLOURS:
        picture.quantize(colours, dither=Image.Dither.NONE).save(target, optimize=True)
        if target.stat().st_size <= MOST_BYTES:
            break
    return target.stat().st_size


def main() -> int:
    folder, kept = Path(sys.argv[1]), ROOT / "docs/screenshots"
    kept.mkdir(exist_ok=True)
    wrong = 0
    for name in sorted(named(sys.argv[2:] or FROM_TESTS)):
        if not (folder / f"{name}.png").exists():
            print(f"{name}: it is not in the folder", file=sys.stderr)
            wrong = 1
            continue
        size = shrink(folder / f"{name}.png", kept / f"{name}.png")
        print(f"{name}: {size / 1000:.0f} KB")
        wrong |= size > MOST_BYTES
    for old in kept.glob("*.png"):
        if old.stem not in named(FROM_TESTS + FROM_DEMO):
            old.unlink()
    return wrong


if __name__ == "__main__":
    sys.exit(main())
