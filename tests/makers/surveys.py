"""Surveys in shops: written, opened, and answered by members who choose as they are told to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from makers.merchants import ApiClient, client_for, make_merchant, member
from regulars.infra.clock import now_for
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import parse
from regulars.kernel.instants import show_instant

#: The order in which members of these makers like them.
LIKED = ("free_delivery", "birthday_gift", "member_price", "early_access")
NAMES = {
    "free_delivery": ("Free delivery", "免运费", "免運費"),
    "birthday_gift": ("Birthday gift", "生日礼", "生日禮"),
    "member_price": ("Member prices", "会员价", "會員價"),
    "early_access": ("Early access", "优先购", "優先購"),
}
COSTS = {"free_delivery": 300, "birthday_gift": 80, "member_price": 100, "early_access": None}


def names_of(code: str) -> dict[str, str]:
    return dict(zip(("en", "zh-hans", "zh-hant"), NAMES[code], strict=True))


def choice_body(**given: Any) -> dict[str, Any]:
    """Which of four benefits: three questions of three, the least liked asked for too."""
    benefits = [
        {"code": code, "name": names_of(code), "cost_minor": COSTS[code]} for code in sorted(LIKED)
    ]
    return {
        "name": "What would you like?",
        "kind": "choice",
        "benefits": benefits,
        "shown": 3,
        "questions": 3,
        "worst": True,
        **given,
    }


def make_survey(merchant: MerchantFacts, body: dict[str, Any]) -> str:
    """A survey that is open for thirty days; its shown id."""
    shop = client_for(merchant)
    made = shop.post("/surveys", body)
    assert made.status_code == 201, made.content
    survey_id = str(made.json()["id"])
    until = show_instant(now_for(merchant) + timedelta(days=30))
    opened = shop.post(f"/surveys/{survey_id}/open", {"closes_at": until})
    assert opened.status_code == 200, opened.content
    return survey_id


def a_joined(merchant: MerchantFacts, value: str, **about: Any) -> UUID:
    body = {"identities": [{"type": "external", "value": value}], **about}
    found = parse("mem", client_for(merchant).post("/members", body).json()["id"])
    assert found is not None
    return found


def chosen(asked: dict[str, Any], liked: Sequence[str] = LIKED) -> dict[str, Any]:
    """The answer of somebody who likes benefits in this order."""
    choices = []
    for question in asked["questions"]:
        codes = sorted((one["code"] for one in question["benefits"]), key=liked.index)
        choices.append({"best": codes[0], "worst": codes[-1] if asked["worst"] else None})
    return {"choices": choices}


def answers(
    merchant: MerchantFacts, member_id: UUID, *, liked: Sequence[str] = LIKED, **body: Any
) -> tuple[ApiClient, Any]:
    """Somebody looks at their card and answers what stands on it first."""
    card = member(merchant, member_id)
    (asked, *_others) = card.get("/surveys").json()["data"]
    return card, card.post(f"/surveys/{asked['id']}/answer", body or chosen(asked, liked))


def shown_in_a_home() -> dict[str, str]:
    """For a browser: in the home of this process a shop that asked its members which benefits they
    would like and why they stay away, and whom some left. Tells the code of its merchant, the ids
    of what was asked, and the numbers of two members."""
    shop = make_merchant(programme="shop", code="asked", zone="Asia/Shanghai", currency="CNY")
    benefits = choice_body()["benefits"]
    benefits[0]["use"] = "points"
    choice = make_survey(shop, choice_body(name="Spring", benefits=benefits))
    for number in range(24):
        web, store = (a_joined(shop, f"{at}{number}", channel=at) for at in ("web", "store"))
        answers(shop, web, liked=LIKED if number % 4 else LIKED[::-1])
        answers(shop, store, liked=("member_price", *LIKED[:2], LIKED[3]))
    assert client_for(shop).post(f"/surveys/{choice}/close").status_code == 200
    why = make_survey(shop, {"name": "Quiet ones", "kind": "reason"})
    for number in range(12):
        reason = ("price", "stock", "messages", "price")[number % 4]
        answers(shop, a_joined(shop, f"quiet{number}"), reason=reason)
    for number in range(12):
        card = member(shop, a_joined(shop, f"gone{number}"))
        assert card.post("/leaving").status_code == 200
        said = {"reason": "service" if number % 3 else "benefits"}
        assert card.post("/leaving/reason", said).status_code == 200
    a_joined(shop, "walker")
    a_joined(shop, "leaver")
    return {"merchant": shop.code, "choice": choice, "why": why}
