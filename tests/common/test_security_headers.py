"""Which standard headers a response gets."""

from __future__ import annotations

from classroom_admin.common.security_headers import completed

STANDARD = [(b"content-security-policy", b"frame-ancestors 'none'"), (b"x-frame-options", b"DENY")]


def test_page_that_names_sites_for_frames_gets_no_x_frame_options() -> None:
    """That header can't name sites, so browsers that obey it would refuse the frame."""
    framed = [(b"Content-Security-Policy", b"default-src 'self'; frame-ancestors https://moodle.example")]
    assert completed(framed, STANDARD) == framed
    closed = [(b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'")]
    assert completed(closed, STANDARD) == [*closed, STANDARD[1]]
    assert completed([], STANDARD) == STANDARD
