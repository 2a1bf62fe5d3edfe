from django.apps import AppConfig


class LtiConfig(AppConfig):
    name = "classroom_admin.integrations.lti"
    label = "lti"
