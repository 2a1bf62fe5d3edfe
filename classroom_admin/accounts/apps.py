from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "classroom_admin.accounts"
    label = "accounts"
