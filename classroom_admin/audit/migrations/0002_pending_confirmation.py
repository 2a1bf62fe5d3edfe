"""Rename the class of pending confirmations. The database does not change."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel("Expectation", "PendingConfirmation"),
                migrations.AlterModelTable("PendingConfirmation", "audit_expectation"),
            ]
        )
    ]
