"""Every column that may have personal data has a decision about exports and erasures."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.db import models

from classroom_admin.privacy.person_data import SECTIONS
from classroom_admin.privacy.person_erasure import STEPS
from classroom_admin.privacy.personal_data import DECISIONS

TEXT = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.BinaryField,
    models.FileField,
    models.UUIDField,
    models.GenericIPAddressField,
)
MODELS = {model._meta.label: model for model in apps.get_models()}


def columns(model: type[models.Model]) -> set[str]:
    """Return the columns of a model that may have text."""
    return {field.name for field in model._meta.concrete_fields if isinstance(field, TEXT)}


@pytest.mark.parametrize("label", sorted(MODELS))
def test_every_model_and_column_has_a_decision(label: str) -> None:
    assert label in DECISIONS, "Decide in privacy/personal_data.py what exports and erasures do with it."
    decision = DECISIONS[label]
    personal, others = decision.personal.split(), decision.others.split()
    assert set(personal) & set(others) == set()
    assert columns(MODELS[label]) - {*personal, *others} == set()


@pytest.mark.parametrize("label", sorted(DECISIONS))
def test_every_decision_says_what_is_done_or_why_nothing_is(label: str) -> None:
    decision = DECISIONS[label]
    if decision.exported:
        assert decision.exported in {section.name for section in SECTIONS}
    if decision.erased:
        assert decision.erased in STEPS
    if decision.personal:
        assert decision.erased, "what is personal is erased"
    if not (decision.exported and decision.erased):
        assert re.search(r"\w{3}.*\.$", decision.why), "says why it is not exported or not erased"


def test_every_section_and_step_is_used() -> None:
    assert {section.name for section in SECTIONS} == {one.exported for one in DECISIONS.values()} - {""}
    not_of_rows = {"ledger", "late_rooms", "clean"}
    assert set(STEPS) - not_of_rows == {one.erased for one in DECISIONS.values()} - {""}
