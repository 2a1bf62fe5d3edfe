"""Draw QR codes as SVG: one path, which our content security policy allows, and which prints sharply."""

from __future__ import annotations

from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

QUIET_ZONE: Final = 4
"""The empty margin (in modules) that scanners need."""


def svg(text: str, *, label: str) -> SafeString:
    """Return a QR code of `text` as an SVG element. `label` says to screen readers what it is."""
    from qrcode import QRCode  # type: ignore[import-untyped]  # only this page needs it
    from qrcode.constants import ERROR_CORRECT_M  # type: ignore[import-untyped]

    # A fixed mask pattern: choosing the best of the eight takes ten times as long, and scanners read each.
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=2)
    code.add_data(text)
    code.make(fit=True)
    matrix = code.get_matrix()
    side = len(matrix) + 2 * QUIET_ZONE
    return format_html(
        '<svg class="join-qr" viewBox="0 0 {} {}" role="img" aria-label="{}" shape-rendering="crispEdges">'
        '<path d="{}" fill="#000"/></svg>',
        side,
        side,
        label,
        mark_safe(_path(matrix)),  # only numbers and letters of ours
    )


def _path(matrix: list[list[bool]]) -> str:
    """Return the path of all dark modules. Neighbours of a row become one rectangle."""
    parts: list[str] = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            length = 1
            if row[x]:
                while x + length < len(row) and row[x + length]:
                    length += 1
                parts.append(f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h{length}v1h-{length}z")
            x += length
    return "".join(parts)
