"""Join the two newest migrations. Only `0014_substitutions` needs a table of `actions`, so it is not squashed."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('rooms', '0014_substitutions'),
        ('rooms', '0019_agora_chat_last_error'),
    ]

    operations = []
