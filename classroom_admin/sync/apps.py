from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "classroom_admin.sync"
    label = "sync"
