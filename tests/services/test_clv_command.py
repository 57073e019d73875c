"""`insight clv` on the CDNOW sample: from an imported file to the published expectations."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from makers.cdnow import CALIBRATION_ENDS, HOLDOUT_ENDS, transactions
from makers.imported import day_of
from makers.orders import DAY, Shop, buy, enrol, make_shop
from regulars.cli import main
from regulars.cli.frame import Refused
from regulars.cli.valuing import cli_clv
from regulars.modules.connectors.services import import_file

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    told = transactions("sample")
    path = tmp_path_factory.mktemp("cdnow") / "orders.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["order_id", "member", "placed_at", "sku", "quantity", "line_total"])
        rows = zip(told.member, told.day, told.minor, strict=True)
        for number, (member, day, minor) in enumerate(rows):
            at = date.fromordinal(int(day)).isoformat()
            worth = f"{minor / 100:.2f}"
            writer.writerow((f"o{number}", told.name[member], f"{at} 12:00", "cd", 1, worth))
    shop = make_shop(now=datetime(1998, 7, 1, 12, tzinfo=UTC), currency="USD")
    run = import_file(shop.scope, kind="orders", source=path, file_name=path.name)
    assert (run.status, run.orders) == ("done", 6_919)
    return shop


def rows(shop: Shop) -> list[dict[str, str]]:
    text = cli_clv(shop.merchant, as_of=CALIBRATION_ENDS.isoformat(), horizon=273, format="csv")
    assert isinstance(text, str)
    assert text.splitlines()[0] == (
        "member,expected_purchases,expected_value_minor,probability_alive"
    )
    return list(csv.DictReader(io.StringIO(text)))


def test_the_csv_is_the_published_holdout(cdnow: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    told = rows(cdnow)
    assert len(told) == 2_357
    assert [row["member"] for row in told] == sorted(row["member"] for row in told)
    assert sum(float(row["expected_purchases"]) for row in told) == pytest.approx(1_653.4, abs=0.5)
    known = transactions("sample")
    days: defaultdict[str, set[int]] = defaultdict(set)
    for member, day in zip(known.member, known.day, strict=True):
        days[known.name[member]].add(int(day))
    once = {
        name for name, at in days.items() if sum(d <= CALIBRATION_ENDS.toordinal() for d in at) == 1
    }
    assert {row["member"] for row in told if not row["probability_alive"]} == once
    assert all(0 <= float(r["probability_alive"]) < 1 for r in told if r["member"] not in once)
    later = np.array(
        [sum(d > CALIBRATION_ENDS.toordinal() for d in days[row["member"]]) for row in told]
    )
    expected = np.array([float(row["expected_purchases"]) for row in told])
    assert np.corrcoef(expected, later)[0, 1] == pytest.approx(0.626, abs=0.001)
    assert all(int(row["expected_value_minor"]) >= 0 for row in told)
    # There were no 39 weeks before: held against half of them.
    assert "held against the last 136 days" in capsys.readouterr().err


def test_the_shortfall_of_the_last_holdout_is_told(
    cdnow: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {"as_of": HOLDOUT_ENDS.isoformat(), "horizon": 273}
    told = json.loads(cli_clv(cdnow.merchant, **asked, format="json"))
    held = told["calibration"]
    assert (held["members"], held["actual_purchases"]) == (2_357, 1_882)
    assert held["predicted_purchases"] == pytest.approx(1_653.4, abs=0.5)
    assert held["off_bps"] == -1_215
    assert held["correlation"] == pytest.approx(0.626, abs=0.001)
    assert held["mean_absolute_error"] == pytest.approx(0.786, abs=0.001)
    assert held["top_tenth_value_share"] == pytest.approx(0.502, abs=0.002)
    cli_clv(cdnow.merchant, **asked, format="csv")
    said = capsys.readouterr().err
    assert "1,653 purchases expected, 1,882 made (-12.2 %)" in said


def brought_in(shop: Shop, path: Path, kind: str, head: str, lines: list[str]) -> None:
    file = path / f"{kind}.csv"
    file.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    done = import_file(shop.scope, kind=kind, source=file, file_name=file.name)
    assert (done.status, done.rejected) == ("done", 0)


def test_what_goes_back_after_the_day_was_not_known_then(tmp_path: Path) -> None:
    """Orders given back whole and in part since: before that day they are what they were."""
    shop = make_shop()

    def on(back: int) -> str:
        return day_of(shop.now, back).isoformat()

    orders = [
        f"o{n}-{back},m{n:02d},{on(back)} 10:00,tea,3,{10 + n}.{n:02d}"
        for n in range(45)
        for back in range(200 - n, 40, -(9 + n))
    ]
    head = "order_id,member,placed_at,sku,quantity,line_total"
    brought_in(shop, tmp_path, "orders", head, orders)

    def told(back: int) -> str | bytes:
        return cli_clv(shop.merchant, as_of=on(back), horizon=90, format="csv")

    before, today = told(20), told(1)
    sent_back = [
        f"{line.split(',')[0]},r{n},{on(10)} 10:00,1,{1 + n % 3}"
        for n, line in enumerate(orders[::4])
    ]
    head = "order_id,refund_id,refunded_at,line,quantity"
    brought_in(shop, tmp_path, "refunds", head, sent_back)
    assert told(20) == before
    assert told(1) != today


def test_nothing_later_than_the_day_has_a_say(cdnow: Shop) -> None:
    """The same history without what came later gives the same answer, to the digit."""
    known = transactions("sample")
    until = known.day <= CALIBRATION_ENDS.toordinal()
    from regulars.modules.insight.clv.reading import History
    from regulars.modules.insight.clv.scoring import fitted

    history = History(
        len(known.name),
        known.member[until],
        known.day[until],
        known.minor[until].astype(np.int64),
    )
    model = fitted(history.buyers(as_of=CALIBRATION_ENDS)[0]).buying
    asked = {"as_of": CALIBRATION_ENDS.isoformat(), "horizon": 273, "format": "json"}
    told = json.loads(cli_clv(cdnow.merchant, **asked))["buying"]
    for name in ("r", "alpha", "a", "b"):
        assert told[name] == pytest.approx(getattr(model, name), rel=1e-5)


def test_parquet_holds_the_same(cdnow: Shop, tmp_path: Path) -> None:
    written = cli_clv(
        cdnow.merchant, as_of=CALIBRATION_ENDS.isoformat(), horizon=273, format="parquet"
    )
    assert isinstance(written, bytes)
    path = tmp_path / "clv.parquet"
    path.write_bytes(written)
    table = pq.read_table(path)
    told = rows(cdnow)
    assert table.column("member").to_pylist() == [row["member"] for row in told]
    assert table.column("expected_value_minor").to_pylist() == [
        int(row["expected_value_minor"]) for row in told
    ]
    alive = table.column("probability_alive").to_pylist()
    assert [value is None for value in alive] == [not row["probability_alive"] for row in told]


def test_what_cannot_be_asked_is_refused_with_the_fix(cdnow: Shop) -> None:
    with pytest.raises(Refused, match="3660"):
        cli_clv(cdnow.merchant, horizon=0)
    with pytest.raises(Refused, match="2018-01-02"):
        cli_clv(cdnow.merchant, as_of="soon")


def test_where_too_few_came_back_it_is_told_and_there_are_no_lines(
    cdnow: Shop, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """As with every other insight: no fault, but nothing to tell."""
    head = "member,expected_purchases,expected_value_minor,probability_alive\n"
    empty = make_shop(now=datetime(1998, 7, 1, 12, tzinfo=UTC))
    for shop, day in ((cdnow, "1996-12-31"), (empty, None)):
        assert cli_clv(shop.merchant, as_of=day) == head
        said = capsys.readouterr().err
        assert said == ("Too few members came back to learn from: 0, at least 30 are needed.\n")
        written = cli_clv(shop.merchant, as_of=day, format="parquet")
        assert isinstance(written, bytes)
        path = tmp_path / "clv.parquet"
        path.write_bytes(written)
        assert pq.read_table(path).num_rows == 0
        assert ",".join(pq.read_schema(path).names) + "\n" == head
        told = json.loads(cli_clv(shop.merchant, as_of=day, format="json"))
        assert told["abstained"] == {"reason": "too_few_buyers", "there": 0, "needed": 30}
        assert (told["members"], told["calibration"]) == (0, None)
        capsys.readouterr()
        words = ["insight", "clv", "--merchant", shop.merchant.code]
        assert main([*words, "--as-of", day or "1998-06-30"]) == 0
        assert capsys.readouterr().out == head
    whole = cli_clv(cdnow.merchant, as_of=CALIBRATION_ENDS.isoformat(), format="json")
    assert json.loads(whole)["abstained"] is None


def test_goods_given_away_tell_no_worth(capsys: pytest.CaptureFixture[str]) -> None:
    shop = make_shop()
    for number in range(31):
        member = enrol(shop)
        for back in (3, 20 + number):
            buy(shop, member, 0, at=shop.now - back * DAY)
    cli_clv(shop.merchant)
    assert "came back and paid anything to learn from: 0, at least 30" in capsys.readouterr().err
