"""The dialects of events. Releases and documents of the cloud describe the same fact differently."""

from typing import Literal, get_args

Dialect = Literal["2021", "2023", "sdk"]
"""``2021`` and ``2023`` follow the documents of these years; ``sdk`` follows the vendor's web client."""
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)
