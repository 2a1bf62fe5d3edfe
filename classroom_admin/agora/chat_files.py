"""Download the file with the messages of an hour of Agora Chat.

The address of a file is signed and expires. It is not on the service's own host, so never send our token to
that host.
"""

import zlib
from typing import Final
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.errors import CloudUnavailable, UnreadableAnswer, error_for
from classroom_admin.agora.wire import Wire
from classroom_admin.common import clock
from classroom_admin.common.addresses import is_web_address
from classroom_admin.common.problems import Problem

MOST_BYTES: Final = 128 * 1024 * 1024
"""The maximum size of a decompressed file."""
CONNECT_S: Final = 5.0
READ_S: Final = 20.0
WHOLE_S: Final = 60.0
_GZIP: Final = b"\x1f\x8b"

_wire: Final = Wire()


class _NoToken(AuthBase):
    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        return request


def download(config: CloudConfig, url: str) -> bytes:
    """Return the decompressed content of a file.

    Raise `CloudUnavailable` if the host does not answer, or the `CloudError` for its status. Raise
    `UnreadableAnswer` if the address is invalid, or the file is damaged or too large. No error contains the
    address.
    """
    secure = urlsplit(config.chat_url).scheme == "https"
    if not is_web_address(url) or (secure and urlsplit(url).scheme != "https"):
        raise UnreadableAnswer(problem=Problem("chat_file_address"))
    parts = urlsplit(url)
    reply = _wire.exchange(
        f"{parts.scheme}://{parts.netloc}",
        method="GET",
        path=f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}",
        query={},
        body=None,
        auth=_NoToken(),
        connect_s=CONNECT_S,
        read_s=READ_S,
        until=clock.monotonic() + WHOLE_S,
    )
    if reply.status is None or not reply.whole:
        raise CloudUnavailable(problem=reply.problem, http_status=reply.status)
    if reply.status != 200:
        raise error_for(http_status=reply.status, code=None, message="")
    return _unpacked(reply.body)


def _unpacked(body: bytes) -> bytes:
    """Return the decompressed file. Raise `UnreadableAnswer` if the file is damaged."""
    if not body.startswith(_GZIP):
        return body
    content = bytearray()
    while body.startswith(_GZIP):
        unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            content += unpacker.decompress(body, MOST_BYTES + 1 - len(content))
        except zlib.error:
            raise UnreadableAnswer(problem=Problem("chat_file_damaged")) from None
        if unpacker.unconsumed_tail or not unpacker.eof or len(content) > MOST_BYTES:
            raise UnreadableAnswer(problem=Problem("chat_file_damaged"))
        body = unpacker.unused_data
    return bytes(content)
