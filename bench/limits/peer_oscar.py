"""A peer: django-oscar prices a basket under as many site offers as are asked for.

`python peer_oscar.py 20 [postgresql://...]` in an environment of requirements/oscar.txt, which
bench.quotes makes: the database named is to be empty. Fifty products, ranges of fifteen, a basket
of ten lines; in turn 5 % off a range, buy three of a range and the cheapest is free, an amount off
from a threshold. Offers are exclusive, which is Oscar's default and four to seven times as fast as
combining them. One calculation reads the basket by its id and the offers, applies them and tells
the total; nothing is written. Prints one JSON line: median milliseconds and statements.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PRODUCTS, RANGES, IN_A_RANGE, LINES = 50, 20, 15, 10
ROUNDS = 15
APPS = (
    "analytics", "checkout", "address", "shipping", "catalogue", "catalogue.reviews",
    "communication", "partner", "basket", "payment", "offer", "order", "customer", "search",
    "voucher", "wishlists", "dashboard", "dashboard.reports", "dashboard.users",
    "dashboard.orders", "dashboard.catalogue", "dashboard.offers", "dashboard.partners",
    "dashboard.pages", "dashboard.ranges", "dashboard.reviews", "dashboard.vouchers",
    "dashboard.communications", "dashboard.shipping",
)  # fmt: skip


def config_of(app: str) -> str:
    """The dotted name of the configuration of one of Oscar's apps."""
    words = app.split(".")
    if words[0] == "dashboard":
        words.reverse()
    return f"oscar.apps.{app}.apps.{''.join(word.title() for word in words)}Config"


def start(database: dict[str, Any]) -> None:
    """Configure Django for Oscar alone, and make its tables."""
    import django
    import oscar.defaults
    from django.conf import settings

    contrib = ["admin", "auth", "contenttypes", "sessions", "messages", "sites", "flatpages"]
    defaults = {name: value for name, value in vars(oscar.defaults).items() if name.isupper()}
    settings.configure(
        **defaults,
        SECRET_KEY="bench",
        USE_TZ=True,
        SITE_ID=1,
        DATABASES={"default": database},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        HAYSTACK_CONNECTIONS={
            "default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}
        },
        INSTALLED_APPS=[
            *(f"django.contrib.{name}" for name in contrib),
            "oscar.config.Shop",
            *map(config_of, APPS),
            "widget_tweaks",
            "haystack",
            "treebeard",
            "django_tables2",
        ],
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def stock() -> list[Any]:
    from oscar.core.loading import get_model

    kind = get_model("catalogue", "ProductClass").objects.create(
        name="goods", requires_shipping=False, track_stock=False
    )
    partner = get_model("partner", "Partner").objects.create(name="shop")
    products = []
    for number in range(PRODUCTS):
        product = get_model("catalogue", "Product").objects.create(
            structure="standalone", product_class=kind, title=f"P{number}", slug=f"p{number}"
        )
        get_model("partner", "StockRecord").objects.create(
            product=product, partner=partner, partner_sku=f"S{number}", price=Decimal(number + 5)
        )
        products.append(product)
    return products


def offer(products: list[Any], count: int) -> None:
    from oscar.core.loading import get_model

    some = get_model("offer", "Range")
    everything = some.objects.create(name="everything", includes_all_products=True)
    ranges = []
    for number in range(RANGES):
        ranges.append(some.objects.create(name=f"R{number}", slug=f"r{number}"))
        for place in range(IN_A_RANGE):
            ranges[-1].add_product(products[(number * 7 + place * 3) % PRODUCTS])
    for number in range(count):
        of = ranges[number % RANGES]
        needs, gives = (
            (("Count", 2, of), ("Percentage", 5, of)),
            (("Count", 3, of), ("Multibuy", None, of)),
            (("Value", 100 + number, everything), ("Absolute", 5, everything)),
        )[number % 3]
        made = [
            get_model("offer", name).objects.create(type=what, value=value, range=goods)
            for name, (what, value, goods) in (("Condition", needs), ("Benefit", gives))
        ]
        get_model("offer", "ConditionalOffer").objects.create(
            name=f"O{number}", slug=f"o{number}", offer_type="Site", status="Open", exclusive=True,
            condition=made[0], benefit=made[1], priority=number, max_basket_applications=1,
        )  # fmt: skip


def fill(products: list[Any]) -> int:
    from oscar.core.loading import get_class, get_model

    basket = get_model("basket", "Basket").objects.create()
    basket.strategy = get_class("partner.strategy", "Default")()
    for number in range(LINES):
        basket.add_product(products[number * 5], quantity=1 + number % 3)
    return int(basket.id)


def price(basket_id: int) -> Decimal:
    from oscar.core.loading import get_class, get_model

    basket = get_model("basket", "Basket").objects.get(pk=basket_id)
    basket.strategy = get_class("partner.strategy", "Default")()
    get_class("offer.applicator", "Applicator")().apply(basket)
    total: Decimal = basket.total_incl_tax if basket.is_tax_known else basket.total_excl_tax
    return total


def main(count: int, dsn: str = "") -> None:
    parts = urlsplit(dsn)
    database = {
        "ENGINE": "django.db.backends.postgresql", "NAME": parts.path.lstrip("/"),
        "USER": parts.username or "", "PASSWORD": parts.password or "",
        "HOST": parts.hostname or "", "PORT": str(parts.port or ""), "CONN_MAX_AGE": None,
    }  # fmt: skip
    if not dsn:
        name = Path(tempfile.mkdtemp(prefix="oscar-")) / "oscar.sqlite3"
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(name)}
    start(database)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    products = stock()
    offer(products, count)
    basket_id = fill(products)
    total = price(basket_id)
    with CaptureQueriesContext(connection) as sent:
        price(basket_id)
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        price(basket_id)
        times.append((time.perf_counter() - begun) * 1_000)
    told = {
        "peer": "django-oscar", "db": connection.vendor, "offers": count,
        "ms": round(statistics.median(times), 2), "statements": len(sent), "total": str(total),
    }  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    main(int(sys.argv[1]), *sys.argv[2:])
