"""Answers and events are packed by lz4 where PostgreSQL has it."""

from django.db import migrations

from regulars.infra.lighter import pack_lightly

COLUMNS = (("infra_writerecord", "answer"), ("infra_outboxrow", "events"))


def forwards(apps, schema_editor):
    for table, column in COLUMNS:
        pack_lightly(schema_editor, table, column)


def backwards(apps, schema_editor):
    for table, column in COLUMNS:
        pack_lightly(schema_editor, table, column, method="DEFAULT")


class Migration(migrations.Migration):
    dependencies = [("infra", "0001_initial")]

    operations = [migrations.RunPython(forwards, backwards)]
