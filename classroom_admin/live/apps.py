from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "classroom_admin.live"
    label = "live"
