"""Let PostgreSQL announce the id of each changed room. `_announcements.py` defines the triggers."""

from django.db import migrations

from classroom_admin.web.migrations import _announcements


class Migration(migrations.Migration):
    dependencies = [("rooms", "0001_initial"), ("audit", "0001_initial")]
    operations = [migrations.RunPython(_announcements.create, _announcements.drop)]
