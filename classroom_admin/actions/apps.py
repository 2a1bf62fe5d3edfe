from django.apps import AppConfig


class ActionsConfig(AppConfig):
    name = "classroom_admin.actions"
    label = "actions"
