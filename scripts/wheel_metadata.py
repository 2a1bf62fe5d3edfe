"""Copy the required packages from the requirements files into the metadata of the wheel (`make wheel`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

EXTRAS = {name: f"requirements-{name}.in" for name in ("saml", "otel", "sentry")}


def required(file: Path) -> list[str]:
    """Return the requirements of a file, without comments and without options such as `-c`."""
    lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("-")]


class RequirementsFiles(MetadataHookInterface):
    """The hook that hatchling calls. It makes `requirements.in` the only list of what the product runs on."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        root = Path(self.root)
        metadata["dependencies"] = required(root / "requirements.in")
        metadata["optional-dependencies"] = {name: required(root / file) for name, file in EXTRAS.items()}
