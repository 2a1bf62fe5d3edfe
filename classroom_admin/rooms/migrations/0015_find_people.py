from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rooms', '0013_people_total'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='participant',
            index=models.Index(fields=['was_teacher', 'name_search', 'user_uuid', 'room', 'role'], name='rooms_participant_people'),
        ),
    ]
