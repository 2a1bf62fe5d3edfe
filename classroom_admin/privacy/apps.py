from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "classroom_admin.privacy"
    label = "privacy"
