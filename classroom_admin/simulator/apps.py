"""The Django app that provides ``manage.py simulator``. It has no models."""

from django.apps import AppConfig


class SimulatorConfig(AppConfig):
    name = "classroom_admin.simulator"
    verbose_name = "Simulated cloud"
