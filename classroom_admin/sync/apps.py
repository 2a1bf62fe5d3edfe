from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "classroom_admin.sync"
    label = "sync"

    def ready(self) -> None:
        from classroom_admin import agora
        from classroom_admin.common import clock
        from classroom_admin.sync import cloud_time
        from classroom_admin.sync.request_limiter import SharedLimiter

        clock.follow_cloud(cloud_time.offset_ms)
        agora.use_limiter(lambda config: SharedLimiter.of(config).wait_s)
