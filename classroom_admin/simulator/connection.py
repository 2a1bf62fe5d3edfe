"""The HTTP connection itself, for faults that no answer can show: an end without a word."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION = "classroom_admin.connection"


class AbortableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which also lets an application close the connection without an answer."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions = self.scope.setdefault("extensions", {})
        extensions[EXTENSION] = {"abort": self._abort}

    def _abort(self) -> None:
        self.transport.close()


def abort(scope: Any) -> bool:
    """Close the connection of this request; False where the server cannot."""
    connection = (scope.get("extensions") or {}).get(EXTENSION)
    if connection is None:
        return False
    connection["abort"]()
    return True
