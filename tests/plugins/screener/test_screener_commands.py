"""Screens over the demo market: presets, rules, ranges, the answer's shape, and what is said of mistakes."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from plugins.screener.model import COLUMN_SETS, DEFAULT_COLUMNS
from plugins.screener.plan import all_presets
from terminal.domain.fields import FIELDS
from terminal.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


def run(app: Any, **arguments: Any) -> Any:
    return app.run("screener.run", {"record": False, **arguments})


def frame_of(app: Any) -> pl.DataFrame:
    return app.market.scored(app.market.universe("all").symbols).frame


@pytest.mark.parametrize("preset", list(all_presets()))
def test_every_preset_runs_and_counts_everyone(market: Any, preset: str) -> None:
    table = run(market, preset=preset)
    everyone = frame_of(market).height
    assert table.detail["total"] == everyone
    assert table.frame.height == table.detail["matched"]
    unknown = run(market, preset=preset, show="unknown")
    assert unknown.frame.height == table.detail["unknown"]
    assert not set(unknown.frame["symbol"]) & set(table.frame["symbol"])
    assert run(market, preset=preset, show="all").frame.height == everyone
    sort = table.detail["plan"]["sort"]
    known = table.frame[sort].drop_nulls()
    assert known.to_list() == sorted(known.to_list(), reverse=not table.detail["plan"]["ascending"])


def test_the_presets_find_what_they_promise(market: Any) -> None:
    for verdict in ("strong_buy", "buy", "hold", "avoid"):
        found = run(market, preset=verdict)
        assert found.frame.height > 0
        assert set(found.frame["verdict"]) == {all_presets()[verdict].title}
    momentum = run(market, preset="hot_momentum", fields=("rsi_14", "relative_strength")).frame
    assert momentum.height > 0 and momentum["rsi_14"].max() < 80 and momentum["relative_strength"].min() > 0.8
    calm = run(market, preset="low_volatility", fields=("volatility_1y", "beta")).frame
    assert calm.height > 0 and calm["volatility_1y"].max() < 0.25 and calm["beta"].max() < 0.85


def test_live_counts_agree_with_the_runs(market: Any) -> None:
    rows = market.run("screener.presets").rows()
    assert [row["id"] for row in rows] == list(all_presets())
    for row in rows:
        assert row["matched"] == run(market, preset=row["id"]).frame.height, row["id"]
    assert sum(row["matched"] > 0 for row in rows) >= 13, "most ready-made screens find something in the demo market"


def test_the_answer_has_exactly_the_promised_shape(market: Any) -> None:
    answer = run(market, preset="all", columns="valuation").to_json()
    text = json.dumps(answer, allow_nan=False)
    assert list(answer) == ["title", "columns", "rows", "sources", "unknown", "notes"]
    assert all(list(column) == ["name", "title", "type", "unit", "term"] for column in answer["columns"])
    names = [column["name"] for column in answer["columns"]]
    assert all(list(row) == names for row in answer["rows"])
    assert [name for name in names if name in COLUMN_SETS["valuation"]] == list(COLUMN_SETS["valuation"])
    assert all(
        set(source) == {"provider", "endpoint", "as_of", "fetched_at", "delayed", "simulated"}
        for source in answer["sources"]
    )
    assert answer["sources"] and all(source["simulated"] for source in answer["sources"])
    assert "NaN" not in text and "Infinity" not in text
    unknown = [row for row in answer["rows"] if row["pe_ttm"] is None]
    assert unknown, "funds and bonds have no P/E"
    assert any(line.startswith("P/E: unknown for ") for line in answer["unknown"])
    assert any(" match; " in note for note in answer["notes"])


def test_no_number_of_an_answer_is_nan(market: Any) -> None:
    table = run(market, show="all", fields=tuple(name for name, field in FIELDS.items() if field.type == "number"))
    for row in table.rows():
        assert all(not isinstance(value, float) or math.isfinite(value) for value in row.values())
    for name, dtype in table.frame.schema.items():
        if dtype.is_float():
            assert not table.frame[name].is_nan().any(), name


def test_every_row_says_why_and_every_cell_whence(market: Any) -> None:
    table = run(market, limit=40)
    assert table.frame["why"].null_count() == 0
    places = table.origin["price"].drop_nulls()
    assert len(places) == table.frame["price"].count()
    assert {table.sources[place].provider for place in places} == {"demo"}


@pytest.mark.parametrize(
    ("ranges", "condition"),
    [
        (("pe_ttm=8..24.5",), pl.col("pe_ttm").is_between(8, 24.5)),
        (("roe=12%..",), pl.col("roe") >= 0.12),
        (
            ("net_debt_ebitda=..1.5", "dividend_yield=2%..4%"),
            (pl.col("net_debt_ebitda") <= 1.5) & pl.col("dividend_yield").is_between(0.02, 0.04),
        ),
    ],
)
def test_ranges_keep_what_a_plain_filter_keeps(market: Any, ranges: tuple[str, ...], condition: pl.Expr) -> None:
    table = run(market, ranges=ranges)
    judged = frame_of(market).select("symbol", condition.alias("in"))
    assert sorted(table.frame["symbol"]) == sorted(judged.filter(pl.col("in"))["symbol"])
    assert table.detail["unknown"] == judged["in"].null_count()
    assert table.frame.height > 0


def test_a_rule_is_added_to_the_preset(market: Any) -> None:
    both = run(market, preset="buy", rule="roe > 15% or pe_ttm < 10")
    found = frame_of(market).filter((pl.col("verdict") == "Buy") & ((pl.col("roe") > 0.15) | (pl.col("pe_ttm") < 10)))
    assert sorted(both.frame["symbol"]) == sorted(found["symbol"])


@pytest.mark.parametrize(
    ("rule", "column", "suggestion"),
    [
        ("reo > 15%", 1, "Did you mean roe?"),
        ("roe >", 6, "Expected a value"),
        ("roe > 15% adn pe_ttm < 3", 11, "Did you mean and?"),
    ],
)
def test_a_mistake_in_a_rule_is_named_where_it_was_typed(market: Any, rule: str, column: int, suggestion: str) -> None:
    """Also when the rule is only a part of the whole: of a preset's."""
    with pytest.raises(UserError) as caught:
        run(market, preset="solid_good_price", rule=rule)
    assert f"Column {column}:" in caught.value.message and suggestion in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"preset": "nonsense"}, "There is no screen 'nonsense'"),
        ({"sort": "colour"}, "no field 'colour'"),
        ({"fields": ("colour",)}, "no field 'colour'"),
        ({"ranges": ("pe_ttm",)}, "'pe_ttm' is not a range"),
        ({"ranges": ("colour=1..2",)}, "no field 'colour'"),
        ({"universe": "watchlist:nowhere"}, "nowhere"),
    ],
)
def test_what_cannot_be_run_is_a_sentence_with_what_to_do(market: Any, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError) as caught:
        run(market, **arguments)
    assert told in caught.value.message and caught.value.hint


def test_an_empty_market_says_how_to_fill_it(home: Any, clock: Any) -> None:
    from terminal.app import App

    empty = App(home, False, clock)
    try:
        with pytest.raises(UserError) as caught:
            run(empty)
        assert "market" in caught.value.hint
    finally:
        empty.close()


def test_a_universe_of_some_symbols(market: Any) -> None:
    table = run(market, universe="SPY,QQQ,IWM")
    assert sorted(table.frame["symbol"]) == ["IWM", "QQQ", "SPY"]


def test_the_clauses_count_what_each_passes_and_what_would_match_without_it(market: Any) -> None:
    rows = market.run("screener.clauses", {"rule": "roe > 15% and pe_ttm < 15"}).rows()
    frame = frame_of(market)
    assert [row["clause"] for row in rows] == ["roe > 15%", "pe_ttm < 15"]
    assert rows[0]["passed"] == frame.filter(pl.col("roe") > 0.15).height == rows[1]["without"]
    assert rows[1]["passed"] == frame.filter(pl.col("pe_ttm") < 15).height == rows[0]["without"]
    for row in rows:
        assert row["passed"] + row["failed"] + row["unknown"] == frame.height
    assert rows[0]["unknown"] == frame["roe"].null_count() > 0


def test_one_symbol_is_judged_clause_by_clause(market: Any) -> None:
    rows = market.run("screener.explain", {"symbol": "spy", "rule": "price > 1 and pe_ttm < 15"}).rows()
    assert [(row["clause"], row["outcome"]) for row in rows] == [
        ("price > 1", "yes"),
        ("pe_ttm < 15", "unknown"),
        ("the whole screen", "unknown"),
    ]
    assert rows[0]["value"] == frame_of(market).filter(pl.col("symbol") == "SPY")["price"][0]
    with pytest.raises(UserError, match="NOPE is not in"):
        market.run("screener.explain", {"symbol": "NOPE"})


def test_the_spread_of_a_field(market: Any) -> None:
    (row,) = market.run("screener.spread", {"fields": ["pe_ttm"]}).rows()
    known = frame_of(market)["pe_ttm"].drop_nulls()
    assert row["known"] == len(known) == sum(row["counts"])
    assert known.min() <= row["low"] < row["median"] < row["high"] <= known.max()
    with pytest.raises(UserError, match="no number field 'sector'"):
        market.run("screener.spread", {"fields": ["sector"]})


def test_the_csv_says_simulated_in_every_row_and_names_its_sources(market: Any, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    market.run("screener.export", {"file": str(file), "preset": "buy"})
    lines = file.read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if not line.startswith("#")]
    rows = list(csv.DictReader(table))
    assert [row["symbol"] for row in rows] == run(market, preset="buy").frame["symbol"].to_list()
    assert {row["simulated"] for row in rows} == {"yes"}
    assert tuple(rows[0])[: len(DEFAULT_COLUMNS)] == DEFAULT_COLUMNS
    assert "# SIMULATED: demo market, invented companies" in lines
    assert sum(line.startswith("# source: demo ") for line in lines) >= 1
    assert "nan" not in "\n".join(table).lower().replace("financ", "").split(",")
    with pytest.raises(UserError, match="cannot be written"):
        market.run("screener.export", {"file": str(tmp_path)})


def test_a_past_day_shows_only_what_was_known_then(market: Any) -> None:
    from datetime import date

    then = market.run(
        "screener.run",
        {"record": False, "fields": ["price_date"] if "price_date" in FIELDS else []},
        as_of=date(2025, 6, 30),
    )
    now = run(market)
    both = then.frame.select("symbol", "price").join(now.frame.select("symbol", "price"), on="symbol", suffix="_now")
    assert both.height > 400
    assert (both["price"] != both["price_now"]).mean() > 0.9
    bars = market.market.bars(["SPY"], as_of=date(2025, 6, 30))
    assert bars["date"].max() <= date(2025, 6, 30)
    assert then.frame.filter(pl.col("symbol") == "SPY")["price"][0] == pytest.approx(bars["close"][-1])
    assert all(source.as_of is None or source.as_of.date() <= date(2025, 7, 1) for source in then.sources)


def test_the_flags_carry_the_tones_of_the_scoring_rules(market: Any) -> None:
    tones = run(market, limit=1).detail["tones"]
    assert (tones["Buys back"], tones["High debt"], tones["Earnings soon"], tones["Oversold"]) == (
        "ok",
        "error",
        "warn",
        "muted",
    )
    shown = {flag for flags in run(market).frame["flags"].drop_nulls() for flag in flags}
    assert shown <= set(tones)


def test_judging_alone_says_the_same_as_running(market: Any) -> None:
    rule = "roe > 15% and pe_ttm < sector_median(pe_ttm)"
    judged = market.run("screener.judge", {"rule": rule}).frame
    assert (
        judged.filter(pl.col("outcome"))["symbol"].sort().to_list()
        == run(market, rule=rule).frame["symbol"].sort().to_list()
    )
    assert judged["outcome"].null_count() == run(market, rule=rule).detail["unknown"]
