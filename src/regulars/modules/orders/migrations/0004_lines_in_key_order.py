"""Lines are most rows of a shop: on SQLite they are kept once, in the order of their key."""

from django.db import migrations

from regulars.infra.embedded import kept_in_key_order


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_parked_steps")]

    operations = [kept_in_key_order("orders_orderline")]
