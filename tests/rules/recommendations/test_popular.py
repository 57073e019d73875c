"""The common list, for who has no list of their own: without what they have."""

from __future__ import annotations

import numpy as np
import pytest

from makers.rhythms import Bought, history
from regulars.modules.insight.history import History
from regulars.modules.recommendations.ranking import listing
from regulars.modules.recommendations.ranking.listing import (
    Recommended,
    recommend_new,
    recommend_next,
)
from regulars.modules.recommendations.ranking.popular import MOST_SPARE, popular
from regulars.modules.recommendations.ranking.shop import shop_at

AS_OF = 199


def bought(member: str, item: str, kind: str, *days: int) -> list[Bought]:
    return [Bought(member, item, kind, day, 1, 100) for day in days]


def rows() -> list[Bought]:
    """Thirty households with a refrigerator of one of two makes, bought lately; three members who
    came once or twice: one for milk, one for a refrigerator, one for what nobody else wants."""
    found: list[Bought] = []
    for number in range(30):
        name, make = f"m{number:02d}", "fridge a" if number % 2 else "fridge b"
        found += bought(name, "milk", "dairy", *range(number % 5, 200, 5))
        found += bought(name, "bread", "bakery", *range(number % 7, 200, 7))
        found += bought(name, "tea", "drinks", *range(number % 9, 200, 18))
        found += bought(name, make, "fridges", 170 + number % 28)
    found += bought("new milk", "milk", "dairy", 150, 190)
    found += bought("new fridge", "fridge a", "fridges", 180)
    found += bought("new cap", "cap", "hats", 181)
    return found


def left_out(told: History, found: Recommended, member: str) -> set[str]:
    code = list(told.members).index(member)
    return set(told.items[found.popular.left_out[found.popular.member == code]])


def shown(told: History, found: Recommended, member: str) -> list[str]:
    without = left_out(told, found, member)
    items = [str(item) for item in told.items[found.popular.item] if item not in without]
    return items[: found.length]


def test_guess_you_like_shows_nothing_bought_before_to_who_came_once_or_twice() -> None:
    told = history(rows())
    found = recommend_new(told, AS_OF, length=3)
    assert {"milk", "bread"} <= set(told.items[found.popular.item[:3]])
    assert left_out(told, found, "new milk") == {"milk"}
    assert "milk" not in shown(told, found, "new milk")
    # Who has one make is shown no other.
    assert left_out(told, found, "new fridge") == {"fridge a", "fridge b"}
    assert left_out(told, found, "new cap") == set(), "a cap is on nobody's list"
    for member in ("new milk", "new fridge", "new cap"):
        assert len(shown(told, found, member)) == 3, "full without what is left out"


def test_the_next_basket_leaves_out_only_what_still_serves() -> None:
    told = history(rows())
    found = recommend_next(told, AS_OF, length=3)
    assert left_out(told, found, "new milk") == set(), "milk is bought again"
    assert left_out(told, found, "new fridge") == {"fridge a", "fridge b"}
    assert shown(told, found, "new milk")[0] == "milk"


def test_members_with_a_list_of_their_own_have_nothing_left_out() -> None:
    told = history(rows())
    found = recommend_next(told, AS_OF, length=3)
    names = set(told.members[np.unique(found.popular.member)])
    assert len(np.unique(found.entries.member)) == 30
    assert names == {"new fridge"}


def test_where_nobody_has_a_list_it_holds_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LEAST_SHOPPERS", 1_000)
    told = history(rows())
    found = recommend_new(told, AS_OF, length=3)
    assert found.abstained is not None
    everything = {"milk", "bread", "tea", "fridge a", "fridge b"}
    assert left_out(told, found, "m03") == everything


def test_where_all_is_counted_what_still_serves_is_on_no_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listing, "LEAST_SHOPPERS", 1_000)
    told = history([*rows(), *bought("m03", "cap", "hats", 182)])
    found = recommend_next(told, AS_OF, length=6)
    assert found.abstained is not None
    # Of the lasting things one was bought in the last 30 days; what is used up comes back.
    assert left_out(told, found, "new fridge") == {"fridge a", "fridge b"}
    own = {
        name: list(told.items[found.entries.item[told.members[found.entries.member] == name]])
        for name in ("m03", "m04")
    }
    assert sorted(own["m03"]) == ["bread", "cap", "milk", "tea"]
    assert sorted(own["m04"][:3]) == ["bread", "milk", "tea"]
    assert own["m04"][3:] == ["cap"], "popular, and no fridge of the other make"


def test_the_list_has_only_as_many_places_to_spare_as_somebody_needs() -> None:
    told = history(rows())
    shop = shop_at(told, AS_OF)
    nobody = np.zeros(0, dtype=np.int64)
    whole = popular(shop, nobody, length=1, only_new=True)
    assert len(whole.item) == 5, "milk, bread, tea and both makes of who has all"
    some = np.flatnonzero(np.char.startswith(told.members.astype(str), "m"))
    few = popular(shop, some, length=1, only_new=True)
    assert len(few.item) == 3, "two makes are left out for one"
    many = [row for n in range(300) for row in bought("x", f"i{n}", "k", 198)]
    many += [row for n in range(300) for row in bought("y", f"i{n}", "k", 199)]
    most = popular(shop_at(history(many), AS_OF), nobody, length=4, only_new=True)
    assert len(most.item) == 4 + MOST_SPARE
