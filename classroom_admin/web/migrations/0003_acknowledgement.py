"""Rename the model Snooze to Acknowledgement. Its table keeps its name, so the database does not change."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("live", "0002_snooze")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel("Snooze", "Acknowledgement"),
                migrations.AlterModelTable("acknowledgement", "live_snooze"),
            ]
        )
    ]
