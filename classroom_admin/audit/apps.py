from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "classroom_admin.audit"
    label = "audit"
