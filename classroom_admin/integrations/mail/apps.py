from django.apps import AppConfig


class NoticeMailConfig(AppConfig):
    name = "classroom_admin.integrations.mail"
    label = "notice_mail"

    def ready(self) -> None:
        from classroom_admin.integrations.mail import receiving

        receiving.register()
