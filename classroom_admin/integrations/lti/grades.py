"""Send scores to the gradebooks of platforms (Assignment and Grade Services 2.0).

The rows of `Score` are the queue. A score is sent again only if it changed, so a repeated task sends nothing
twice, and a platform that is away gets everything later.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from classroom_admin.accounts.sign_on_http import ProviderFailed
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem, to_text
from classroom_admin.integrations.lti import services
from classroom_admin.integrations.lti.models import Member, ResourceLink, Score
from classroom_admin.integrations.lti.problem import LtiRefused
from classroom_admin.integrations.lti.services import LINE_ITEMS, SCORES
from classroom_admin.reports.attendance import Status
from classroom_admin.reports.models import ClassSummary, Correction, PersonSummary
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.models import Answer, Room

log: Final = logging.getLogger(__name__)
FULL: Final = 100.0
SCORE_TYPE: Final = "application/vnd.ims.lis.v1.score+json"
LINE_ITEM_TYPE: Final = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_TYPE: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=6)
MOST_ATTEMPTS: Final = 20
"""With waits of 1, 2, 4 … minutes, at most 6 hours, these are about three days."""


def changed() -> QuerySet[ResourceLink]:
    """Return the links whose classes have newer figures or corrections than the scores in the queue."""
    summaries = ClassSummary.objects.filter(room=OuterRef("room"))
    newer = summaries.filter(Q(made_at__gt=OuterRef("graded_at")))
    corrected = Correction.objects.filter(room=OuterRef("room"), pk__gt=OuterRef("corrected_up_to"))
    rows = ResourceLink.objects.exclude(grade=ResourceLink.Grade.NONE).filter(platform__is_on=True)
    return rows.filter(
        Q(Exists(summaries), graded_at=None) | Q(Exists(newer)) | Q(Exists(summaries), Exists(corrected))
    ).select_related("room", "course")


def score_of(person: PersonSummary, *, grade: str, quizzes: int) -> tuple[float, float] | None:
    """Return the score of a person and the highest possible one, or None if there is nothing to send.

    The attendance is a share of 100. A correction to *present* counts as all of it, and one to *absent* as
    nothing. Excused people get no score. `quizzes` is the number of quizzes in the class that have a
    solution.
    """
    if person.final_status == Status.EXCUSED:
        return None
    if grade == ResourceLink.Grade.QUIZ:
        return (float(person.correct), float(quizzes)) if quizzes else None
    share = person.share or 0.0
    if person.is_corrected and person.final_status == Status.PRESENT:
        share = 1.0
    if person.final_status == Status.ABSENT:
        share = 0.0
    return round(share * FULL, 1), FULL


def queue(link: ResourceLink) -> int:
    """Put the scores of a class that changed into the queue. Return how many."""
    room = link.room
    assert room is not None
    made_at = ClassSummary.objects.values_list("made_at", flat=True).get(room=room)
    newest = Correction.objects.filter(room=room).aggregate(pk=Max("pk"))["pk"] or 0
    quizzes = _quizzes_in(room)
    members: dict[str, list[Member]] = {}
    for member in link.course.members.all():
        members.setdefault(member.user_uuid, []).append(member)
    count = 0
    with transaction.atomic():
        ResourceLink.objects.select_for_update().get(pk=link.pk)
        known = {score.member_id: score for score in link.scores.all()}
        for person in PersonSummary.objects.filter(room=room).select_related("correction"):
            wanted = score_of(person, grade=link.grade, quizzes=quizzes)
            for user_uuid in dict.fromkeys((person.user_uuid, *person.more_ids)):
                for member in members.get(user_uuid, ()) if wanted else ():
                    count += _set(link, member, known.get(member.pk), wanted)
        ResourceLink.objects.filter(pk=link.pk).update(graded_at=made_at, corrected_up_to=newest)
    return count


def due_links() -> list[int]:
    """Return the ids of the links with scores to send, the longest-waiting first."""
    rows = Score.objects.filter(due_at__lte=clock.now(), link__platform__is_on=True)
    return list(dict.fromkeys(rows.order_by("due_at").values_list("link", flat=True)))


def send(link: ResourceLink) -> int:
    """Send the due scores of a link. Return how many the platform accepted. Failures are retried later."""
    rows = list(link.scores.filter(due_at__lte=clock.now()).select_related("member").order_by("due_at", "pk"))
    if not rows:
        return 0
    try:
        if SCORES not in link.scopes:
            raise LtiRefused("lti_no_scores")
        token = services.access_token(
            link.platform, [SCORES, *([LINE_ITEMS] if LINE_ITEMS in link.scopes else [])]
        )
        address = _scores_address(_line_item(link, token))
    except (LtiRefused, ProviderFailed) as failure:
        _note_all(rows, failure)
        _record(link, sent=0, failed=len(rows), problem=failure.problem)
        return 0
    sent, problem = 0, None
    for number, row in enumerate(rows):
        try:
            _send_one(link, row, address=address, token=token)
            sent += 1
        except LtiRefused as failure:
            problem = failure.problem
            _note_all([row], failure)
        except ProviderFailed as failure:  # the others would wait for the same time-out
            problem = failure.problem
            _note_all(rows[number:], failure)
            break
    _record(link, sent=sent, failed=len(rows) - sent, problem=problem)
    return sent


def _quizzes_in(room: Room) -> int:
    answers = Answer.objects.filter(
        room__in=class_selectors.room_ids(room), of="quiz", is_correct__isnull=False
    )
    return answers.order_by().values("question_id").distinct().count()


def _set(link: ResourceLink, member: Member, known: Score | None, wanted: tuple[float, float] | None) -> int:
    """Store a score that changed. Return 1, or 0 if it is the same as before."""
    assert wanted is not None
    given, maximum = wanted
    if known is not None and (known.given, known.maximum) == wanted:
        return 0
    values = {"given": given, "maximum": maximum, "due_at": clock.now(), "attempts": 0, "problem": ""}
    Score.objects.update_or_create(link=link, member=member, defaults=values)
    return 1


def _line_item(link: ResourceLink, token: str) -> str:
    """Return the address of the line item: the given one, else one that we made, else a new one."""
    if link.line_item_url:
        return link.line_item_url
    if not link.line_items_url or LINE_ITEMS not in link.scopes:
        raise LtiRefused("lti_no_scores")
    query = {"resource_link_id": link.resource_link_id, "resource_id": link.key}
    found, _headers = services.call(
        link.platform, "GET", _with_query(link.line_items_url, query), token=token, accept=LINE_ITEMS_TYPE
    )
    item = next((one for one in found if _is_ours(one, link)), None) if isinstance(found, list) else None
    if item is None:
        item, _headers = services.call(
            link.platform,
            "POST",
            link.line_items_url,
            token=token,
            accept=LINE_ITEM_TYPE,
            content_type=LINE_ITEM_TYPE,
            body={
                "label": link.title or str(link.room),
                "scoreMaximum": FULL,
                "resourceId": link.key,
                "resourceLinkId": link.resource_link_id,
            },
        )
    address = item.get("id") if isinstance(item, dict) else None
    if not isinstance(address, str) or not address:
        raise LtiRefused("lti_service_answer", address=link.line_items_url[:200], what="id")
    link.line_item_url = address
    link.save(update_fields=["line_item_url"])
    return address


def _is_ours(item: object, link: ResourceLink) -> bool:
    return isinstance(item, dict) and item.get("resourceId") == link.key and isinstance(item.get("id"), str)


def _send_one(link: ResourceLink, row: Score, *, address: str, token: str) -> None:
    now = clock.now()
    services.call(
        link.platform,
        "POST",
        address,
        token=token,
        content_type=SCORE_TYPE,
        body={
            "userId": row.member.sub,
            "scoreGiven": row.given,
            "scoreMaximum": row.maximum,
            "timestamp": _timestamp(now),
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
        },
    )
    # A score that changed during the request stays due.
    Score.objects.filter(pk=row.pk, given=row.given, maximum=row.maximum).update(
        due_at=None, sent_at=now, attempts=0, problem=""
    )


def _timestamp(when: datetime) -> str:
    """Return the time with milliseconds. The standard wants a later one for each new score of a person."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}Z"


def _scores_address(line_item: str) -> str:
    """Return the address for scores. That of the line item has a query in some platforms."""
    parts = urlsplit(line_item)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/scores"))


def _with_query(address: str, query: Mapping[str, str]) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *query.items()])))


def _note_all(rows: Iterable[Score], failure: LtiRefused | ProviderFailed) -> None:
    """Store a failure. The next attempt is later, unless it would give the same answer or there were many."""
    is_final = (isinstance(failure, services.ServiceRefused) and failure.is_final) or (
        failure.problem.code == "lti_no_scores"
    )
    for row in rows:
        wait = min(FIRST_WAIT * 2 ** min(row.attempts, 20), LONGEST_WAIT)
        gives_up = is_final or row.attempts + 1 >= MOST_ATTEMPTS
        Score.objects.filter(pk=row.pk).update(
            attempts=F("attempts") + 1,
            due_at=None if gives_up else clock.now() + wait,
            problem=to_text(failure.problem),
        )


def _record(link: ResourceLink, *, sent: int, failed: int, problem: Problem | None) -> None:
    log.info("Scores of link %s: %s sent, %s failed. %s", link.pk, sent, failed, problem or "")
    record.done(
        actor=None,
        action="lti.scores",
        room_uuid=link.room_uuid,
        target=link.course.context_id,
        target_name=link.course.title,
        params={"through": link.platform.label, "sent": sent, "failed": failed},
        problem=problem,
    )
