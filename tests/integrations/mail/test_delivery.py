"""Notices become mails: gathered, sent at most once, tried again, and only to people whose class it is."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.common import clock
from classroom_admin.common.problem_texts import stored_in_words
from classroom_admin.integrations.mail import choices, delivery, receiving, tasks
from classroom_admin.integrations.mail.models import Mail, MailKind
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.rooms.models import Participant, Recording, Role, RoomTeacher, Substitution
from tests.integrations.happenings import alert, happen
from tests.integrations.mail.small_mail_server import MailServer, parts_of
from tests.school import School
from tests.stepped_clock import SteppedClock

pytestmark = pytest.mark.django_db
State = Mail.State


@pytest.fixture
def world(server: MailServer, time: SteppedClock, school: School) -> School:
    choices.choose(person=school.teacher, kinds=[MailKind.ALERT, MailKind.RECORDING_READY])
    return school


def send_after(time: SteppedClock, minutes: float = 0.5) -> None:
    time.step(minutes * 60)
    tasks.send()


def states() -> list[str]:
    return list(Mail.objects.order_by("pk").values_list("state", flat=True))


def test_many_alerts_of_a_class_are_one_mail_in_15_minutes(
    world: School, server: MailServer, time: SteppedClock
) -> None:
    alert(world.room)
    tasks.send()
    assert server.mails == [], "further alerts are awaited for half a minute"
    for _ in range(8):
        alert(world.room, "recording")
        time.step(0.5)
    send_after(time)
    [first] = server.mails
    assert first["To"] == "teacher@school.test"
    assert first["From"] == "Example School <classes@school.test>"
    text, html = parts_of(first)
    assert text.count("Not recording") == html.count("Not recording") == 8
    assert text.count("No teacher present") == 1
    assert "&lt;script&gt;" in html
    assert "<script>" not in html

    alert(world.room, "over_time")
    alert(world.room, "cloud")
    send_after(time, 10)
    assert len(server.mails) == 1, "the next mail about the class is 15 minutes after the first"
    send_after(time, 5)
    assert len(server.mails) == 2
    assert "Overtime" in parts_of(server.mails[1])[0]
    assert "Not recording" not in parts_of(server.mails[1])[0]
    assert states() == [State.SENT, State.SENT]


def test_only_people_whose_class_it_is_and_who_want_the_mail_get_it(
    world: School, server: MailServer, time: SteppedClock
) -> None:
    def person(name: str, **columns: Any) -> User:
        made = User.objects.create_user(f"{name}@school.test", "x", name=name, **columns)
        choices.choose(person=made, kinds=[MailKind.ALERT])
        return made

    for one in (world.administrator, world.other_teacher):
        choices.choose(person=one, kinds=[MailKind.ALERT])
    substitute, late = person("substitute"), person("late")
    now = clock.now()
    for teacher, start in ((substitute, now), (late, now + timedelta(days=1))):
        Substitution.objects.create(
            room=world.room,
            teacher=teacher,
            made_by=world.administrator,
            starts_at=start,
            ends_at=start + timedelta(hours=2),
        )
    CloudIdentity.objects.create(user=person("joined"), user_uuid="joined's cloud id")
    Participant.objects.create(
        room=world.room, user_uuid="joined's cloud id", role=Role.TEACHER, was_teacher=True
    )
    RoomTeacher.objects.create(room=world.room, user=person("gone", is_active=False))
    silent = User.objects.create_user("silent@school.test", "x")
    RoomTeacher.objects.create(room=world.room, user=silent)
    alert(world.room)
    send_after(time)
    got = {mail["To"] for mail in server.mails}
    assert got == {"teacher@school.test", "substitute@school.test", "joined@school.test"}


@pytest.mark.parametrize("change", ["lost the class", "deactivated", "unsubscribed"])
def test_permission_and_choice_are_checked_again_when_the_mail_is_sent(
    world: School, server: MailServer, time: SteppedClock, change: str
) -> None:
    alert(world.room)
    if change == "lost the class":
        RoomTeacher.objects.filter(user=world.teacher).delete()
    elif change == "deactivated":
        User.objects.filter(pk=world.teacher.pk).update(is_active=False)
    else:
        choices.unsubscribe(person=world.teacher, kind=MailKind.ALERT)
    send_after(time)
    assert server.mails == []
    assert states() == [State.DROPPED]


def test_server_that_is_away_gets_the_mail_later_and_alerts_become_one_mail(
    world: School, server: MailServer, time: SteppedClock, settings: Any
) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    alert(world.room)
    send_after(time)
    [mail] = Mail.objects.all()
    assert (mail.state, mail.attempts) == (State.WAITING, 1)
    assert "does not answer (ConnectionRefusedError)" in stored_in_words(mail.problem)
    assert mail.claimable_at == clock.now() + timedelta(minutes=1)
    tasks.send()
    assert Mail.objects.get().attempts == 1, "it waits before the next attempt"
    alert(world.room, "recording")
    send_after(time, 16)
    settings.EMAIL_PORT = port
    send_after(time, 5)
    [sent] = server.mails
    assert "No teacher present" in parts_of(sent)[0]
    assert "Not recording" in parts_of(sent)[0]
    assert sorted(states()) == [State.DROPPED, State.SENT]


def test_old_alert_is_not_sent_any_more(
    world: School, server: MailServer, time: SteppedClock, settings: Any
) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    alert(world.room)
    for _ in range(12):
        send_after(time, 30)
    settings.EMAIL_PORT = port
    assert states() == [State.FAILED]
    alert(world.room)  # as in a backup that is restored days later
    send_after(time, 3 * 24 * 60)
    assert states() == [State.FAILED, State.FAILED]
    assert server.mails == []
    time.step(31 * 24 * 3600)
    assert delivery.tidy()
    assert not Mail.objects.exists()


@pytest.mark.parametrize(
    ("answers", "state", "words"),
    [
        ({"RCPT": "550 5.1.1 no such person"}, State.FAILED, "refuses the recipient (550): 5.1.1 no such"),
        ({"RCPT": "450 4.2.0 greylisted"}, State.WAITING, "refuses the recipient (450)"),
        (
            {"MAIL": "553 not your address"},
            State.WAITING,
            "refuses the sender Example School <classes@school.test> (553)",
        ),
        ({"END": "452 disk full"}, State.WAITING, "refuses the mail (452): disk full"),
    ],
)
def test_refusals_are_stored_in_words_and_only_those_that_may_change_are_tried_again(
    world: School, server: MailServer, time: SteppedClock, answers: dict[str, str], state: str, words: str
) -> None:
    server.answers = answers
    alert(world.room)
    send_after(time)
    [mail] = Mail.objects.all()
    assert mail.state == state
    assert words in stored_in_words(mail.problem)
    server.answers = {}
    send_after(time, 2)
    assert Mail.objects.get().state == (State.FAILED if state == State.FAILED else State.SENT)


def test_mail_whose_outcome_is_unknown_is_not_sent_again(
    world: School, server: MailServer, time: SteppedClock
) -> None:
    server.drops_after_data = True
    alert(world.room)
    send_after(time)
    assert states() == [State.UNKNOWN]
    server.drops_after_data = False
    send_after(time, 60)
    assert len(server.mails) == 1


@pytest.mark.django_db(transaction=True)
def test_killed_worker_neither_doubles_nor_loses_a_mail_it_did_not_send(
    world: School, server: MailServer, time: SteppedClock
) -> None:
    alert(world.room)
    time.step(30)
    assert delivery.claim() is not None, "this worker is killed before it sends"
    tasks.send()
    assert server.mails == []
    send_after(time, 6)
    assert len(server.mails) == 1

    alert(world.room, "recording")
    time.step(15 * 60)
    server.before_answer = lambda: os.kill(child, signal.SIGKILL)
    connections.close_all()
    child = os.fork()
    if child == 0:
        tasks.send()  # the mail arrives, and this process is killed before the server says so
        os._exit(1)
    _pid, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert len(server.mails) == 2
    server.before_answer = lambda: None
    tasks.send()
    assert states() == [State.SENT, State.SENDING]
    send_after(time, 6)
    assert len(server.mails) == 2
    assert states() == [State.SENT, State.UNKNOWN]


def test_notice_that_comes_twice_is_in_one_mail(
    world: School, server: MailServer, time: SteppedClock
) -> None:
    notice = alert(world.room)
    receiving.receive([notice.pk])
    send_after(time)
    receiving.receive([notice.pk])
    send_after(time, 60)
    [mail] = server.mails
    assert parts_of(mail)[0].count("No teacher present") == 1


def test_recording_mail_is_on_by_default_and_leads_to_the_recording(
    world: School, server: MailServer, time: SteppedClock
) -> None:
    recording = Recording.objects.get(room=world.room)
    RoomTeacher.objects.create(room=world.room, user=world.other_teacher)
    User.objects.filter(pk=world.other_teacher.pk).update(language="ar", time_zone="Asia/Riyadh")
    happen(world.room, Notice.Kind.RECORDING_READY, recording=recording.pk)
    send_after(time)
    by_address = {mail["To"]: mail for mail in server.mails}
    text, html = parts_of(by_address["teacher@school.test"])
    address = f"https://classes.school.test/reports/recordings/{recording.pk}/"
    assert address in text
    assert f'href="{address}"' in html
    mail = by_address["other@school.test"]
    text, html = parts_of(mail)
    assert '<html lang="ar" dir="rtl">' in html
    assert "Asia/Riyadh" in text
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].strip().startswith("<https://classes.school.test/mail/unsubscribe/")
    assert mail["Auto-Submitted"] == "auto-generated"


def test_without_mail_nothing_is_stored(world: School, time: SteppedClock, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    alert(world.room)
    tasks.send()
    tasks.plan_summaries()
    assert not Mail.objects.exists()
