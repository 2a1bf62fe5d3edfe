"""Shrink the documents' screenshots and store them in docs/screenshots: `make screenshots`.

    scripts/pictures.py FOLDER    FOLDER contains the screenshots from the browser tests, each as NAME.png

The documents are README.md and docs/tour.md. Each picture is reduced to a palette and at most 150 KB. The
script exits with 1 if a picture is missing or stays too large.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from PIL import Image

ROOT: Final = Path(__file__).resolve().parent.parent
DOCUMENTS: Final = ("README.md", "docs/tour.md")
NAMED: Final = re.compile(r"screenshots/([\w-]+)\.png")
MOST_BYTES: Final = 150_000
COLOURS: Final = (256, 128, 64, 32)
LONGEST: Final = 2200
"""The largest height of a picture (pixels). The rest of the page is cut off."""


def named() -> set[str]:
    """Return the names of the pictures that the documents show."""
    return {name for path in DOCUMENTS for name in NAMED.findall((ROOT / path).read_text(encoding="utf-8"))}


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
    for name in sorted(named()):
        if not (folder / f"{name}.png").exists():
            print(f"{name}: the tests did not take it", file=sys.stderr)
            wrong = 1
            continue
        size = shrink(folder / f"{name}.png", kept / f"{name}.png")
        print(f"{name}: {size / 1000:.0f} KB")
        wrong |= size > MOST_BYTES
    for old in kept.glob("*.png"):
        if old.stem not in named():
            old.unlink()
    return wrong


if __name__ == "__main__":
    sys.exit(main())
