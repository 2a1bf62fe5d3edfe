from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "classroom_admin.sync"
    label = "sync"

    def ready(self) -> None:
        from classroom_admin import agora
        from classroom_admin.sync.shared_budget import SharedBudget

        agora.use_budget(SharedBudget.of)
