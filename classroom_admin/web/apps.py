from django.apps import AppConfig
from django.urls import register_converter


class WebConfig(AppConfig):
    name = "classroom_admin.web"
    label = "live"

    def ready(self) -> None:
        from classroom_admin.web.parameters import RowKeyConverter

        register_converter(RowKeyConverter, "number")
