"""Create the tables of this app in one step. `docs/decisions/squashed-migrations.md` says why."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from classroom_admin.common.create_models import CreateModels
from classroom_admin.web.migrations import _announcements


class Migration(migrations.Migration):

    replaces = [
        ('live', '0001_announce_changes'),
        ('live', '0002_snooze'),
        ('live', '0003_acknowledgement'),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('audit', '0001_initial'),
        ('rooms', '0001_initial'),
    ]

    operations = [
        CreateModels([
            migrations.CreateModel(
                name='Acknowledgement',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(max_length=20)),
                    ('at', models.DateTimeField()),
                    ('until', models.DateTimeField()),
                    ('whole', models.BooleanField(default=False)),
                    ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='rooms.room')),
                ],
                options={
                    'indexes': [models.Index(fields=['until'], name='live_snooze_until')],
                    'constraints': [models.UniqueConstraint(fields=('room', 'kind'), name='live_snooze_once')],
                    'db_table': 'live_snooze',
                },
            ),
        ]),
        migrations.RunPython(_announcements.create, _announcements.drop),
    ]
