"""Add up the participation of each person in the database."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    Expression,
    F,
    FloatField,
    Max,
    Min,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Greatest, NullIf

from classroom_admin.reports.attendance import STUDENT_ROLES
from classroom_admin.reports.models import PersonSummary
from classroom_admin.reports.score import (
    COLUMNS,
    FLOOR_MINUTES,
    MINUTE_MS,
    PER_MINUTES,
    Activity,
    Weights,
    weights_of,
)

SUMS: Final = (
    "present_ms", "chat", "hands", "stage_ms", "camera_ms", "answers", "correct", "rewards",
)  # fmt: skip
NAMED: Final = "name:"
"""How `PersonSummary.person_key` begins if the class list has no user id for the person."""
ORDERS: Final = ("name", "classes", *SUMS, "score")
"""The columns by which `sorted_by` sorts."""


def weights() -> Weights:
    """Return the school's weights."""
    return weights_of(settings.PARTICIPATION_WEIGHTS)


def students(people: QuerySet[PersonSummary]) -> QuerySet[PersonSummary]:
    """Return the listed people and all other students. Omit teachers, assistants and observers."""
    return people.filter(Q(counts=True) | Q(role__in=STUDENT_ROLES))


def same_person(row: PersonSummary) -> Q:
    """Return the condition for all rows of the same student. `row.summary` must be loaded."""
    same = Q(person_key=row.person_key)
    if row.person_key.startswith(NAMED):
        same &= Q(summary__class_list=row.summary.class_list_id)
    return same


def totals(people: QuerySet[PersonSummary]) -> QuerySet[Any, Any]:
    """Return one row for each person, with the sums over the classes in `people`.

    `classes` counts the classes in which the person was present. `score` is None if there is none. `row` is
    the primary key of one of the person's rows. `uuid` is one of the person's cloud user ids, and
    `other_uuid` a different one if there are several.
    """
    shown = Coalesce(NullIf("list_name", Value("")), F("name"), output_field=CharField())
    sums: dict[str, Any] = {f"sum_{name}": Sum(name) for name in SUMS}
    # Students whom a class list names without a user id are the same student only within that list.
    of_list = Case(
        When(person_key__startswith=NAMED, then=F("summary__class_list")),
        default=Value(0),
        output_field=BigIntegerField(),
    )
    rows = people.order_by().values("person_key", of_list=of_list)
    return rows.annotate(
        row=Max("pk"),
        label=Max(shown),
        in_group=Max("group"),
        uuid=Max("user_uuid"),
        other_uuid=Min(NullIf("user_uuid", Value(""))),
        classes=Count("pk", filter=Q(present_ms__gt=0)),
        **sums,
    ).annotate(score=_score(weights()))


def sorted_by(rows: QuerySet[Any, Any], name: str, *, ascending: bool) -> QuerySet[Any, Any]:
    """Return the rows of `totals` in the order of a column of `ORDERS`. People without a value come last."""
    column = {"name": "label", "classes": "classes", "score": "score"}.get(name, f"sum_{name}")
    order = F(column).asc(nulls_last=True) if ascending else F(column).desc(nulls_last=True)
    return rows.order_by(order, "label", "person_key", "of_list")


def activity_of(row: dict[str, Any]) -> Activity:
    """Return the sums of a row of `totals`."""
    return Activity(**{name: row[f"sum_{name}"] or 0 for name in SUMS})


def _score(weights: Weights) -> Expression:
    """Return the expression of `score.score` over the sums of `totals`."""
    total: Any = Value(0.0, output_field=FloatField())
    for name, (column, divisor) in COLUMNS.items():
        weight = getattr(weights, name)
        if weight:
            total = total + _real(f"sum_{column}") * Value(weight / divisor, output_field=FloatField())
    minutes = _real("sum_present_ms") / Value(float(MINUTE_MS), output_field=FloatField())
    counted = Greatest(minutes, Value(FLOOR_MINUTES, output_field=FloatField()))
    return Case(
        When(sum_present_ms__gt=0, then=total * Value(PER_MINUTES, output_field=FloatField()) / counted),
        default=None,
        output_field=FloatField(),
    )


def _real(name: str) -> Cast:
    return Cast(F(name), FloatField())
