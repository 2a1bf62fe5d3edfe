"""Create the tables of this app in one step. `docs/decisions/squashed-migrations.md` says why."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from classroom_admin.common.create_models import CreateModels


class Migration(migrations.Migration):

    replaces = [
        ('sync', '0001_initial'),
        ('sync', '0002_cloud_clock'),
        ('sync', '0003_budget_and_missed'),
        ('sync', '0004_fold_again'),
        ('sync', '0005_names'),
        ('sync', '0006_last_error_as_problem'),
        ('sync', '0007_presence_corrections'),
        ('sync', '0008_notices_and_sources_of_corrections'),
        ('sync', '0009_events_that_repeat'),
        ('sync', '0010_chat_hours'),
        ('sync', '0011_chat_hour_last_error'),
    ]

    initial = True

    dependencies = [
        ('rooms', '0013_people_total'),
    ]

    operations = [
        CreateModels([
            migrations.CreateModel(
                name='Lease',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('app_id', models.CharField(max_length=64, unique=True)),
                    ('owner', models.CharField(blank=True, help_text='empty: nobody', max_length=200)),
                    ('host', models.CharField(blank=True, max_length=120)),
                    ('pid', models.IntegerField(null=True)),
                    ('fence', models.BigIntegerField(default=0)),
                    ('beats', models.BigIntegerField(default=0)),
                    ('renewed_at', models.DateTimeField(null=True)),
                    ('wanted_by', models.CharField(blank=True, help_text='the process that waits for the lease', max_length=200)),
                    ('wanted_at', models.DateTimeField(null=True)),
                    ('last_poll_at', models.DateTimeField(null=True)),
                    ('last_good_at', models.DateTimeField(null=True)),
                    ('last_error', models.TextField(blank=True, help_text='a problem as JSON, empty where there is none')),
                    ('last_error_at', models.DateTimeField(null=True)),
                    ('failures', models.IntegerField(default=0, help_text='in a row')),
                    ('not_before', models.DateTimeField(help_text='no poll before this', null=True)),
                    ('clock_offset_ms', models.BigIntegerField(help_text="the cloud's clock minus ours", null=True)),
                    ('drained_at', models.DateTimeField(help_text='when the stream last had no more events', null=True)),
                    ('suspect_answer', models.BigIntegerField(default=0, help_text='the highest id of an InboxAnswer when an answer was last suspected lost')),
                ],
            ),
            migrations.CreateModel(
                name='InboxAnswer',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('source', models.CharField(choices=[('poll', "all rooms' events"), ('room', "one room's events"), ('popupQuiz', "one room's quizzes"), ('poll_widget', "one room's polls"), ('relay', 'sent on by another'), ('notice', 'a notification about a channel'), ('chat_call', 'a callback of Agora Chat'), ('chat_hours', 'an hour of Agora Chat')], max_length=12)),
                    ('room_uuid', models.CharField(blank=True, help_text='empty for the stream of all rooms; for a callback of Agora Chat the id of the chat room', max_length=64)),
                    ('body', models.BinaryField()),
                    ('http_status', models.IntegerField()),
                    ('request_id', models.CharField(blank=True, max_length=128)),
                    ('fence', models.BigIntegerField(default=0, help_text="the leader's number; 0 where no lease is needed")),
                    ('received_at', models.DateTimeField()),
                    ('read_at', models.DateTimeField(null=True)),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('read_at__isnull', True)), fields=['id'], name='sync_answer_unread'), models.Index(fields=['received_at'], name='sync_answer_received')],
                },
            ),
            migrations.CreateModel(
                name='StoredEvent',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('stream', models.CharField(choices=[('room', 'room'), ('popupQuiz', 'pop-up quiz'), ('poll', 'poll'), ('peer', 'peer'), ('chat', 'Agora Chat')], max_length=10)),
                    ('sequence', models.BigIntegerField(help_text='null for messages without a number', null=True)),
                    ('digest', models.CharField(blank=True, help_text='of a message without a number, else empty', max_length=32)),
                    ('cmd', models.IntegerField(null=True)),
                    ('ts_ms', models.BigIntegerField(null=True)),
                    ('received_at', models.DateTimeField()),
                    ('raw', models.TextField()),
                    ('unreadable', models.CharField(blank=True, help_text='why it is not projected', max_length=300)),
                    ('odd', models.CharField(blank=True, help_text='parts of it that could not be read', max_length=300)),
                    ('answer', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sync.inboxanswer')),
                    ('room', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='rooms.room')),
                    ('repeats', models.BooleanField(db_default=False, default=False, help_text='it only says what another event said before')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('unreadable', ''), _negated=True), fields=['room'], name='sync_event_unread')],
                    'constraints': [models.UniqueConstraint(fields=('room', 'stream', 'sequence'), name='sync_event_once'), models.UniqueConstraint(condition=models.Q(('sequence__isnull', True)), fields=('room', 'digest'), name='sync_peer_once')],
                },
            ),
            migrations.CreateModel(
                name='Quarantine',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('raw', models.TextField(help_text='as it came; for a whole answer the bytes are in the answer too')),
                    ('whole_answer', models.BooleanField(default=False)),
                    ('reason', models.CharField(max_length=300)),
                    ('found_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('resolved_at', models.DateTimeField(null=True)),
                    ('answer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='quarantined', to='sync.inboxanswer')),
                    ('event', models.OneToOneField(help_text='stored, not projected', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='quarantined', to='sync.storedevent')),
                ],
                options={
                    'ordering': ('-id',),
                },
            ),
            migrations.CreateModel(
                name='RoomCursor',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('stream', models.CharField(choices=[('room', 'room'), ('popupQuiz', 'pop-up quiz'), ('poll', 'poll'), ('peer', 'peer'), ('chat', 'Agora Chat')], max_length=10)),
                    ('stored_sequence', models.BigIntegerField(default=0, help_text='the highest stored')),
                    ('received_to', models.DateTimeField(help_text='the receipt of the last that was stored', null=True)),
                    ('failures', models.IntegerField(default=0, help_text='reconciliations that failed in a row')),
                    ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cursors', to='rooms.room')),
                    ('projected_sequence', models.BigIntegerField(db_column='folded_sequence', default=0)),
                    ('projected_at', models.DateTimeField(db_column='folded_at', help_text='the time of the last projected event', null=True)),
                    ('needs_full_projection', models.BooleanField(db_column='needs_refold', default=False, help_text='an event came after a later one was projected')),
                    ('project_due_at', models.DateTimeField(db_column='fold_due_at', help_text='there is something to project, from this moment on', null=True)),
                    ('reconcile_due_at', models.DateTimeField(db_column='sweep_due_at', help_text='null: no more reconciliation', null=True)),
                    ('reconciled_at', models.DateTimeField(db_column='swept_at', null=True)),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('project_due_at__isnull', False)), fields=['project_due_at'], name='sync_cursor_fold'), models.Index(condition=models.Q(('reconcile_due_at__isnull', False)), fields=['reconcile_due_at'], name='sync_cursor_sweep')],
                    'constraints': [models.UniqueConstraint(fields=('room', 'stream'), name='sync_cursor_once')],
                },
            ),
            migrations.CreateModel(
                name='RequestBudget',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('app_id', models.CharField(max_length=64, unique=True)),
                    ('tokens', models.FloatField(default=0.0)),
                    ('filled_ms', models.BigIntegerField(default=0)),
                ],
            ),
            migrations.CreateModel(
                name='SequenceGap',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('stream', models.CharField(choices=[('room', 'room'), ('popupQuiz', 'pop-up quiz'), ('poll', 'poll'), ('peer', 'peer'), ('chat', 'Agora Chat')], max_length=10)),
                    ('first', models.BigIntegerField()),
                    ('last', models.BigIntegerField()),
                    ('state', models.CharField(choices=[('open', 'open'), ('void', 'void'), ('gap', 'gap')], default='open', max_length=4)),
                    ('asks', models.IntegerField(default=0, help_text='answers that had later numbers but not these')),
                    ('found_at', models.DateTimeField()),
                    ('first_asked_at', models.DateTimeField(null=True)),
                    ('last_asked_at', models.DateTimeField(null=True)),
                    ('ask_due_at', models.DateTimeField(help_text='null: not to be asked for any more', null=True)),
                    ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sequence_gaps', to='rooms.room')),
                ],
                options={
                    'indexes': [models.Index(fields=['state', 'ask_due_at'], name='sync_hole_due')],
                    'constraints': [models.UniqueConstraint(fields=('room', 'stream', 'first'), name='sync_hole_once')],
                    'db_table': 'sync_hole',
                },
            ),
            migrations.CreateModel(
                name='RoomRefresh',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('profile_due_at', models.DateTimeField(null=True)),
                    ('profile_failures', models.IntegerField(default=0)),
                    ('recordings_due_at', models.DateTimeField(null=True)),
                    ('recordings_asks', models.IntegerField(default=0)),
                    ('room', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='refresh', to='rooms.room')),
                    ('people_asks', models.IntegerField(default=0, help_text='reads of the people that found nothing, in a row')),
                    ('people_due_at', models.DateTimeField(null=True)),
                ],
                options={
                    'indexes': [models.Index(fields=['profile_due_at'], name='sync_errand_profile'), models.Index(fields=['recordings_due_at'], name='sync_errand_recordings'), models.Index(condition=models.Q(('people_due_at__isnull', False)), fields=['people_due_at'], name='sync_refresh_people')],
                    'db_table': 'sync_errand',
                },
            ),
            migrations.CreateModel(
                name='MissedEvent',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('sequence', models.BigIntegerField()),
                    ('cmd', models.IntegerField(null=True)),
                    ('ts_ms', models.BigIntegerField(null=True)),
                    ('known_answer', models.BigIntegerField()),
                    ('missed_at', models.DateTimeField()),
                    ('confirmed_at', models.DateTimeField(null=True)),
                    ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='rooms.room')),
                ],
                options={
                    'indexes': [models.Index(fields=['confirmed_at', 'missed_at'], name='sync_missed_judged')],
                    'constraints': [models.UniqueConstraint(fields=('room', 'sequence'), name='sync_missed_once')],
                    'db_table': 'sync_missed',
                },
            ),
            migrations.CreateModel(
                name='PresenceCorrection',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('after_sequence', models.BigIntegerField()),
                    ('user_uuid', models.CharField(max_length=255)),
                    ('online', models.BooleanField()),
                    ('at', models.DateTimeField()),
                    ('made_at', models.DateTimeField()),
                    ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='rooms.room')),
                    ('name', models.CharField(blank=True, max_length=255)),
                    ('role', models.CharField(blank=True, choices=[('teacher', 'teacher'), ('student', 'student'), ('assistant', 'assistant'), ('observer', 'observer'), ('invisible', 'invisible'), ('server', 'server'), ('unknown', 'unknown')], max_length=10)),
                    ('source', models.CharField(choices=[('people', "the room's people were read"), ('notice', 'notifications fill lost events')], default='people', max_length=6)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('room', 'after_sequence', 'user_uuid', 'source'), name='sync_correction_once')],
                },
            ),
            migrations.CreateModel(
                name='ChannelNotice',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('notice_id', models.CharField(max_length=255, unique=True)),
                    ('event_type', models.IntegerField()),
                    ('room_uuid', models.CharField(max_length=64)),
                    ('stream_uuid', models.CharField(blank=True, max_length=255)),
                    ('user_uuid', models.CharField(blank=True, help_text='empty: not known (yet)', max_length=255)),
                    ('at', models.DateTimeField(help_text="by the cloud's clock, in whole seconds")),
                    ('client_seq', models.BigIntegerField(help_text='the order of the notices of one connection', null=True)),
                    ('reason', models.IntegerField(help_text='why the person left', null=True)),
                    ('duration_s', models.BigIntegerField(help_text='how long the person who left was there', null=True)),
                    ('received_at', models.DateTimeField()),
                    ('raw', models.TextField()),
                    ('match_due_at', models.DateTimeField(help_text='when to look for the person; null: found, not needed or given up', null=True)),
                    ('people_asked', models.BooleanField(default=False, help_text='the room or its people were read because nobody was known by this stream')),
                ],
                options={
                    'indexes': [models.Index(fields=['room_uuid', 'stream_uuid'], name='sync_notice_room'), models.Index(condition=models.Q(('match_due_at__isnull', False)), fields=['match_due_at'], name='sync_notice_match')],
                    'db_table': 'sync_channel_notice',
                },
            ),
            migrations.CreateModel(
                name='ChatHour',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('org_name', models.CharField(max_length=64)),
                    ('app_name', models.CharField(max_length=64)),
                    ('hour', models.DateTimeField(help_text='the start of the hour, UTC')),
                    ('due_at', models.DateTimeField(null=True)),
                    ('asks', models.IntegerField(default=0)),
                    ('failures', models.IntegerField(default=0, help_text='in a row')),
                    ('read_at', models.DateTimeField(help_text='the last answer that named a file, or said that nobody wrote', null=True)),
                    ('last_error', models.TextField(blank=True, db_default='', default='', help_text='a problem as JSON, empty where there is none')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='sync_chat_hour_due')],
                    'constraints': [models.UniqueConstraint(fields=('org_name', 'app_name', 'hour'), name='sync_chat_hour_once')],
                },
            ),
        ]),
    ]
