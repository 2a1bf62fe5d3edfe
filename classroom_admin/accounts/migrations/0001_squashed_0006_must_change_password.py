"""Create the tables of this app in one step. `docs/decisions/squashed-migrations.md` says why."""

import classroom_admin.common.search_field
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from classroom_admin.common.create_models import CreateModels


class Migration(migrations.Migration):

    replaces = [
        ('accounts', '0001_initial'),
        ('accounts', '0002_language'),
        ('accounts', '0003_calendar_feed'),
        ('accounts', '0004_search'),
        ('accounts', '0005_fill_search'),
        ('accounts', '0006_must_change_password'),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        CreateModels([
            migrations.CreateModel(
                name='User',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('email', models.EmailField(max_length=254, unique=True)),
                    ('name', models.CharField(blank=True, max_length=120)),
                    ('role', models.CharField(choices=[('administrator', 'Administrator'), ('teacher', 'Teacher')], default='teacher', max_length=20)),
                    ('is_active', models.BooleanField(default=True)),
                    ('time_zone', models.CharField(blank=True, help_text="IANA name; empty: the browser's", max_length=64)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('sessions_ended', models.PositiveIntegerField(default=0, help_text='raised by one to end every session of the person')),
                    ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                    ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                    ('language', models.CharField(blank=True, help_text="empty: the browser's", max_length=16)),
                    ('search', classroom_admin.common.search_field.SearchField(default='', editable=False, max_length=400, of=('name', 'email'))),
                    ('must_change_password', models.BooleanField(default=False, help_text='an administrator chose the password; every page leads to the first steps')),
                ],
                options={
                    'ordering': ('name', 'email'),
                    'indexes': [models.Index(fields=['search', 'id'], name='accounts_user_search')],
                },
            ),
            migrations.CreateModel(
                name='CloudIdentity',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('user_uuid', models.CharField(max_length=64, unique=True)),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identities', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name_plural': 'cloud identities',
                    'ordering': ('user_uuid',),
                },
            ),
            migrations.CreateModel(
                name='CalendarFeed',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(max_length=40, unique=True)),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='calendar_feed', to=settings.AUTH_USER_MODEL)),
                ],
            ),
        ]),
    ]
