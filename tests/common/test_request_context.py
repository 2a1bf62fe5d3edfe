"""Where a request comes from is known to the audit log, and its id to the log."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from classroom_admin.common import request_context
from classroom_admin.common.logs import context
from classroom_admin.common.logs.access import REQUEST_ID
from classroom_admin.common.request_context import Origin, RequestContext, current


def answered(**headers: str) -> tuple[Origin, HttpResponse]:
    seen: list[Origin] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(current())
        return HttpResponse()

    response = RequestContext(view)(RequestFactory().get("/", **headers))
    return seen[0], response


def test_values_belong_to_one_request():
    origin, response = answered(REMOTE_ADDR="2001:DB8::0:1", HTTP_USER_AGENT="Browser\x00 9")
    assert (origin.address, origin.agent) == ("2001:db8::1", "Browser 9")
    assert response["X-Request-ID"] == origin.request_id
    assert current() == Origin()
    assert answered()[0].request_id != origin.request_id


def test_client_can_not_choose_the_id():
    origin, _response = answered(HTTP_X_REQUEST_ID="chosen")
    assert "chosen" not in origin.request_id


def test_long_values_are_cut():
    origin, _response = answered(HTTP_USER_AGENT="b" * 1000)
    assert len(origin.agent) == request_context.AGENT_LENGTH


def test_values_end_with_a_request_that_fails():
    def view(request: HttpRequest) -> HttpResponse:
        raise ValueError("broken view")

    with pytest.raises(ValueError, match="broken view"):
        RequestContext(view)(RequestFactory().get("/"))
    assert current() == Origin()


def test_log_knows_the_request_while_it_is_served():
    seen: list[dict[str, Any]] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(dict(context.current()))
        return HttpResponse()

    response = RequestContext(view)(RequestFactory().get("/"))
    assert seen == [{"request_id": response["X-Request-ID"]}]
    assert context.current() == {}


def test_id_of_the_server_is_kept():
    request = RequestFactory().get("/")
    request.scope = {REQUEST_ID: "0123456789abcdef"}  # type: ignore[attr-defined]
    assert RequestContext(lambda _: HttpResponse())(request)["X-Request-ID"] == "0123456789abcdef"


def test_every_answer_has_an_id(db):
    ids = {Client().get(path)["X-Request-ID"] for path in ("/", "/sign-in/", "/nothing-here/", "/healthz")}
    assert len(ids) == 4
