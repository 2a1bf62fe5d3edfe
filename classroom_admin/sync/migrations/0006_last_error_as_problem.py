from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("sync", "0005_names"),
    ]

    operations = [
        migrations.AlterField(
            model_name="lease",
            name="last_error",
            field=models.TextField(blank=True, help_text="a problem as JSON, empty where there is none"),
        ),
    ]
