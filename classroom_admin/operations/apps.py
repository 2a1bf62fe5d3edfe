from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "classroom_admin.operations"
    label = "operations"

    def ready(self) -> None:
        from classroom_admin.common import metrics, postgres_sessions, tracing
        from classroom_admin.operations import encrypted_places

        encrypted_places.register()
        postgres_sessions.connect()
        if metrics.is_on():
            from classroom_admin.operations import observers

            observers.connect()
        if tracing.is_on():
            tracing.instrument()
