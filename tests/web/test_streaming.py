"""Downloads that are sent piece by piece arrive whole."""

from __future__ import annotations

import asyncio

import pytest
from django.conf import settings
from django.test import AsyncClient

from tests.school import School


@pytest.mark.django_db(transaction=True)
def test_a_download_of_several_pieces_is_whole_in_a_browser_that_accepts_gzip(school: School) -> None:
    client = AsyncClient(headers={"accept-encoding": "gzip, deflate"})
    client.force_login(school.administrator, backend=settings.AUTHENTICATION_BACKENDS[0])

    async def downloaded() -> list[bytes]:
        answer = await client.get("/settings/audit/file.csv")
        assert answer["Content-Encoding"] == "identity"
        return [piece async for piece in answer.streaming_content]

    pieces = asyncio.run(downloaded())
    assert len(pieces) > 1
    assert "Exported entries of the audit log" in b"".join(pieces).decode()
