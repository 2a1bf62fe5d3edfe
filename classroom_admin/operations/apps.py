from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "classroom_admin.operations"
    label = "operations"
