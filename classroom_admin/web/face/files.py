"""Serve the style sheet with the school's colours, and the logo. Both need no sign-in.

The address of a style sheet contains the colour, and the address of the logo contains a digest. So browsers
keep them for ever, and a change shows at once. A style sheet depends on nothing but its address.
"""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from classroom_admin.accounts.face_models import SchoolLogo
from classroom_admin.common import palette
from classroom_admin.common.palette import Tones

_FOR_EVER: Final = "public, max-age=31536000, immutable"


@require_safe
def palette_file(request: HttpRequest, version: str, colour: str) -> HttpResponse:
    """Return the colours of all pages, derived from six digits. Raise Http404 for an old version."""
    found = _palette(version, colour)
    dark = f"@media (prefers-color-scheme: dark) {{ :root {{ {_rules(found.dark)} }} }}"
    return _style_sheet(f":root {{ {_rules(found.light)} }}\n{dark}\n")


@require_safe
def preview_file(request: HttpRequest, version: str, colour: str) -> HttpResponse:
    """Return the colours for the two halves of the preview. Raise Http404 for an old version."""
    found = _palette(version, colour)
    halves = {"light": found.light, "dark": found.dark}
    return _style_sheet("".join(f".face-{mode} {{ {_rules(tones)} }}\n" for mode, tones in halves.items()))


@require_safe
def logo_file(request: HttpRequest, digest: str) -> HttpResponse:
    """Return the logo. Raise Http404 if it is another one now."""
    row = SchoolLogo.objects.filter(digest=digest).first()
    if row is None:
        raise Http404("There is another logo, or none. Reload the page.")
    answer = HttpResponse(bytes(row.content), content_type=row.kind)
    answer["Cache-Control"] = _FOR_EVER
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"  # mails show it, also in a mailbox in the browser
    return answer


def palette_address(colour: str, name: str = "palette") -> str:
    """Return the address of the style sheet for a colour such as "#3a4bc8"."""
    return reverse(f"face:{name}", args=[palette.VERSION, colour.removeprefix("#")])


def _palette(version: str, colour: str) -> palette.Palette:
    if version != str(palette.VERSION):
        raise Http404("There is a newer version of this style sheet. Reload the page.")
    try:
        return palette.palette(f"#{colour}")
    except ValueError as error:
        raise Http404("There is no such colour.") from error


def _rules(tones: Tones) -> str:
    return (
        f"--accent: {tones.accent}; --accent-strong: {tones.accent_strong}; "
        f"--accent-soft: {tones.accent_soft}; --on-accent: {tones.on_accent};"
    )


def _style_sheet(text: str) -> HttpResponse:
    answer = HttpResponse(text, content_type="text/css; charset=utf-8")
    answer["Cache-Control"] = _FOR_EVER
    return answer
