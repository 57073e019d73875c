"""`init` and `migrate`: from nothing to a merchant that takes orders."""

from __future__ import annotations

import argparse

from .frame import Commands, answer, start
from .words import say


def register(commands: Commands) -> None:
    init = commands.verb(
        "init",
        "make the home, a merchant, its programme and its first API key",
        _init,
        merchant=False,
    )
    init.add_argument(
        "--merchant",
        metavar="CODE",
        required=True,
        help=say("code of the new merchant: a-z, 0-9 and -"),
    )
    init.add_argument("--currency", required=True, help=say("ISO 4217 currency, such as CNY"))
    init.add_argument(
        "--timezone",
        metavar="ZONE",
        default="UTC",
        help=say("IANA time zone, such as Asia/Shanghai"),
    )
    init.add_argument(
        "--template", metavar="NAME", default="plain", help=say("programme to start from")
    )
    init.add_argument("--name", default="", help=say("name shown to members"))
    init.add_argument("--locale", default=None, help=say("language of what members read"))
    commands.verb("migrate", "bring the database up to this version", _migrate, merchant=False)


def _init(args: argparse.Namespace) -> None:
    start(make_home=True)
    _apply_migrations()
    api_key = _make(args)
    answer(
        args,
        {"merchant": args.merchant, "api_key": api_key},
        [
            say("merchant {code} is ready", code=args.merchant),
            say("API key (shown once): {key}", key=api_key),
            say(
                "next: regulars staff create --merchant {code} --username NAME --role owner",
                code=args.merchant,
            ),
        ],
    )


def _migrate(args: argparse.Namespace) -> None:
    start(make_home=True)
    _apply_migrations()
    answer(args, {"migrated": True}, [say("the database is up to date")])


def _apply_migrations() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def _make(args: argparse.Namespace) -> str:
    """Merchant, programme, key and the audit's line, all or nothing; the key's text."""
    from django.db import transaction

    from regulars.infra.clock import now_for
    from regulars.infra.recording import Writes
    from regulars.infra.writes import WRITE_RECORD, write_row
    from regulars.modules.merchants import services as merchants
    from regulars.modules.programmes import services as programmes

    from .asking import asked

    with transaction.atomic():
        merchant = merchants.create_merchant(
            code=args.merchant,
            currency=args.currency,
            zone=args.timezone,
            name=args.name,
            locale=args.locale or _locale_of(args.timezone),
        )
        now = now_for(merchant)
        programmes.start(merchant.id, args.template, now)
        new = merchants.create_key(merchant_id=merchant.id, name="first", by="operator", now=now)
        writes = Writes()
        wanted = asked(merchant, "merchants.init")
        writes.add(WRITE_RECORD, write_row(wanted, subject="merchant", status=201, answer="{}"))
        writes.record()
    return new.api_key


def _locale_of(zone: str) -> str:
    """What members of a zone most likely read."""
    if zone in ("Asia/Shanghai", "Asia/Chongqing", "Asia/Harbin", "Asia/Urumqi", "PRC"):
        return "zh-hans"
    if zone in ("Asia/Taipei", "Asia/Hong_Kong", "Asia/Macau", "Hongkong", "ROC"):
        return "zh-hant"
    return "en"
