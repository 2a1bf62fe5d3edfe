"""Lets Django find ``manage.py simulator``. There are no models here."""

from django.apps import AppConfig


class SimulatorConfig(AppConfig):
    name = "classroom_admin.simulator"
    verbose_name = "Simulated cloud"
