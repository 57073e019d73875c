"""What `doctor` looks at: settings, database, background work, and the books of every merchant.

A fault means that something is wrong or may be lost; a warning means that somebody should look.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from regulars.cli.progress import Move, bar
from regulars.config import home

from .words import tell

if TYPE_CHECKING:
    from regulars.infra.http.principal import MerchantFacts

Check = Literal[
    "settings",
    "database",
    "jobs",
    "ledger",
    "tiers",
    "orders",
    "budgets",
    "segments",
    "members",
    "tills",
]
_SECRET_CHARACTERS: Final = 32
_OTHERS: Final = 0o077
_LEAST_FREE_BYTES: Final = 1 << 30
_RELAYED_WITHIN: Final = timedelta(minutes=5)
_RUN_SILENT: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold, where, and how it shows."""

    severity: Literal["fault", "warning"]
    check: Check
    code: str
    detail: str
    merchant: str = ""
    subject: str = ""

    def told(self) -> dict[str, Any]:
        return asdict(self)

    def line(self) -> str:
        head = tell("FAULT") if self.severity == "fault" else tell("warning")
        where = " ".join(filter(None, (self.merchant, self.subject)))
        return f"{head}  {self.check}: {where + ': ' if where else ''}{self.detail} [{self.code}]"


# ── settings ─────────────────────────────────────────────────────────────────────────────


def secrets() -> list[Finding]:
    """The keys and the file they lie in; needs no Django."""
    found = []
    for name in home.SECRETS:
        try:
            value = home.secret(name)
        except RuntimeError as error:
            found.append(Finding("fault", "settings", "secret_placeholder", str(error)))
            continue
        if len(value) < _SECRET_CHARACTERS:
            text = "{name} is missing or shorter than {count}: run `regulars init`"
            detail = tell(text, name=name, count=_SECRET_CHARACTERS)
            found.append(Finding("fault", "settings", "secret_weak", detail))
    path = home.secrets_file()
    if path.exists() and path.stat().st_mode & _OTHERS:
        detail = tell("{path} can be read by others: chmod 600 it", path=path)
        found.append(Finding("fault", "settings", "secrets_readable", detail))
    if home.home().is_dir() and home.home().stat().st_mode & _OTHERS:
        detail = tell("{path} can be entered by others: chmod 700 it", path=home.home())
        found.append(Finding("warning", "settings", "home_open", detail))
    return found


def switches() -> list[Finding]:
    """Settings that are for trying things out and not for a shop."""
    from django.conf import settings

    found = []
    if settings.DEBUG:
        detail = tell("DEBUG is on: error pages tell strangers how things are inside")
        found.append(Finding("fault", "settings", "debug_on", detail))
    if settings.TEST_CLOCK:
        detail = tell("REGULARS_TEST_CLOCK is on: any key may move its merchant's time")
        found.append(Finding("warning", "settings", "test_clock_on", detail))
    if settings.TOTP_OPTIONAL:
        detail = tell(
            "REGULARS_TOTP_OPTIONAL is on: a link signs owners in without a second factor"
        )
        found.append(Finding("warning", "settings", "second_factor_optional", detail))
    if settings.ORIGIN and not settings.SECURE:
        detail = tell("REGULARS_ORIGIN is not https: cookies travel in the clear")
        found.append(Finding("warning", "settings", "origin_not_https", detail))
    return found


# ── database and background work ─────────────────────────────────────────────────────────


def database() -> list[Finding]:
    """Whether the database keeps what it confirms, is whole, and is of this version."""
    from django.db import connection
    from django.db.utils import DatabaseError

    from regulars.infra.db import is_postgres
    from regulars.infra.durability import doubts

    try:
        found = [Finding("fault", "database", "not_durable", why) for why in doubts()]
        found += _schema()
        if not is_postgres():
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA journal_mode")
                (mode,) = cursor.fetchone()
                cursor.execute("PRAGMA quick_check(5)")
                damaged = [str(row[0]) for row in cursor.fetchall() if row[0] != "ok"]
            if mode != "wal":
                detail = tell("SQLite journal_mode is {mode}, not wal", mode=mode)
                found.append(Finding("fault", "database", "journal_mode", detail))
            found += [Finding("fault", "database", "damaged", why) for why in damaged]
    except DatabaseError as error:
        why = str(error).strip().splitlines()
        found = [Finding("fault", "database", "unreadable", why[0] if why else repr(error))]
    free = shutil.disk_usage(home.home()).free
    if free < _LEAST_FREE_BYTES:
        detail = tell("{mb} MB free on the disk of {path}", mb=free >> 20, path=home.home())
        found.append(Finding("warning", "database", "disk_nearly_full", detail))
    return found


def _schema() -> Iterator[Finding]:
    from . import inventory

    applied, known = set(inventory.applied_migrations()), inventory.known_migrations()
    if known - applied:
        detail = tell("The database is not up to date: run `regulars migrate`.")
        yield Finding("fault", "database", "not_migrated", detail)
    if ahead := sorted(applied - known):
        detail = tell("The database is of a newer version: {names}", names=", ".join(ahead))
        yield Finding("fault", "database", "newer_than_program", detail)


def jobs() -> list[Finding]:
    """Whether background work keeps up: events that wait, imports that nobody runs."""
    from regulars.infra.clock import real_now
    from regulars.infra.models import OutboxRow
    from regulars.kernel.ids import show
    from regulars.modules.connectors.services import stale_runs

    found = []
    waiting = OutboxRow.objects.filter(relayed_at=None)
    oldest = waiting.order_by("id").first()
    if oldest is not None:
        # The row's id carries the real time it was made at; its `at` is programme time.
        since = datetime.fromtimestamp((oldest.id.int >> 80) / 1000, UTC)
        if real_now() - since > _RELAYED_WITHIN:
            text = "{count} event rows wait, the oldest since {since}: do the jobs run?"
            detail = tell(text, count=waiting.count(), since=f"{since:%Y-%m-%d %H:%M} UTC")
            found.append(Finding("warning", "jobs", "events_wait", detail))
    failing = waiting.filter(attempts__gt=0).count()
    if failing:
        detail = tell("{count} event rows were tried and failed: see the log", count=failing)
        found.append(Finding("warning", "jobs", "events_fail", detail))
    for run in stale_runs(real_now() - _RUN_SILENT):
        detail = tell("import of {name} is {status}", name=run.file_name, status=run.status)
        subject = show("run", run.id)
        found.append(Finding("warning", "jobs", "import_waits", detail, subject=subject))
    return found


# ── the books ────────────────────────────────────────────────────────────────────────────


def books(only: MerchantFacts | None = None, *, identities: bool = True) -> list[Finding]:
    """The books of every merchant, or of ``only`` one.

    Without ``identities`` it is left out whether the keys at hand open them.
    """
    from regulars.modules.merchants.queries import merchants

    return [
        finding
        for merchant in ([only] if only else merchants())
        for examine in (*_BOOKS, *((_members,) if identities else ()))
        for finding in examine(merchant)
    ]


def _ledger(merchant: MerchantFacts) -> list[Finding]:
    """Chains, sums, lots, holds and seals."""
    from regulars.modules.ledger.verification import verify

    with _bar("verifying the ledger of {code}", merchant) as move:
        faults = verify(merchant.id, progress=lambda done: move(done, None))
    return [_of_ledger(merchant, fault) for fault in faults]


def _of_ledger(merchant: MerchantFacts, fault: Any) -> Finding:
    return Finding(
        "fault",
        "ledger",
        fault.code,
        fault.detail if fault.version is None else f"{fault.version}: {fault.detail}",
        merchant.code,
        fault.account or fault.member_id,
    )


def signers(only: MerchantFacts | None = None) -> list[Finding]:
    """Seals signed with keys that are not this home's."""
    from regulars.infra.crypto import KeyMissing
    from regulars.modules.ledger.seals import seals
    from regulars.modules.ledger.signing import strangers
    from regulars.modules.merchants.queries import merchants

    try:
        return [
            _of_ledger(merchant, fault)
            for merchant in ([only] if only else merchants())
            for fault in strangers(merchant.id, seals(merchant.id))
        ]
    except KeyMissing:  # the settings say so already
        return []


def _tiers(merchant: MerchantFacts) -> list[Finding]:
    """Every standing against a replay of what the member did."""
    from zoneinfo import ZoneInfo

    from regulars.infra.clock import now_for
    from regulars.kernel.errors import NotFound
    from regulars.kernel.periods import program_day
    from regulars.modules.programmes.queries import Schedule
    from regulars.modules.tiers.types import Ladder
    from regulars.modules.tiers.verification import verify

    zone, now = ZoneInfo(merchant.zone), now_for(merchant)
    try:
        schedule = Schedule(merchant.id)
    except NotFound:
        return []

    def ladder_of(number: int) -> Ladder:
        return (schedule.version(number) if number else schedule.at(now)).ladder

    with _bar("replaying the tiers of {code}", merchant) as move:
        faults = verify(
            merchant.id,
            ladder_of=ladder_of,
            zone=zone,
            day=program_day(now, zone),
            progress=lambda done: move(done, None),
        )
    return [
        Finding(
            "fault", "tiers", "standing_unlike_replay", fault.detail, merchant.code, fault.member_id
        )
        for fault in faults
    ]


def _orders(merchant: MerchantFacts) -> list[Finding]:
    """What orders say they brought, against ledger and activity."""
    from zoneinfo import ZoneInfo

    from regulars.modules.orders.verification import verify

    with _bar("comparing the orders of {code}", merchant) as move:
        faults = verify(
            merchant.id, zone=ZoneInfo(merchant.zone), progress=lambda done: move(done, None)
        )
    return [
        Finding("fault", "orders", fault.code, fault.detail, merchant.code, fault.subject)
        for fault in faults
    ]


def _budgets(merchant: MerchantFacts) -> list[Finding]:
    """Every counter of something scarce against its claims."""
    from regulars.modules.budgets.verification import verify

    return [
        Finding("fault", "budgets", "counter_unlike_claims", fault.detail, merchant.code, fault.key)
        for fault in verify(merchant.id)
    ]


def _tills(merchant: MerchantFacts) -> list[Finding]:
    """Every till's numbers against its envelopes, and those against the orders."""
    from regulars.modules.tills.verification import verify

    return [
        Finding("fault", "tills", fault.code, fault.detail, merchant.code, fault.till)
        for fault in verify(merchant.id)
    ]


def _members(merchant: MerchantFacts) -> list[Finding]:
    """Every identity against the keys at hand."""
    from regulars.modules.members.verification import verify

    with _bar("opening the identities of {code}", merchant) as move:
        faults = verify(merchant.id, progress=lambda done: move(done, None))
    return [
        Finding("fault", "members", fault.code, fault.detail, merchant.code, fault.member_id)
        for fault in faults
    ]


def _segments(merchant: MerchantFacts) -> list[Finding]:
    """Every membership against its rule, and what is known of members against the books."""
    from regulars.infra.clock import now_for
    from regulars.modules.segments.verification import verify

    with _bar("asking the segments of {code} again", merchant) as move:
        faults = verify(merchant, now_for(merchant), progress=lambda done: move(done, None))
    return [
        Finding("fault", "segments", fault.code, fault.detail, merchant.code, fault.member_id)
        for fault in faults
    ]


_BOOKS = (_ledger, _tiers, _orders, _budgets, _segments, _tills)


def _bar(text: str, merchant: MerchantFacts) -> AbstractContextManager[Move]:
    return bar(tell(text, code=merchant.code))
