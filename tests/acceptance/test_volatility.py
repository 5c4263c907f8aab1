"""Volatility from the shell: what options expect, where that stands, what prices did; from what was known that day only."""

from __future__ import annotations

import json
import math
import shutil
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from terminal.api import UserError
from terminal.domain.fetch import Fetch
from terminal.domain.schemas import CHAINS
from terminal.paths import Home
from tests.conftest import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from terminal.app import App

LAST = date(2026, 11, 20)


@pytest.fixture(scope="module")
def app(_demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One demo market for all: they only read, and a chain is priced once."""
    from terminal.app import App

    place = tmp_path_factory.mktemp("volatility") / "home"
    shutil.copytree(_demo_home, place)
    opened = App(Home(place), demo=True, clock=Clock())
    opened.run("options.iv", {"symbols": ("SPY",)})  # its workers are there before a test counts them
    yield opened
    opened.close()


def rows(app: App, command: str, as_of: date | None = None, **arguments: Any) -> list[dict[str, Any]]:
    return app.run(command, arguments, as_of=as_of).rows()


def test_rank_percentile_and_their_days_are_those_of_the_archive(app: App) -> None:
    """By definition, worked out here once more from what the archive holds."""
    table = app.run("options.iv", {"symbols": ("SPY", "QQQ")})
    found = {row["symbol"]: row for row in table.rows()}
    kept = app.store.archive.volatility(["SPY"], end=LAST - timedelta(days=1))["iv30"].to_list()[-252:]
    now, spy = found["SPY"]["iv30"], found["SPY"]
    assert spy["observed"] == len(kept) == 252
    low, high = min(*kept, now), max(*kept, now)
    assert spy["iv_rank"] == pytest.approx((now - low) / (high - low))
    assert spy["iv_percentile"] == pytest.approx(sum(each < now for each in kept) / 252)
    assert spy["proxy_rank"] is None, "nothing stands in for what is known"
    closes = app.market.bars(["SPY"])["close"].to_numpy()[-21:]
    hv = float(np.log(closes[1:] / closes[:-1]).std(ddof=1) * math.sqrt(252))
    assert spy["hv20"] == pytest.approx(hv) and spy["iv_hv"] == pytest.approx(now / hv)
    assert spy["premium"] == pytest.approx(now**2 - hv**2)
    assert table.simulated and len(table.sources) >= 2


def test_a_shallow_archive_gives_no_rank_but_a_marked_stand_in(app: App) -> None:
    app.run("options.iv", {"symbols": ("SPY",)})  # the demo's archive is there now
    days = app.store.archive.volatility()["symbol"].value_counts()
    shallow = days.filter(pl.col("count") < 126).sort("count")["symbol"].to_list()
    symbol = shallow[0]
    table = app.run("options.iv", {"symbols": (symbol,)})
    row = table.rows()[0]
    assert row["iv_rank"] is None and row["iv_percentile"] is None and row["observed"] < 126
    assert 0 <= row["proxy_rank"] <= 1 and 0 <= row["proxy_percentile"] <= 1
    assert any(f"{symbol} iv_rank: {row['observed']} of 252 days observed, 126 are needed" in each for each in table.unknown)
    assert any("In their place" in each for each in table.notes)


def test_expected_moves_from_the_shell(typed: Callable[..., Any]) -> None:
    done = typed("options", "em", "SPY", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    for row in told["rows"]:
        assert 1 <= row["days"] <= 7.5 or 13.5 <= row["days"] <= 45.5
        assert row["iv_low"] < row["iv_high"] and row["straddle_low"] < row["straddle_high"]
        assert row["history_low"] < row["history_high"] and row["windows"] > 200
        assert 0 <= row["beyond"] <= 1
        assert row["straddle"] == pytest.approx(0.8 * row["iv_move"], rel=0.2), "a straddle is 0.8 of a standard deviation"
    assert any("The market expects SPY to move about" in note and "until Friday" in note for note in told["notes"])


def test_one_expiry_by_days_or_by_name_and_no_other(app: App) -> None:
    one = rows(app, "options.em", symbol="SPY", days=60)
    assert len(one) == 1 and abs(one[0]["days"] - 60) < 20
    assert rows(app, "options.em", symbol="SPY", expiry=date.fromisoformat(one[0]["expiry"])) == one
    with pytest.raises(UserError, match="2026-11-22"):
        rows(app, "options.em", symbol="SPY", expiry=date(2026, 11, 22))
    with pytest.raises(UserError, match="the past"):
        rows(app, "options.em", symbol="SPY", days=-1)


def test_every_other_command_answers_in_words_and_in_json(app: App) -> None:
    for name, more in (("surface", {}), ("smile", {}), ("term", {}), ("cones", {"estimator": "yang_zhang"}), ("realised", {}),
                       ("iv_history", {"days": 30}), ("reports", {})):  # fmt: skip
        table = app.run(f"options.{name}", {"symbol": "SPY", **more})
        told = json.dumps(table.to_json(), allow_nan=False)
        assert '"rows": [{' in told or name == "reports", name
        assert table.notes, f"{name} says it in words"
    with pytest.raises(UserError, match="NOSUCH"):
        app.run("options.iv", {"symbols": ("NOSUCH",)})


def test_checks_are_said_of_each_expiry(app: App) -> None:
    found = rows(app, "options.surface", symbol="SPY")
    curves = [row for row in found if row["a"] is not None]
    assert len(curves) >= 8
    for row in curves:
        assert row["butterfly_free"] is (row["density"] >= -1e-7) and row["error"] < 0.01
        assert row["b"] >= 0 and abs(row["rho"]) <= 1 and row["sigma"] > 0
    assert all(row["reason"] for row in found if row["a"] is None)
    assert any(row["calendar_free"] for row in curves)


def test_a_past_day_knows_nothing_of_later_ones(app: App) -> None:
    """The same figures then as a home would have had that evening: chain, prices and archive end there."""
    day = date(2026, 11, 9)
    table = app.run("options.iv", {"symbols": ("SPY",)}, as_of=day)
    past = table.rows()[0]
    assert past["at"].startswith("2026-11-09")
    assert all(source.as_of is not None and source.as_of.date() <= day for source in table.sources)
    closes = app.market.bars(["SPY"], end=day)["close"].to_numpy()[-21:]
    assert past["hv20"] == pytest.approx(float(np.log(closes[1:] / closes[:-1]).std(ddof=1) * math.sqrt(252)))
    history = rows(app, "options.iv_history", day, symbol="SPY", days=60)
    assert max(row["day"] for row in history) == "2026-11-09"
    newest = [row for row in history if row["day"] > "2026-10-10"]
    assert all(row["after"] is None for row in newest), "what came of it was not known yet"
    later = {row["day"]: row for row in rows(app, "options.iv_history", symbol="SPY", days=80)}
    both = [row for row in history if row["iv30"] is not None and row["day"] < "2026-11-09" and row["day"] in later]
    assert both and all(row["iv30"] == later[row["day"]]["iv30"] and row["hv20"] == later[row["day"]]["hv20"] for row in both)


@pytest.mark.slow
def test_what_was_expected_of_a_report_is_held_against_what_came(app: App) -> None:
    app.run("options.iv", {"symbols": ("SPY",)})
    names = [name for name in app.store.archive.volatility()["symbol"].unique().sort() if name not in ("SPY", "QQQ", "IWM")]
    known: list[dict[str, Any]] = []
    for name in names:
        known = [row for row in rows(app, "options.reports", symbol=name) if row["implied"] is not None]
        if known:
            break
    assert known, "no report within the archived sessions"
    for row in known:
        assert row["ratio"] == pytest.approx(abs(row["move"]) / row["implied"])
        assert row["before"] >= 4 and 0 <= row["move_percentile"] <= 1 and 0 <= row["implied_percentile"] <= 1


@pytest.mark.real
@pytest.mark.slow
def test_a_recorded_chain_without_an_archive(shared: Path, live_home: Home) -> None:
    """AAPL of 21 August 2026, whole: 30-day volatility near the exchange's own, nothing made up about the past."""
    from terminal.app import App

    at = datetime(2026, 8, 21, 20, tzinfo=UTC)
    told = json.loads((shared / "payloads" / "market" / "chain_AAPL_2026-08-22.json").read_text())
    chain = pl.DataFrame([
        {"symbol": "AAPL", "at": at, "expiry": date.fromisoformat(each["expiration"]), "strike": float(each["strike"]),
         "right": each["side"][0].upper(), "contract": each["symbol"], "bid": each["bid"], "ask": each["ask"],
         "last": each["last"], "volume": each["volume"], "open_interest": each["openInterest"], "iv": each["iv"],
         "delta": each["delta"], "underlying_price": told["underlyingPrice"]} for each in told["quotes"]
    ], infer_schema_length=None)  # fmt: skip
    absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in CHAINS.columns.items() if name not in chain.columns]
    chain = chain.with_columns(absent).select(pl.col(name).cast(kind) for name, kind in CHAINS.columns.items())
    app = App(live_home, demo=False, clock=lambda: at + timedelta(hours=1))
    try:
        app.store.market.save("chains", chain, Fetch("cboe", "recorded", "chains", "AAPL", at, at, "ok"))
        table = app.run("options.iv", {"symbols": ("AAPL",)}, by_hand=False)
        row = table.rows()[0]
        close = (pl.col("strike") / told["underlyingPrice"] - 1).abs() < 0.02
        near = chain.filter((pl.col("expiry") == date(2026, 9, 18)) & close)
        assert row["iv30"] == pytest.approx(near["iv"].median(), abs=0.02)
        assert (row["iv_rank"], row["iv_percentile"], row["observed"], row["hv20"]) == (None, None, 0, None)
        assert any("0 of 252 days observed" in each for each in table.unknown)
        moves = app.run("options.em", {"symbol": "AAPL"}).rows()
        assert moves and all(each["history_move"] is None and "past prices" in each["reasons"] for each in moves)
        assert all(each["iv_move"] is not None for each in moves)
    finally:
        app.close()


def test_the_dearest_options_come_first_without_asking_for_a_chain(app: App) -> None:
    found = rows(app, "options.iv_ranks")
    known = [row["iv_percentile"] for row in found if row["iv_percentile"] is not None]
    assert known == sorted(known, reverse=True) and len(known) >= 5
    assert all(row["iv_percentile"] is None for row in found[len(known):]), "those that are not known yet come last"
    assert all(row["observed"] >= 126 for row in found[: len(known)])
    spy = rows(app, "options.iv_ranks", symbols=("SPY",))
    levels = app.store.archive.volatility(["SPY"])["iv30"].to_list()[-253:]
    assert spy[0]["iv_percentile"] == pytest.approx(sum(each < levels[-1] for each in levels[:-1]) / 252)
    assert rows(app, "options.iv_ranks", least=126, limit=3) == found[:3]
