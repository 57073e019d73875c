"""Recognising a file by its header, and what a person may decide instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from reading_samples import GOOD_TEXT, HEADER

from regulars.modules.connectors.reading.orders import OrderFile
from regulars.modules.connectors.reading.profiles import (
    AUTOMATIC_BPS,
    ORDER_PROFILES,
    detect,
)
from regulars.modules.connectors.reading.table import preview_file
from regulars.modules.connectors.reading.types import ColumnMatch, UnreadableFile

Opener = Callable[..., OrderFile]
JOURNEY = "household_id,store_id,basket_id,product_id,quantity,sales_value,transaction_timestamp"
CHINESE = "订单编号,买家,下单时间,货号,数量,实付"
CHOSEN = dict(zip(HEADER.split(","), CHINESE.split(","), strict=True))


@pytest.mark.parametrize(
    ("header", "profile", "sure"),
    [
        (HEADER, "canonical", True),
        (f"{HEADER},store,channel,unit_price,product_name,category,type,currency", "canonical", 1),
        (HEADER.upper(), "canonical", True),
        (HEADER.replace("_", " "), "canonical", True),
        (JOURNEY, "completejourney", True),
        (f"{JOURNEY},retail_disc,coupon_disc,coupon_match_disc,week", "completejourney", True),
        ("customer_id,date,number_of_cds,dollar_value", "cdnow", True),
        (HEADER.replace("member,", ""), "canonical", False),
        (CHINESE, "canonical", False),
    ],
)
def test_the_header_tells_the_profile(header: str, profile: str, sure: bool) -> None:
    found = detect(header.split(","), ORDER_PROFILES)
    assert (found.confidence_bps >= AUTOMATIC_BPS) == sure
    assert not sure or found.profile.name == profile


def test_an_exact_name_wins_over_a_loose_one() -> None:
    found = detect(["SKU", *HEADER.split(",")], ORDER_PROFILES)
    assert found.columns["sku"] == 4
    assert found.repeated == ()


def test_a_preview_shows_the_file_as_it_stands(opened: Opener) -> None:
    preview = opened(GOOD_TEXT).preview
    assert preview.columns == tuple(HEADER.split(","))
    assert (preview.profile, preview.confidence_bps) == ("canonical", 10_000)
    assert preview.mapping[0] == ColumnMatch("order_id", "order_id", 10_000)
    assert preview.rows[2] == ("1002", "", "2024-05-02 11:30:00", "apple", "0", "0")
    assert len(preview.rows) == 4


def test_a_file_of_no_known_kind_still_has_a_preview(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    rows = "".join(f"{i},甲,2024/5/1 9:00,a,1,{i}.5\n" for i in range(30))
    path.write_bytes(f"{CHINESE}\n{rows}".encode("gbk"))
    preview = preview_file(path, ORDER_PROFILES)
    assert preview.profile is None
    assert preview.columns == tuple(CHINESE.split(","))
    assert (len(preview.rows), preview.rows[1][5]) == (20, "1.5")
    chosen = preview_file(path, ORDER_PROFILES, chosen=CHOSEN)
    assert [match.column for match in chosen.mapping] == CHINESE.split(",")


def test_a_person_may_say_which_column_holds_what(opened: Opener) -> None:
    text = f"{CHINESE}\n1,甲,2024/5/1 9:00,a,2,12.50\n"
    file = opened(text.encode("gbk"), columns=CHOSEN)
    [piece] = file.pieces()
    assert (piece.member, piece.quantity, piece.total_minor) == (["甲"], [2], [1250])
    assert file.report.profile == "canonical"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"profile": "excel"}, "unknown_profile"),
        ({"profile": "cdnow"}, "missing_columns"),
        ({"columns": {"order_id": "nothing"}}, "missing_columns"),
        ({"columns": {"colour": "sku"}}, "unknown_field"),
    ],
)
def test_what_is_not_there_is_refused(
    opened: Opener, options: dict[str, object], code: str
) -> None:
    with pytest.raises(UnreadableFile) as refused:
        opened(GOOD_TEXT, **options)
    assert refused.value.code == code
