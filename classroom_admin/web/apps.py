from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.urls import register_converter

if TYPE_CHECKING:
    from classroom_admin.integrations.notices.alerts import Raised


class WebConfig(AppConfig):
    name = "classroom_admin.web"
    label = "live"

    def ready(self) -> None:
        from classroom_admin.integrations.notices import alerts
        from classroom_admin.web.parameters import RowKeyConverter

        register_converter(RowKeyConverter, "number")
        alerts.install(_raised_alerts)


def _raised_alerts() -> Iterable[Raised]:
    from classroom_admin.web.class_list.live_classes import raised_alerts  # only workers need it

    return raised_alerts()
