"""The dip monitor's commands over the demo market: one truth, nothing made up, everything with its source."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from terminal.domain.fetch import Fetch
from terminal.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

PARTS = ("market_part", "sector_part", "company_part", "dividends_part", "today_part")


def test_every_row_is_a_dip_whose_parts_add_up(market: Any) -> None:
    table = market.run("dips.list")
    rows = table.rows()
    assert len(rows) > 30
    for row in rows:
        assert row["dip"] <= -0.10 and row["dip"] == pytest.approx(row["dip_52w"])
        assert row["fallen"] == pytest.approx(-row["dip"] * (row["price"] + row["fallen"]))
        assert row["off_high_52w"] <= row["dip"] + 1e-9, "trades within the day only make it deeper"
        if row["market_part"] is not None:
            assert sum(row[name] or 0.0 for name in PARTS) == pytest.approx(row["dip"], abs=1e-9)
        assert (row["size"] is not None) == (row["action"] == "Buy the dip") and row["money"] is None
        assert row["recovered_63"] is None or row["recovered_63"] <= row["recovered_126"] <= row["recovered_252"]
        assert row["recovered_252_low"] <= row["recovered_252"] <= row["recovered_252_high"]
        assert row["reason"]
        assert row["level"] in (("buy", "strong") if row["action"] == "Buy the dip" else ("watch", None))
    assert table.simulated and table.origin is not None
    price = table.origin["price"]
    assert price.null_count() == 0 and "bars" in table.sources[price[0]].endpoint
    events = table.frame["event"].is_not_null()
    assert (table.origin["event"].is_not_null() == events).all()
    assert any("largest by market value" in note for note in table.notes) and any("vanished" in note for note in table.notes)


def test_one_truth_with_screener_and_show(market: Any) -> None:
    listed = {row["symbol"]: row for row in market.run("dips.list", {"universe": "mega"}).rows()}
    symbol, row = next(iter(listed.items()))
    scored = market.market.scored([symbol]).frame.row(0, named=True)
    assert all(row[name] == scored[name] for name in ("verdict", "price", "days_to_earnings"))
    shown = market.run("dips.show", {"symbol": symbol.lower()})
    values = {each["title"]: each["value"] for each in shown.rows() if each["part"] == "dip"}
    for title, name in (("Dip", "dip"), ("Company", "company_part"), ("Back in 252", "recovered_252"), ("z", "z")):
        assert values[title] == row[name]
    assert any(f"{abs(row['dip']) * 100:.1f}" in note for note in shown.notes), "the sentences speak of the same fall"
    rates = market.run("dips.base_rate", {"symbol": symbol}).rows()
    used = [each for each in rates if each["chosen"]]
    assert len(used) == 1 and used[0]["n"] == row["n"] and used[0]["recovered_252"] == row["recovered_252"]
    assert [each["n"] for each in rates[-2:]] == sorted(each["n"] for each in rates[-2:])


@pytest.mark.slow
def test_who_can_be_watched(market: Any) -> None:
    def watched(name: str) -> set[str]:
        return set(market.run("dips.list", {"universe": name, "threshold": 0.02}).frame["symbol"])

    frame = market.market.features().frame.filter(pl.col("kind") == "stock").sort("market_cap", descending=True)
    biggest = frame["symbol"].to_list()
    assert watched("mega") <= set(biggest[:10]) and watched("large") <= set(biggest[:50]) and watched("big") <= set(biggest[:150])
    assert watched("mega") <= watched("large") <= watched("big")
    with pytest.raises(UserError, match="no watchlist"):
        market.run("dips.list", {"universe": "watchlist"})
    market.run("watchlist.create", {"name": "Mine"})
    market.run("watchlist.add", {"name": "Mine", "symbols": biggest[200:203]})
    assert watched("watchlist") <= set(biggest[200:203]) and watched("watchlist") == watched("watchlist:Mine")
    screened = set(market.run("screener.run", {"preset": "buy", "record": False}).frame["symbol"])
    assert set() < watched("buy") <= screened, "the name of a screen"
    with pytest.raises(UserError, match="nonsense"):
        market.run("dips.list", {"universe": "nonsense"})
    with pytest.raises(UserError, match="is empty"):
        market.run("dips.list", {"universe": "holdings"})
    names = market.run("dips.universes").frame["name"].to_list()
    assert names[:4] == ["mega", "large", "big", "watchlist"] and "watchlist:Mine" in names


@pytest.mark.slow
def test_thresholds_and_orders(market: Any) -> None:
    def dips(**arguments: Any) -> list[float]:
        return list(market.run("dips.list", {"universe": "large", **arguments}).frame["dip"])

    assert dips(threshold=15) == dips(threshold=0.15) and len(dips(threshold=0.05)) > len(dips(threshold=0.15)) > 0
    assert dips() == dips(threshold=0.10) == sorted(dips())
    market.settings.set("dips.threshold", 0.2)
    assert max(dips()) <= -0.2
    with pytest.raises(UserError, match="cannot be looked for"):
        market.run("dips.list", {"threshold": 0.95})
    for sort in ("severity", "recovered_252", "score", "sessions", "company_part"):
        frame = market.run("dips.list", {"universe": "large", "sort": sort, "threshold": 0.05}).frame
        if sort in frame.columns:
            known = frame[sort].drop_nulls().to_list()
            assert known == sorted(known, reverse=sort not in ("sessions", "company_part"))
            assert frame[sort].is_null().to_list() == sorted(frame[sort].is_null().to_list()), "unknown last"
    recent = market.run("dips.list", {"universe": "large", "basis": "recent"}).frame
    assert (recent["dip"] == recent["dip_recent"]).all() and recent["sessions"].max() < 63


def test_money_needs_a_capital(market: Any) -> None:
    market.settings.set("dips.capital", 50_000.0)
    rows = [row for row in market.run("dips.list").rows() if row["size"] is not None]
    assert rows and all(row["money"] == pytest.approx(50_000 * row["size"]) and row["size"] <= 0.05 for row in rows)
    parts = [row for row in market.run("dips.show", {"symbol": rows[0]["symbol"]}).rows() if row["part"] == "tranche"]
    assert len(parts) == 3 and parts[0]["value"] == pytest.approx(rows[0]["price"])
    assert parts[0]["value"] > parts[1]["value"] > parts[2]["value"]


def test_what_is_no_dip_is_told_so(market: Any) -> None:
    frame = market.market.features().frame
    with pytest.raises(UserError, match="No prices of NOSUCH"):
        market.run("dips.show", {"symbol": "NOSUCH"})
    with pytest.raises(UserError, match="not a symbol"):
        market.run("dips.base_rate", {"symbol": "a b"})
    near = frame.sort("off_high_52w", descending=True, nulls_last=True)["symbol"][0]
    assert market.run("dips.list", {"universe": near, "threshold": 0.02}).frame.is_empty()
    shown = market.run("dips.show", {"symbol": near})
    assert "at its high" in shown.title or float(shown.frame.filter(pl.col("title") == "Dip")["value"][0]) > -0.02


def test_export_writes_what_is_listed(market: Any, tmp_path: Path) -> None:
    listed = market.run("dips.list", {"universe": "mega"})
    market.run("dips.export", {"csv": str(tmp_path / "d.csv"), "universe": "mega"})
    lines = (tmp_path / "d.csv").read_text(encoding="utf-8").splitlines()
    data = [line for line in lines if not line.startswith("#")]
    assert len(data) == listed.frame.height + 1 and data[0].startswith("symbol,name,price") and data[0].endswith("simulated")
    assert any(line.startswith("# SIMULATED") for line in lines) and any("source: demo" in line for line in lines)
    with pytest.raises(UserError, match="cannot be written"):
        market.run("dips.export", {"csv": str(tmp_path), "universe": "mega"})


def test_live_says_what_it_is(market: Any) -> None:
    table = market.run("dips.live", {"symbols": ["SPY"]})
    assert "Simulated" in table.detail["words"] and table.detail["seconds"] == 0


# planted into the store


def plant(app: Any, symbol: str, closes: list[float], total: list[float] | None = None, *, kept: int = 0) -> list[date]:
    """Save bars of another symbol over the last sessions of the demo market (`kept` of the newest left out)."""
    days = app.market.bars(["SPY"])["date"].to_list()
    days = days[len(days) - kept - len(closes) : len(days) - kept]
    moment = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
    fetch = Fetch("demo", "planted bars", "bars", symbol, moment, moment, "ok", simulated=True)
    app.store.market.save("bars", pl.DataFrame({
        "symbol": symbol, "date": days, "open": closes, "high": closes, "low": closes, "close": closes,
        "volume": [1e6] * len(closes), "adjusted_close": total or closes}), fetch)
    described = pl.DataFrame({"symbol": [symbol], "name": [f"{symbol} Inc"], "kind": ["stock"], "sector": ["Energy"],
                              "currency": ["USD"]})
    app.store.market.save("instruments", described, Fetch("demo", "planted", "instruments", symbol, moment, moment, "ok",
                                                          simulated=True))
    return list(days)


def test_splits_dividends_and_bad_ticks_are_no_dips(app: Any) -> None:
    random = np.random.default_rng(2)
    calm = list(100 * np.exp(np.cumsum(random.standard_normal(500) * 0.002)))
    high = max(calm[-250:])

    def save(dataset: str, **values: Any) -> None:
        moment = datetime(2026, 11, 20, 21, 40, tzinfo=UTC)
        app.store.market.save(dataset, pl.DataFrame(values), Fetch("demo", "planted", dataset, "SPLT", moment, moment, "ok",
                                                                   simulated=True))

    # A split that was stated, in bars that were fetched before it (the store puts it in); one that nobody stated.
    days = plant(app, "SPLT", [*calm[:-20], *(value / 4 for value in calm[-20:])])
    plant(app, "LOST", [*calm[:-20], *(value / 4 for value in calm[-20:])])
    worked_in = [value / 4 for value in calm]
    plant(app, "FINE", worked_in)
    save("splits", symbol=["FINE"], ex_date=[days[-20]], ratio=[4.0])
    plant(app, "PAID", [*calm[:-20], *(value - 20 for value in calm[-20:])],
          [*(value * (1 - 20 / high) for value in calm[:-20]), *(value - 20 for value in calm[-20:])])
    plant(app, "TICK", [*calm[:-30], high * 1.9, *calm[-29:]])
    plant(app, "REAL", [*calm[:-5], *(high * (0.95, 0.9, 0.87, 0.84, 0.83)[n] for n in range(5))])
    wanted = "SPLT,LOST,FINE,PAID,TICK,REAL"
    table = app.run("dips.list", {"universe": wanted, "threshold": 0.10})
    rows = {row["symbol"]: row for row in table.rows()}
    assert set(rows) == {"SPLT", "LOST", "REAL"}
    assert rows["REAL"]["dip"] == pytest.approx(-0.17, abs=0.01) and rows["REAL"]["level"] == "watch"
    for symbol in ("SPLT", "LOST"):
        assert rows[symbol]["action"] == "Research first" and "quarter" in rows[symbol]["reason"]
        assert rows[symbol]["level"] is None, "no alert comes of prices in doubt"
    assert any("only dividends" in note and "PAID" in note for note in table.notes)
    assert any("came back at once" in note and "TICK" in note for note in table.notes)


def test_refused_prices_make_a_dip_doubtful(app: Any) -> None:
    closes = [100.0 + n / 10 for n in range(300)] + [110.0, 108.0, 107.0]
    days = plant(app, "HELD", closes)
    bad = pl.DataFrame({"symbol": ["HELD"], "date": [days[-2]], "open": [1.0], "high": [0.5], "low": [2.0],
                        "close": [1.0], "volume": [1.0], "adjusted_close": [1.0]})
    moment = datetime(2026, 11, 20, 21, 50, tzinfo=UTC)
    saved = app.store.market.save("bars", bad, Fetch("demo", "planted", "bars", "HELD", moment, moment, "ok", simulated=True))
    assert saved.refused == 1
    row = app.run("dips.list", {"universe": "HELD,SPY"}).rows()[0]
    assert row["symbol"] == "HELD" and row["action"] == "Research first" and "quarantine" in row["reason"]


def test_a_young_or_old_series_is_left_out_and_counted(app: Any) -> None:
    plant(app, "OLDX", [100.0] * 200 + [70.0], kept=40)
    plant(app, "NEWX", [100.0] * 40 + [70.0])
    table = app.run("dips.list", {"universe": "OLDX,NEWX,NONE"})
    assert table.frame.is_empty() and any("1 of 3 have no stored prices" in note for note in table.notes)


def test_of_a_past_day_only_what_was_known(market: Any) -> None:
    day = date(2025, 6, 2)
    then = market.run("dips.list", {"universe": "large"}, as_of=day)
    assert then.frame.height and then.frame["day"].max() <= day
    assert then.frame["event_on"].drop_nulls().max() <= day  # type: ignore[operator]
    assert all(source.as_of is None or source.as_of.date() <= day + timedelta(days=1) for source in then.sources)
    assert then.frame["since"].null_count() == then.frame.height
