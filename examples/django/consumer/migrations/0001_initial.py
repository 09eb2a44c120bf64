"""The tables of `consumer.models`; made by ``python manage.py makemigrations``."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Both of them."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Lead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("chat_id", models.CharField(max_length=24)),
                ("channel", models.CharField(max_length=16)),
                ("name", models.TextField()),
                ("since", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Taken",
            fields=[
                ("event_id", models.CharField(max_length=64, primary_key=True, serialize=False)),
            ],
        ),
    ]
