"""What lasts is not shown again to who just bought it; what is used up is."""

from __future__ import annotations

import numpy as np

from makers.rhythms import Bought, history
from regulars.modules.insight.due.pairs import pairs_at
from regulars.modules.insight.history import History
from regulars.modules.recommendations.ranking.lasting import (
    ONCE_DAYS,
    is_served,
    lasting_days,
    not_due,
)
from regulars.modules.recommendations.ranking.shop import shop_at


def bought(member: str, item: str, kind: str, *days: int) -> list[Bought]:
    return [Bought(member, item, kind, day, 1, 100) for day in days]


def household() -> History:
    """Thirty members: milk every 5 days, a filter every 40, one refrigerator each, of two makes."""
    rows: list[Bought] = []
    for number in range(30):
        name, make = f"m{number:02d}", "fridge a" if number % 2 else "fridge b"
        rows += bought(name, "milk", "dairy", *range(number % 5, 200, 5))
        rows += bought(name, "filter", "filters", *range(number, 200, 40))
        rows += bought(name, make, "fridges", 150 + number)
    return history(rows)


def days_of(told: History) -> dict[str, int]:
    lasts = lasting_days(told.member, told.item, told.day, len(told.items))
    return dict(zip(told.items, lasts.tolist(), strict=True))


def test_how_long_things_last() -> None:
    told = household()
    assert days_of(told) == {"milk": 0, "filter": 40, "fridge a": 0, "fridge b": 0}
    kinds = told.parents[0][told.item]
    order = np.lexsort((told.day, kinds, told.member))
    lasts = lasting_days(told.member[order], kinds[order], told.day[order], 3)
    assert dict(zip(told.parent_texts[0], lasts.tolist(), strict=True)) == {
        "dairy": 0, "filters": 40, "fridges": ONCE_DAYS,
    }  # fmt: skip


def test_few_buyers_tell_nothing() -> None:
    rows = [row for n in range(19) for row in bought(f"m{n}", "sofa", "sofas", n)]
    assert days_of(history(rows)) == {"sofa": 0}
    rows += bought("one more", "sofa", "sofas", 5)
    assert days_of(history(rows)) == {"sofa": ONCE_DAYS}


def test_who_has_a_refrigerator_is_shown_no_other() -> None:
    told = household()
    shop = shop_at(told, 199)
    code = {text: place for place, text in enumerate(told.items)}
    one = int(np.flatnonzero(told.members == "m01")[0])
    asked = np.array([code["fridge a"], code["fridge b"], code["milk"], code["filter"]])
    # m01 last bought a filter on day 161: 38 days ago, and it serves for 40.
    served = is_served(shop, np.full(4, one), asked)
    assert served.tolist() == [True, True, False, True]
    later = shop_at(told, 201)
    assert is_served(later, np.full(4, one), asked).tolist() == [True, True, False, False]


def test_a_rhythm_of_ones_own_is_not_due_before_half_its_shortest_gap() -> None:
    days = (0, 40, 75, 115)
    for back, expected in ((0, True), (17, True), (18, False), (40, False)):
        rows = history(bought("m", "salt", "spices", *days))
        assert not_due(pairs_at(rows, 115 + back, least=1)).tolist() == [expected]
    often = history(bought("m", "milk", "dairy", 0, 20, 40, 60))
    assert not_due(pairs_at(often, 61, least=1)).tolist() == [False], "too short to last"
    seldom = history(bought("m", "salt", "spices", 0, 40, 75))
    assert not_due(pairs_at(seldom, 76, least=1)).tolist() == [False], "three tell no rhythm"
