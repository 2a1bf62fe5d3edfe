"""Close an HTTP connection without a response, as some faults do."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION = "classroom_admin.connection"


class AbortableProtocol(HttpToolsProtocol):
    """A protocol for uvicorn that lets the application close a connection without a response."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions = self.scope.setdefault("extensions", {})
        extensions[EXTENSION] = {"abort": self._abort}

    def _abort(self) -> None:
        self.transport.close()


def abort(scope: Any) -> bool:
    """Close the connection of this request. Return False if the server can't do this."""
    connection = (scope.get("extensions") or {}).get(EXTENSION)
    if connection is None:
        return False
    connection["abort"]()
    return True
