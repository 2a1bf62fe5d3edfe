"""Let closed classes keep the people who are on their lists now. The people at the closing are unknown."""

from typing import Any

from django.db import migrations
from django.db.models import Q

CLOSED = 3


def keep_lists(apps: Any, schema_editor: Any) -> None:
    Room, ListVersion = apps.get_model('rooms', 'Room'), apps.get_model('rooms', 'ListVersion')
    over = Q(state=CLOSED) | Q(state=None, profile_state=CLOSED) | Q(gone_at__isnull=False)
    closed = Room.objects.filter(over, class_list__isnull=False)
    for class_list in apps.get_model('rooms', 'ClassList').objects.filter(pk__in=closed.values('class_list')):
        version = ListVersion.objects.create(
            class_list=class_list,
            number=class_list.version,
            name=class_list.name,
            people=list(class_list.people.order_by('pk').values('name', 'user_uuid', 'group')),
        )
        closed.filter(class_list=class_list).update(list_version=version)


class Migration(migrations.Migration):

    dependencies = [
        ('rooms', '0007_list_versions_and_timetable'),
    ]

    operations = [
        migrations.RunPython(keep_lists, migrations.RunPython.noop),
    ]
