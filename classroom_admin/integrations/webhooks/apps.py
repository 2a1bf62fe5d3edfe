from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "classroom_admin.integrations.webhooks"
    label = "outgoing_webhooks"

    def ready(self) -> None:
        from classroom_admin.integrations.webhooks import receiving  # noqa: F401 - registers the receiver
