"""`regulars import`, asked for its exit code alone: a nightly script must learn that nothing of a
file came in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from makers.merchants import make_merchant
from regulars.cli import main
from regulars.modules.programmes.services import start

HEAD = "order_id,member,placed_at,sku,quantity,line_total\n"
GOOD = "1,ann,2026-01-02 10:00,tea,1,48.00\n"
BAD = "2,ann,soon,tea,1,48.00\n"
REFUNDS = "order_id,refund_id,refunded_at,line,quantity\n"


def a_shop() -> str:
    merchant = make_merchant()
    start(merchant.id, "plain", datetime(2026, 6, 1, 12, tzinfo=UTC))
    return merchant.code


def brought(folder: Path, text: str, *options: str, kind: str = "orders") -> int:
    path = folder / "file.csv"
    path.write_text(text, encoding="utf-8")
    return main(["import", kind, str(path), "--merchant", a_shop(), *options])


@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--json",)])
def test_1_where_no_row_could_be_taken(options: tuple[str, ...], tmp_path: Path) -> None:
    assert brought(tmp_path, HEAD + BAD + BAD, *options) == 1
    assert brought(tmp_path, REFUNDS + "1,r,soon,1,1\n", *options, kind="refunds") == 1
    assert brought(tmp_path, "phone,joined_at\n13800138000,soon\n", *options, kind="members") == 1


@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--json",)])
def test_0_where_some_were_or_there_were_none(options: tuple[str, ...], tmp_path: Path) -> None:
    assert brought(tmp_path, HEAD + GOOD + BAD, *options) == 0
    assert brought(tmp_path, HEAD, *options) == 0
    assert brought(tmp_path, "phone,joined_at\n", *options, kind="members") == 0


def test_orders_that_were_there_with_other_content_are_rows_not_taken(tmp_path: Path) -> None:
    shop = a_shop()
    path = tmp_path / "file.csv"
    for total, code in (("48.00", 0), ("48.00", 0), ("47.00", 1)):
        path.write_text(f"{HEAD}1,ann,2026-01-02 10:00,tea,1,{total}\n", encoding="utf-8")
        assert main(["import", "orders", str(path), "--merchant", shop]) == code


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "empty"), ("order_id,member\n1,ann\n", "missing_columns"), ("\0\0a", "nul_byte")],
)
def test_a_refused_file_tells_which_refusal_it_is(
    text: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert brought(tmp_path, text, "--json") == 1
    told = json.loads(capsys.readouterr().err.strip().splitlines()[-1])["error"]
    assert (told["code"], told["reason"]) == ("file_unreadable", reason)
