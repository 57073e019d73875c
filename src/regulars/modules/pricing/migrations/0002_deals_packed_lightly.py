"""Deals are packed by lz4 where PostgreSQL has it."""

from django.db import migrations

from regulars.infra.lighter import pack_lightly


def forwards(apps, schema_editor):
    pack_lightly(schema_editor, "pricing_quote", "deal")


def backwards(apps, schema_editor):
    pack_lightly(schema_editor, "pricing_quote", "deal", method="DEFAULT")


class Migration(migrations.Migration):
    dependencies = [("pricing", "0001_initial")]

    operations = [migrations.RunPython(forwards, backwards)]
