"""Administrators add, test and change webhooks on the settings pages, and see what was sent."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from standardwebhooks import Webhook

from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.common.encryption import decrypt
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.integrations.webhooks import deliveries, selectors
from classroom_admin.integrations.webhooks.models import Delivery, Endpoint
from classroom_admin.operations.encrypted_places import FIELDS
from tests.integrations.webhooks.receiver import Receiver
from tests.school import School

pytestmark = pytest.mark.django_db
KINDS = {"kinds": ["class_started", "recording_ready"]}


@pytest.fixture
def client(school: School) -> Client:
    return school.signed_in(school.administrator)


def text(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def press(client: Client, name: str, endpoint: Endpoint, *more: object, **data: Any) -> str:
    return text(client.post(reverse(f"webhooks:{name}", args=[endpoint.key, *more]), data, follow=True))


def added(client: Client, address: str) -> Endpoint:
    form = {"address": address, "description": "Learning platform", **KINDS}
    page = text(client.post(reverse("webhooks:add"), form, follow=True))
    assert "Learning platform was saved." in page
    return Endpoint.objects.get()


def test_webhook_from_the_form_to_its_deletion(client: Client, receiver: Receiver) -> None:
    assert "No webhooks yet." in text(client.get(reverse("webhooks:list")))
    endpoint = added(client, f"{receiver.url}?key=of-the-receiver")
    receiver.secret = decrypt(endpoint.secret)
    page = text(client.get(reverse("webhooks:webhook", args=[endpoint.key])))
    assert "Class started, Recording ready" in page
    assert receiver.secret not in page
    assert "of-the-receiver" not in page, "the query may be a secret of the receiver"
    assert receiver.secret in press(client, "secret", endpoint)
    assert "accepted the test message (status 204)" in press(client, "test", endpoint)
    assert receiver.received[0].is_valid
    receiver.answer = (500, b"<script>alert(1)</script>")
    assert "The receiver answered with status 500." in press(client, "test", endpoint)
    press(client, "rotate", endpoint)
    endpoint.refresh_from_db()
    assert decrypt(endpoint.old_secret) == receiver.secret
    assert "signed with the old secret, too, until" in press(client, "switch", endpoint, on="0")
    changed = {"address": receiver.url, "description": "LMS", "kinds": ["class_ended"]}
    press(client, "change", endpoint, **changed)
    endpoint.refresh_from_db()
    assert (endpoint.description, endpoint.kinds, endpoint.is_on) == ("LMS", ["class_ended"], False)
    assert "LMS was deleted." in press(client, "delete", endpoint)
    actions = list(Entry.objects.filter(action__startswith="webhook.").order_by("pk"))
    names = "create show test test rotate switch change delete"
    assert [entry.action for entry in actions] == [f"webhook.{name}" for name in names.split()]
    assert "of-the-receiver" not in str([entry.params for entry in actions])
    audit = text(client.get(reverse("settings:audit")))
    assert "Created a new secret for a webhook" in audit


def test_private_address_is_refused_and_the_form_is_kept(client: Client, settings: Any) -> None:
    settings.OUTBOUND_PRIVATE_NETWORKS = ()
    form = {"address": "https://169.254.169.254/latest", "description": "Metadata", **KINDS}
    answer = client.post(reverse("webhooks:add"), form)
    page = text(answer)
    assert answer.status_code == 422
    assert "169.254.169.254 is in a private network" in page
    assert 'value="Metadata"' in page
    assert not Endpoint.objects.exists()
    answer = client.post(reverse("webhooks:add"), {"address": "", "description": ""})
    assert "Choose at least one kind of message." in text(answer)


def test_log_shows_request_answer_and_attempts_and_sends_again(
    client: Client, receiver: Receiver, school: School
) -> None:
    endpoint = added(client, receiver.url)
    notice = Notice.objects.create(
        number="msg_1", kind="class_started", room=school.room, at=clock.now(), data={"started_at": None}
    )
    made = Delivery.objects.create(endpoint=endpoint, notice=notice, room=school.room, number="msg_1")
    receiver.answer = (422, b"<b>wrong & long</b>\0")
    deliveries.work()
    page = text(client.get(reverse("webhooks:webhook", args=[endpoint.key])))
    assert "The receiver answered with status 422." in page
    answer = client.get(reverse("webhooks:message", args=[endpoint.key, made.pk]))
    assert "&lt;b&gt;wrong &amp; long&lt;/b&gt;" in answer.content.decode()
    assert '"type": "class_started"' in text(answer)
    assert "already waiting to be sent" in press(client, "again", endpoint, made.pk)
    receiver.answer = (200, b"")
    Delivery.objects.update(claimable_at=None, state="failed")
    assert "will be sent again" in press(client, "again", endpoint, made.pk)
    deliveries.work()
    assert receiver.numbers == ["msg_1", "msg_1"]
    made.refresh_from_db()
    assert (made.state, made.attempts.count()) == ("delivered", 2)
    other = Endpoint.objects.create(address="https://b.test/", secret=endpoint.secret)
    path = reverse("webhooks:message", args=[other.key, made.pk])
    assert client.get(path).status_code == 404, "a message belongs to its webhook"


def test_administrators_see_that_a_webhook_was_switched_off(client: Client, receiver: Receiver) -> None:
    endpoint = added(client, receiver.url)
    assert "does not accept messages" not in text(client.get(reverse("settings:overview")))
    Endpoint.objects.update(failing_since=clock.now())
    overview = text(client.get(reverse("settings:overview")))
    assert "<bdi>Learning platform</bdi> does not accept messages" in overview
    Endpoint.objects.update(is_on=False, off_reason="failing", off_at=clock.now())
    assert "was switched off, because it failed" in text(client.get(reverse("settings:overview")))
    assert "Test it, then switch it on." in text(client.get(reverse("webhooks:webhook", args=[endpoint.key])))
    assert selectors.troubled() == [endpoint]


def test_long_log_has_pages(client: Client, receiver: Receiver) -> None:
    endpoint = added(client, receiver.url)
    Delivery.objects.bulk_create(
        Delivery(endpoint=endpoint, number=f"msg_{number}", state="delivered", claimable_at=None)
        for number in range(selectors.LOG_ROWS + 1)
    )
    rows, older = selectors.log(endpoint)
    assert len(rows) == selectors.LOG_ROWS
    path = reverse("webhooks:webhook", args=[endpoint.key])
    assert f"?before={older}" in text(client.get(path))
    last = text(client.get(path, {"before": older}))
    assert last.count("/messages/") == 1
    assert client.get(path, {"before": "x"}).status_code == 200


def test_secret_that_no_key_decrypts_is_said(client: Client, receiver: Receiver) -> None:
    endpoint = added(client, receiver.url)
    Endpoint.objects.update(secret="gAAAA-not-a-token")
    assert "can't be decrypted" in press(client, "secret", endpoint)
    assert "can't be decrypted" in press(client, "test", endpoint)
    assert {("outgoing_webhooks.Endpoint", name) for name in ("secret", "old_secret")} <= set(FIELDS)


def test_secret_has_the_standard_form(client: Client, receiver: Receiver) -> None:
    secret = decrypt(added(client, receiver.url).secret)
    assert secret.startswith("whsec_")
    assert len(Webhook(secret)._whsecret) == 32
