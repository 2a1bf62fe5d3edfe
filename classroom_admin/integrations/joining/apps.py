"""The Django app with the join pages of classes."""

from django.apps import AppConfig


class JoiningConfig(AppConfig):
    name = "classroom_admin.integrations.joining"
    label = "joining"
