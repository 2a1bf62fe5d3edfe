from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "classroom_admin.core"
    label = "core"
