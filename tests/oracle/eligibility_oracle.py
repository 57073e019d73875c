"""Whether an offer may count at all, and for which lines. Written from the text alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from regulars.modules.pricing.types import Context, GiftLine, RejectionCode, Uses
from regulars.modules.promotions.types import Gift, NthWeekday, Offer, Scope, When, Who


class Article(Protocol):
    """What a scope looks at: a line as sent, or lines put together."""

    @property
    def sku(self) -> str: ...
    @property
    def quantity(self) -> int: ...
    @property
    def category(self) -> str | None: ...
    @property
    def tags(self) -> frozenset[str]: ...


def in_scope(scope: Scope, article: Article) -> bool:
    if article.sku in scope.exclude_skus:
        return False
    if not scope.skus and not scope.categories and not scope.tags:
        return True
    if article.sku in scope.skus:
        return True
    if article.category is not None and article.category in scope.categories:
        return True
    return any(tag in scope.tags for tag in article.tags)


def is_nth(day: date, wanted: NthWeekday) -> bool:
    if day.isoweekday() != wanted.weekday:
        return False
    if wanted.nth == -1:
        return (day + timedelta(days=7)).month != day.month
    how_many_so_far = sum(
        1
        for number in range(1, day.day + 1)
        if day.replace(day=number).isoweekday() == wanted.weekday
    )
    return how_many_so_far == wanted.nth


def is_now(when: When, context: Context) -> bool:
    at: datetime = context.at
    if when.begins is not None and at < when.begins:
        return False
    if when.ends is not None and at >= when.ends:
        return False
    local = at.astimezone(context.zone)
    if when.weekdays and local.isoweekday() not in when.weekdays:
        return False
    if when.days_of_month and local.day not in when.days_of_month:
        return False
    if when.nth_weekdays and not any(is_nth(local.date(), nth) for nth in when.nth_weekdays):
        return False
    if when.hours is not None:
        minute = local.hour * 60 + local.minute
        if minute < when.hours[0] or minute >= when.hours[1]:
            return False
    return local.date() not in when.except_days


def is_for(who: Who, context: Context) -> bool:
    if who.rule is not None or who.cel is not None:
        raise ValueError(
            "rules and expressions are tested elsewhere: the oracle does not read them"
        )
    buyer = context.buyer
    if who.members_only and buyer.tier is None:
        return False
    if who.tiers and buyer.tier not in who.tiers:
        return False
    if who.segments and not any(segment in who.segments for segment in buyer.segments):
        return False
    if who.channels and context.channel not in who.channels:
        return False
    return not (who.stores and context.store not in who.stores)


def budget_left(offer: Offer, context: Context) -> int | None:
    """What is left of the budget; None where there is none."""
    if offer.budget is None:
        return None
    uses = context.uses.get(offer.code)
    if uses is None or uses.budget_left_minor is None:
        return offer.budget
    return uses.budget_left_minor


def still_there(sku: str, articles: list[Article], context: Context) -> int | None:
    """Units of an article beside those that the cart buys; None where they are not counted."""
    if sku not in context.stock:
        return None
    return context.stock[sku] - sum(one.quantity for one in articles if one.sku == sku)


def gift_of(offer: Offer, articles: list[Article], context: Context) -> GiftLine | None:
    """What a gift's offer gives: the first of its gifts of which there is enough."""
    assert isinstance(offer.params, Gift)
    wanted = [(offer.params.sku, offer.params.quantity)]
    wanted += [(one.sku, one.quantity) for one in offer.params.instead]
    for sku, quantity in wanted:
        there = still_there(sku, articles, context)
        if there is None or quantity <= there:
            return GiftLine(offer.code, sku, quantity)
    return None


def why_not(offer: Offer, articles: list[Article], context: Context) -> RejectionCode | None:
    """The first reason that needs no combination, in the order of the text; None: it may count."""
    uses = context.uses.get(offer.code, Uses())
    limit = offer.limit
    if offer.status != "active":
        return "not_active"
    if not is_now(offer.when, context):
        return "not_now"
    if not is_for(offer.who, context):
        return "not_for_member"
    if offer.requires_code and offer.code not in context.given:
        return "code_missing"
    if not any(in_scope(offer.scope, article) for article in articles):
        return "not_in_scope"
    if offer.code in context.held_out:
        return "held_out"
    if limit.per_member is not None and uses.by_member >= limit.per_member:
        return "limit_reached"
    if limit.total is not None and uses.in_all >= limit.total:
        return "limit_reached"
    left = budget_left(offer, context)
    if left is not None and left <= 0:
        return "budget_spent"
    if isinstance(offer.params, Gift) and gift_of(offer, articles, context) is None:
        return "gift_out_of_stock"
    return None


def scarce_gifts(
    offers: Sequence[Offer], articles: list[Article], context: Context
) -> dict[str, str]:
    """The offers that give the last units of an article, of which one may: by code its sku."""
    found: dict[str, list[GiftLine]] = {}
    for offer in offers:
        if isinstance(offer.params, Gift) and why_not(offer, articles, context) is None:
            gift = gift_of(offer, articles, context)
            assert gift is not None
            found.setdefault(gift.sku, []).append(gift)
    scarce: dict[str, str] = {}
    for sku, gifts in found.items():
        there = still_there(sku, articles, context)
        if there is not None and sum(gift.quantity for gift in gifts) > there:
            scarce.update({gift.offer: sku for gift in gifts})
    return scarce
