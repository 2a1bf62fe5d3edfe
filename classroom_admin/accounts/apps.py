from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "classroom_admin.accounts"
    label = "accounts"

    def ready(self) -> None:
        from classroom_admin.accounts import mfa_adapter, session_limits

        mfa_adapter.connect()
        session_limits.connect()
