"""Create the tables of this app in one step. `docs/decisions/squashed-migrations.md` says why."""

import classroom_admin.actions.models
import classroom_admin.common.clock
import classroom_admin.common.random_text
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from classroom_admin.common.create_models import CreateModels


class Migration(migrations.Migration):

    replaces = [
        ('actions', '0001_bulk_runs'),
        ('actions', '0002_series'),
        ('actions', '0003_planned_removals'),
        ('actions', '0004_uploads_and_held_deletions'),
        ('actions', '0005_reasons_as_sentences'),
        ('actions', '0006_scheduled_commands'),
        ('actions', '0007_copy_queues'),
        ('actions', '0008_drop_earlier_queues'),
        ('actions', '0009_labels'),
        ('actions', '0010_calendar_revisions'),
        ('actions', '0011_series_lists_and_repeats'),
        ('actions', '0012_end_and_stop_recordings'),
        ('actions', '0013_announcements_and_capabilities'),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('audit', '0001_initial'),
        ('rooms', '0004_peer_messages'),
    ]

    operations = [
        CreateModels([
            migrations.CreateModel(
                name='BulkRun',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.CharField(default=classroom_admin.common.random_text.new_key, max_length=16, unique=True)),
                    ('token', models.CharField(max_length=64, unique=True)),
                    ('what', models.CharField(choices=[('announce', 'Send an announcement'), ('mute', 'Mute the microphones of all students'), ('end', 'End classes'), ('end_all', 'End classes and stop their recordings'), ('close', 'Close classes'), ('record', 'Start recording')], max_length=10)),
                    ('made_at', models.DateTimeField()),
                    ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('text', models.TextField(blank=True, db_default='', default='', help_text='of an announcement')),
                ],
                options={
                    'indexes': [models.Index(fields=['by', '-id'], name='actions_run_by')],
                },
            ),
            migrations.CreateModel(
                name='Series',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.CharField(default=classroom_admin.common.random_text.new_key, max_length=16, unique=True)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('request_id', models.CharField(help_text='of the form that was sent: the same form twice is one series', max_length=40)),
                    ('name', models.CharField(max_length=255)),
                    ('zone', models.CharField(help_text='IANA name in which the times were given', max_length=64)),
                    ('weekdays', models.JSONField(default=list, help_text='0 is Monday; empty: a single class')),
                    ('settings', models.JSONField(default=dict, help_text='arguments of actions.class_state.create_class')),
                    ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('taught_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='planned_series', to=settings.AUTH_USER_MODEL)),
                    ('class_list', models.ForeignKey(help_text='of each new class', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='rooms.classlist')),
                    ('every', models.PositiveSmallIntegerField(help_text='weeks from one week with classes to the next; null: not known, of 0.1.0', null=True)),
                ],
                options={
                    'verbose_name_plural': 'series',
                    'ordering': ('-id',),
                    'constraints': [models.UniqueConstraint(fields=('created_by', 'request_id'), name='actions_series_once')],
                },
            ),
            migrations.CreateModel(
                name='Upload',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.CharField(default=classroom_admin.actions.models.new_upload_key, max_length=32, unique=True)),
                    ('name', models.CharField(max_length=255)),
                    ('ext', models.CharField(max_length=10)),
                    ('size', models.BigIntegerField(help_text='bytes')),
                    ('content', models.FileField(max_length=200, upload_to=classroom_admin.actions.models.place_of)),
                    ('resource_uuid', models.CharField(default=classroom_admin.actions.models.new_resource_uuid, max_length=64)),
                    ('created_at', models.DateTimeField(default=classroom_admin.common.clock.now)),
                    ('put_at', models.DateTimeField(null=True)),
                    ('forgotten_at', models.DateTimeField(null=True)),
                    ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uploads', to='rooms.room')),
                ],
                options={
                    'indexes': [models.Index(fields=['forgotten_at', 'created_at'], name='actions_upload_tidy'), models.Index(fields=['room', 'resource_uuid'], name='actions_upload_resource')],
                },
            ),
            migrations.CreateModel(
                name='ScheduledCommand',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('removal', 'remove a participant'), ('deletion', 'delete files'), ('bulk', 'one class of a bulk action'), ('class', 'create a class'), ('close', 'close a class that is created again')], max_length=10)),
                    ('state', models.CharField(choices=[('waiting', 'waiting'), ('claimed', 'claimed'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='waiting', max_length=10)),
                    ('key', models.CharField(help_text='what must not be scheduled twice: the cloud user id of a removal, the id of a class', max_length=255)),
                    ('payload', models.JSONField(default=dict)),
                    ('position', models.IntegerField(default=0, help_text='in its run or series: those of others come before the second')),
                    ('created_at', models.DateTimeField(default=classroom_admin.common.clock.now)),
                    ('changed_at', models.DateTimeField(default=classroom_admin.common.clock.now)),
                    ('due_at', models.DateTimeField()),
                    ('claimable_at', models.DateTimeField(null=True)),
                    ('attempts', models.IntegerField(default=0, help_text='number of claims; also the token of the lease')),
                    ('starts_at', models.DateTimeField(help_text='when the scheduled class begins', null=True)),
                    ('problem', models.JSONField(help_text='why it failed; of 0.1.0: the English sentence', null=True)),
                    ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('entry', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.entry')),
                    ('room', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='rooms.room')),
                    ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='actions.bulkrun')),
                    ('series', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='planned', to='actions.series')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('claimable_at__isnull', False)), fields=['claimable_at'], name='actions_claimable')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ('waiting', 'claimed'))), fields=('kind', 'room', 'key'), name='actions_scheduled_once'), models.UniqueConstraint(condition=models.Q(('kind', 'class')), fields=('key',), name='actions_class_once')],
                },
            ),
            migrations.CreateModel(
                name='CalendarRevision',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('uid', models.CharField(max_length=64, unique=True)),
                    ('shows', models.CharField(max_length=32)),
                    ('sequence', models.PositiveIntegerField(default=0)),
                    ('changed_at', models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name='Capability',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=40, unique=True)),
                    ('offered', models.CharField(choices=[('yes', 'offered'), ('no', 'not offered'), ('unknown', 'not tried yet')], default='unknown', max_length=7)),
                    ('tried_at', models.DateTimeField(null=True)),
                    ('said', models.CharField(blank=True, max_length=300)),
                ],
                options={
                    'verbose_name_plural': 'capabilities',
                },
            ),
        ]),
    ]
