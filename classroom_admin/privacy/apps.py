from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "classroom_admin.privacy"
    label = "privacy"

    def ready(self) -> None:
        from classroom_admin.privacy import erasure_ledger
        from classroom_admin.sync import erased_people

        erased_people.install(erasure_ledger.finders)
