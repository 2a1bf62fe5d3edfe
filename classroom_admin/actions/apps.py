from django.apps import AppConfig


class ActionsConfig(AppConfig):
    name = "classroom_admin.actions"
    label = "actions"

    def ready(self) -> None:
        from classroom_admin.actions import sign_ins

        sign_ins.connect()
