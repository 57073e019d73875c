"""What a database holds, in figures that a backup promises and a restore must find again."""

from __future__ import annotations

import dataclasses
import hmac
import os
from collections.abc import Mapping
from typing import Any, Final

from regulars.config import home

_KEYS: Final = {"field": "REGULARS_FIELD_KEY", "index": "REGULARS_INDEX_KEY"}
_PRINT_DIGITS: Final = 16
_DIALECTS: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def dialect_name(dialect: str) -> str:
    return _DIALECTS.get(dialect, dialect)


def configured_dialect() -> str:
    """The dialect of this home, before Django is loaded."""
    return "postgresql" if os.environ.get("DATABASE_URL") else "sqlite"


def key_prints(secrets: Mapping[str, str] | None = None) -> dict[str, str]:
    """By kind of key, a print that tells two keys apart and tells nothing of the key.

    Of ``secrets`` (by variable name), else of those this home uses; empty for one that is missing.
    """
    found = {}
    for kind, name in _KEYS.items():
        value = home.secret(name) if secrets is None else secrets.get(name, "")
        digest = hmac.digest(value.encode(), b"regulars backup key print", "sha256").hex()
        found[kind] = digest[:_PRINT_DIGITS] if value else ""
    return found


def table_counts() -> dict[str, int]:
    """Rows of every table that this version has."""
    from django.apps import apps
    from django.db import connection

    names = sorted({model._meta.db_table for model in apps.get_models()})
    there = set(connection.introspection.table_names())
    found = {}
    with connection.cursor() as cursor:
        for name in names:
            if name in there:
                cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")
                (found[name],) = cursor.fetchone()
    return found


def applied_migrations() -> list[str]:
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied)


def known_migrations() -> set[str]:
    """Every migration of this version, without asking the database."""
    from django.db.migrations.loader import MigrationLoader

    known = MigrationLoader(None).disk_migrations or {}
    return {f"{app}.{name}" for app, name in known}


def merchant_figures() -> list[dict[str, Any]]:
    """Of every merchant: what its ledger adds up to, and its latest seal."""
    from regulars.modules.ledger.queries import totals
    from regulars.modules.ledger.seals import latest_seal
    from regulars.modules.ledger.signing import seal_line
    from regulars.modules.merchants.queries import merchants

    found = []
    for merchant in merchants():
        sealed = latest_seal(merchant.id)
        found.append(
            {
                "id": merchant.id,
                "code": merchant.code,
                "balances": {
                    asset: dataclasses.asdict(held) for asset, held in totals(merchant.id).items()
                },
                "seal": seal_line(sealed) if sealed else None,
            }
        )
    return found
