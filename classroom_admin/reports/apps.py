from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "classroom_admin.reports"
    label = "reports"
