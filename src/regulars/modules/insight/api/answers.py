"""Kept lists with the names of their members, the same for every audience."""

from __future__ import annotations

from typing import Any

from regulars.infra.http.principal import ApiRequest
from regulars.kernel.ids import parse
from regulars.modules.insight.due import why
from regulars.modules.insight.due.why import Locale
from regulars.modules.insight.queries import Page
from regulars.modules.members.queries import names


def listed(request: ApiRequest, page: Page) -> dict[str, Any]:
    """A page as it goes out; a member who left since has no name."""
    ids = {row["member_id"]: parse("mem", row["member_id"]) for row in page.rows}
    known = names(request.auth.merchant_id, {id_ for id_ in ids.values() if id_ is not None})
    data = []
    for row in page.rows:
        id_ = ids[row["member_id"]]
        data.append({**row, "name": known.get(id_) if id_ else None})
    return {
        **page.about,
        "data": data,
        "has_more": page.next_cursor is not None,
        "next_cursor": page.next_cursor,
    }


def locale_of(request: ApiRequest) -> Locale:
    """As the browser prefers, else the shop's; English where there are no sentences in it."""
    asked = "Accept-Language" in request.headers
    return why.locale_of(request.LANGUAGE_CODE if asked else request.auth.merchant.locale)
