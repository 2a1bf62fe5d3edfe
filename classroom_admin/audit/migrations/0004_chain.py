"""Add the chain: signatures and salts of records, links, checkpoints and permissions."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from classroom_admin.audit.signing import new_salt

class Migration(migrations.Migration):
    dependencies = [("audit", "0003_confirm_by_other_events")]

    operations = [
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("start", "Start"), ("verified", "Verified"), ("broken", "Broken")], max_length=8
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("hash", models.CharField(max_length=64)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("tag", models.CharField(max_length=64)),
            ],
            options={"ordering": ("id",)},
        ),
        migrations.CreateModel(
            name="Copied",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("server", models.CharField(max_length=254, unique=True)),
                ("number", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Permission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("erase", "Erase"), ("retention", "Retention")], max_length=9),
                ),
                ("up_to", models.BigIntegerField(default=0)),
            ],
        ),
        *(
            migrations.AddField(
                model_name="entry",
                name=name,
                field=models.CharField(max_length=length, blank=True, default=""),
                preserve_default=False,
            )
            for name, length in (("address", 45), ("agent", 254), ("request_id", 32))
        ),
        *(
            migrations.AddField(
                model_name=model,
                name=name,
                # All present rows get the same salt here; the next migration gives each its own.
                field=models.CharField(max_length=32, default=new_salt, editable=False),
            )
            for model, name in (("entry", "actor_salt"), ("entry", "subject_salt"), ("step", "salt"))
        ),
        *(
            migrations.AddField(
                model_name=model,
                name="tag",
                field=models.CharField(max_length=64, editable=False, default=""),
                preserve_default=False,
            )
            for model in ("entry", "step")
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("hash", models.CharField(max_length=64)),
                (
                    "entry",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="link",
                        to="audit.entry",
                    ),
                ),
                (
                    "step",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="link",
                        to="audit.step",
                    ),
                ),
            ],
            options={"ordering": ("number",)},
        ),
    ]
