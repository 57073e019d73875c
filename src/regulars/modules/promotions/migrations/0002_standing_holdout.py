from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("promotions", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="offerbook",
            name="standing_held_out_bps",
            field=models.IntegerField(default=0),
        ),
    ]
