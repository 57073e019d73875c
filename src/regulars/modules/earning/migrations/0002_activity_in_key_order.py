"""Activity has short rows that are found by their key alone: on SQLite it is kept once."""

from django.db import migrations

from regulars.infra.embedded import kept_in_key_order


class Migration(migrations.Migration):
    dependencies = [("earning", "0001_initial")]

    operations = [kept_in_key_order("earning_activity")]
