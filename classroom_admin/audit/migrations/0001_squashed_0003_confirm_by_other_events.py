"""Create the tables of this app in one step. `docs/decisions/squashed-migrations.md` says why."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from classroom_admin.common.create_models import CreateModels


class Migration(migrations.Migration):

    replaces = [
        ('audit', '0001_initial'),
        ('audit', '0002_pending_confirmation'),
        ('audit', '0003_confirm_by_other_events'),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels([
            migrations.CreateModel(
                name='Entry',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('actor_name', models.CharField(blank=True, max_length=254)),
                    ('action', models.CharField(max_length=60)),
                    ('room_uuid', models.CharField(blank=True, max_length=64)),
                    ('target', models.CharField(blank=True, max_length=254)),
                    ('target_name', models.CharField(blank=True, max_length=254)),
                    ('params', models.JSONField(blank=True, default=dict)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name_plural': 'entries',
                    'ordering': ('-id',),
                    'indexes': [models.Index(fields=['room_uuid', '-id'], name='audit_entry_room'), models.Index(fields=['action', '-id'], name='audit_entry_action')],
                },
            ),
            migrations.CreateModel(
                name='Claim',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('dedupe_key', models.CharField(max_length=64, unique=True)),
                    ('expires_at', models.DateTimeField()),
                    ('entry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='audit.entry')),
                ],
            ),
            migrations.CreateModel(
                name='Step',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('requested', 'requested'), ('accepted', 'accepted'), ('confirmed', 'confirmed'), ('failed', 'failed'), ('done', 'done')], max_length=10)),
                    ('room_uuid', models.CharField(blank=True, max_length=64)),
                    ('detail', models.JSONField(blank=True, default=dict)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='audit.entry')),
                ],
                options={
                    'ordering': ('id',),
                    'indexes': [models.Index(fields=['room_uuid', '-id'], name='audit_step_room')],
                },
            ),
            migrations.CreateModel(
                name='PendingConfirmation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('room_uuid', models.CharField(db_index=True, max_length=64)),
                    ('cmd', models.IntegerField()),
                    ('match', models.JSONField(default=dict)),
                    ('since_sequence', models.BigIntegerField(default=0)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('entry', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='audit.entry')),
                    ('also', models.JSONField(help_text='[{cmd, match}] of events that confirm as well', null=True)),
                ],
                options={
                    'db_table': 'audit_expectation',
                },
            ),
        ]),
    ]
