from django.apps import AppConfig
from django.urls import register_converter


class WebConfig(AppConfig):
    name = "classroom_admin.web"
    label = "live"

    def ready(self) -> None:
        from classroom_admin.web.numbers import KeyConverter

        register_converter(KeyConverter, "number")
