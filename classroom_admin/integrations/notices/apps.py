from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "classroom_admin.integrations.notices"
    label = "notices"

    def ready(self) -> None:
        from classroom_admin.integrations.notices import recorder

        recorder.connect()
