from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("experiments", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="experiment",
            name="offer",
            field=models.CharField(default="", max_length=100),
        ),
        migrations.AddField(
            model_name="experiment",
            name="opens_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name="experiment",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    models.Q(("offer", ""), _negated=True),
                    models.Q(("status", "decided"), _negated=True),
                ),
                fields=("merchant_id", "offer"),
                name="experiment_open_of_offer",
            ),
        ),
    ]
