"""Every table says how long its rows are kept."""

from __future__ import annotations

from django.apps import apps

from classroom_admin.privacy.registry import DELETED_WITH, EXEMPT

LABELS = {model._meta.label_lower for model in apps.get_models()}


def test_every_table_is_named_once() -> None:
    missing = LABELS - DELETED_WITH.keys() - EXEMPT.keys()
    assert not missing, "name these tables in classroom_admin/privacy/registry.py"
    assert not DELETED_WITH.keys() & EXEMPT.keys()


def test_the_registry_names_no_table_that_is_gone() -> None:
    installed = {config.label for config in apps.get_app_configs()}
    own = {label for label in (*DELETED_WITH, *EXEMPT) if label.partition(".")[0] in installed}
    later = {  # of branches that are merged one after the other
        label
        for label in own - LABELS
        if label.startswith(("accounts.", "privacy.", "rooms.supervision", "audit."))
    }
    assert own - LABELS - later == set()


def test_every_exemption_has_a_reason() -> None:
    assert all(len(reason) > 20 for reason in EXEMPT.values())
