from django.apps import AppConfig


class ChatTargetsConfig(AppConfig):
    name = "classroom_admin.integrations.chat_targets"
    label = "chat_targets"

    def ready(self) -> None:
        from classroom_admin.integrations.chat_targets import receiving

        receiving.register()
