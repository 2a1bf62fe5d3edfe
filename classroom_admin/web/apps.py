from django.apps import AppConfig
from django.urls import register_converter


class LiveConfig(AppConfig):
    name = "classroom_admin.live"
    label = "live"

    def ready(self) -> None:
        from classroom_admin.web.numbers import KeyConverter

        register_converter(KeyConverter, "number")
