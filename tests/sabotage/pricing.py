"""Ways to break the evaluator, each of which its tests must notice."""

from __future__ import annotations

from tests.sabotage.sabotages import Sabotage, Suite

_ROOM = "regulars/modules/pricing/"
BOUNDING, SEARCH, EXTRAS = _ROOM + "bounding.py", _ROOM + "search.py", _ROOM + "extras.py"
PROBLEM = _ROOM + "problem.py"
KINDS, PLAYING, TENDERS = _ROOM + "kinds.py", _ROOM + "playing.py", _ROOM + "tenders.py"
RETURNS, HANDING, EARNER = _ROOM + "returns.py", _ROOM + "handing.py", _ROOM + "earning.py"
PRICES = Suite("tests/rules/pricing", steps=1)
GIVEN_BACK = Suite("tests/rules/pricing/test_returns.py", steps=1)
PRICING_SUITES = (PRICES, GIVEN_BACK)

PRICING_SABOTAGES = (
    # ── the bound ──
    Sabotage(
        "largest remainder taken for exact",
        BOUNDING,
        "        low -= self._slack\n",
        "",
        PRICES,
    ),
    Sabotage(
        "of a group the weakest is feared",
        BOUNDING,
        "low -= max([weight * sizes[at] for at, weight in group])",
        "low -= min([weight * sizes[at] for at, weight in group])",
        PRICES,
    ),
    Sabotage(
        "a later percentage of a group lightens what comes before it",
        BOUNDING,
        "return max([self.loose[i] for i in scope])",
        "return max([self.weights[i] for i in scope])",
        PRICES,
    ),
    Sabotage(
        "thresholds within the interval overlooked",
        BOUNDING,
        "                least = min(least, after)\n            else:",
        "                pass\n            else:",
        PRICES,
    ),
    Sabotage(
        "free shipping's threshold within the interval overlooked",
        BOUNDING,
        "            if low < spend <= high:\n                least = min(least, spend +",
        "            if low < spend < low:\n                least = min(least, spend +",
        PRICES,
    ),
    Sabotage(
        "a unit price after a percentage counted twice",
        BOUNDING,
        "ceiling, known = self.weights[i] * floor, self.ceilings[i]",
        "ceiling, known = self.weights[i] * (floor + 1), self.ceilings[i]",
        PRICES,
    ),
    # ── the search ──
    Sabotage(
        "an equal discount is good enough",
        PROBLEM,
        "return bound == search.off and self.loses_the_tie(at, state, shipping)",
        "return bound == search.off",
        PRICES,
    ),
    Sabotage(
        "exclusive offers outside the goods forgotten",
        SEARCH,
        "    if any(not play.entry.crowded for play in sole):",
        "    if not sole:",
        PRICES,
    ),
    Sabotage(
        "groups forgotten in the chain",
        PROBLEM,
        "amount = 0 if play.group & groups else self.amount(play, state, shipping)",
        "amount = self.amount(play, state, shipping)",
        PRICES,
    ),
    Sabotage(
        "the bound of what was left undone forgotten",
        PROBLEM,
        "            search.bound = max(search.bound, bound)\n",
        "",
        PRICES,
    ),
    Sabotage(
        "more offers for the same points",
        EXTRAS,
        "reach = (points, gifts + more, -count - 1, taken | open_bits)",
        "reach = (points, gifts + more, -count - 2, taken | open_bits)",
        PRICES,
    ),
    Sabotage(
        "the slowest lines paid first",
        EARNER,
        "key=rates.__getitem__, reverse=True)",
        "key=rates.__getitem__)",
        PRICES,
    ),
    # ── discounts ──
    Sabotage(
        "sets count from the bottom",
        KINDS,
        "    if full >= sets:\n        return sets * get\n",
        "",
        PRICES,
    ),
    Sabotage(
        "the cap does not fall with what is off",
        PLAYING,
        "            self.room = room - amount\n",
        "",
        PRICES,
    ),
    Sabotage(
        "a cut is not allocated anew",
        PLAYING,
        "    return most, allocate(most, shares)\n",
        "    return sum(shares), shares\n",
        PRICES,
    ),
    # ── shares, tenders, returns ──
    Sabotage(
        "handed on by gross",
        HANDING,
        "allocate(share, [left[p] for p in places])",
        "allocate(share, [1 for p in places])",
        PRICES,
    ),
    Sabotage(
        "a tender's cap from what is left, not from the goods",
        TENDERS,
        "min(goods * tender.cap_bps // BPS, sum(left))",
        "min(sum(left) * tender.cap_bps // BPS, sum(left))",
        PRICES,
    ),
    Sabotage(
        "the bonus goes first",
        TENDERS,
        "units = max(0, sum(stored.units) - principal)",
        "units = min(sum(stored.units), tender.bonus)",
        PRICES,
    ),
    Sabotage(
        "requalify gives back more than was paid",
        RETURNS,
        "min(max(paid - would_pay(sale, returned), least), most)",
        "max(paid - would_pay(sale, returned), least)",
        GIVEN_BACK,
    ),
    Sabotage(
        "requalify takes back what it gave",
        RETURNS,
        "min(max(paid - would_pay(sale, returned), least), most)",
        "min(paid - would_pay(sale, returned), most)",
        GIVEN_BACK,
    ),
)
