"""Long texts are packed by the light method on PostgreSQL."""

from __future__ import annotations

import pytest
from django.db import connection

from regulars.infra.db import is_postgres


def test_long_texts_of_an_order_are_packed_lightly() -> None:
    if not is_postgres():
        pytest.skip("SQLite packs nothing")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"
        )
        (light,) = cursor.fetchone()
        cursor.execute(
            "SELECT attrelid::regclass::text, attname FROM pg_attribute WHERE attcompression = 'l'"
        )
        found = set(cursor.fetchall())
    packed = {
        ("infra_writerecord", "answer"),
        ("infra_outboxrow", "events"),
        ("pricing_quote", "deal"),
    }
    assert found == (packed if light else set())
