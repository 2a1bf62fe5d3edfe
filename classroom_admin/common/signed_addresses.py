"""Sign the addresses that work without sign-in: files and calendars.

They are kept for years by the cloud and by calendar programs. So they have keys of their own, which a new
`SECRET_KEY` does not change.
"""

from django.conf import settings
from django.core.signing import Signer


def signer(*, salt: str, sep: str) -> Signer:
    """Return a signer that signs with the first of `ADDRESS_KEYS` and accepts all of them."""
    first, *older = settings.ADDRESS_KEYS
    return Signer(key=first, fallback_keys=list(older), salt=salt, sep=sep)
