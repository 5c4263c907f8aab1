"""Exposure end to end: the shell on the demo market, as of a past day, the panel, and the exchange's own recorded chain."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from terminal.errors import UserError
from terminal.providers.budget import Window
from terminal.providers.yahoo import YahooProvider
from tests.conftest import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from terminal.paths import Home

SEPTEMBER = datetime(2023, 9, 21, 8, 0, tzinfo=UTC)  # the day of Cboe's recorded chain of the Russell 2000


# -- the shell, on the demo


def test_the_shell_answers_with_the_assumption_and_says_what_is_missing(typed: Callable[..., Any]) -> None:
    done = typed("options", "gex", "IWM", "--range", "20%", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    usual = json.loads(done.stdout)
    assert usual["notes"][0].startswith("It is assumed that dealers own the calls and are short the puts")
    assert any(note.startswith("Zero gamma at ") for note in usual["notes"])
    assert any(note.startswith("Open interest is as of the close before ") for note in usual["notes"])
    assert all("not counted" in text for text in usual["unknown"])
    assert all(source["simulated"] for source in usual["sources"])
    known = [row for row in usual["rows"] if row["gamma"] is not None]
    assert len(known) > 10
    for row in known:
        assert row["gamma"] == pytest.approx((row["gamma_calls"] or 0) + (row["gamma_puts"] or 0))
        assert (row["gamma_calls"] or 0) >= 0 >= (row["gamma_puts"] or 0)
    refused = typed("options", "gex", "IWM", "--range", "much")
    assert refused.returncode != 0
    assert "--range cannot be 'much'" in refused.stderr


def test_the_commands_agree(app: Any) -> None:
    def run(command: str, **arguments: Any) -> Any:
        return app.run(f"options.{command}", arguments)

    usual, short = run("gex", symbol="IWM"), run("gex", symbol="IWM", dealer="short")
    for row, other in zip(usual.rows(), short.rows(), strict=True):
        if row["gamma_calls"]:
            assert other["gamma_calls"] == pytest.approx(-row["gamma_calls"])
    assert any(note.startswith("Zero gamma is unknown: net gamma is negative everywhere") for note in short.notes)
    by_expiry, both = run("gex", symbol="IWM", by="expiry").rows(), run("gex", symbol="IWM", by="both").rows()
    assert sum(row["gamma"] for row in by_expiry) == pytest.approx(sum(row["gamma"] or 0 for row in both))
    pain, profile = run("max_pain", symbol="IWM").rows(), run("oi", symbol="IWM", by="expiry").rows()
    assert [row["expiry"] for row in pain] == [row["expiry"] for row in by_expiry]
    assert all(row["low"] <= row["max_pain"] <= row["high"] and row["payout"] <= row["payout_now"] for row in pain)
    assert [row["call_open_interest"] for row in profile] == [row["call_open_interest"] for row in pain]
    ratios = run("ratios", symbols=["IWM", "ZZZZ"])
    assert ratios.rows()[0]["open_interest"] == pytest.approx(
        sum(row["put_open_interest"] for row in pain) / sum(row["call_open_interest"] for row in pain)
    )
    assert "ZZZZ" in ratios.unknown[0]
    with pytest.raises(UserError, match="No option chain of ZZZZ"):
        run("gex", symbol="ZZZZ")
    with pytest.raises(UserError, match="There are no -2 expiries"):
        run("gex", symbol="IWM", expiries=-2)


@pytest.mark.slow
def test_a_past_day_is_answered_from_the_archive(app: Any) -> None:
    now = app.run("options.gex", {"symbol": "IWM", "by": "expiry"})
    past = app.run("options.gex", {"symbol": "IWM", "by": "expiry"}, as_of=date(2026, 10, 20))
    assert past.detail["exposure"].day.isoformat() == "2026-10-20"
    assert past.rows()[0]["expiry"] < now.rows()[0]["expiry"]
    seen = app.run("options.gex", {"symbol": "IWM", "dealer": "flow"})
    assert "(20 archived sessions)" in seen.notes[0]
    assert seen.detail["exposure"].total() != pytest.approx(now.detail["exposure"].total())


def test_the_demo_archive_is_made_once_and_says_so(app: Any) -> None:
    first = app.run("options.demo_fill", {"symbols": ["IWM"]})
    again = app.run("options.demo_fill", {"symbols": ["IWM"]})
    assert first.notes == ("36 chains were archived.",)
    assert again.notes == ("Everything was there already.",)
    (row,) = [row for row in again.rows() if row["symbol"] == "IWM"]
    assert (row["days"], row["volatilities"]) == (36, 262)
    # What is archived for today is what the market shows today.
    today, stored = app.market.chain("IWM"), app.store.archive.chain("IWM")
    if today.is_empty():
        app.run("options.ratios", {"symbols": ["IWM"]})
        today = app.market.chain("IWM")
    pair = today.join(stored, on="contract", suffix="_archived")
    assert pair.height == today.height == stored.height
    for name in ("bid", "ask", "open_interest", "volume", "last"):
        assert pair[name].equals(pair[f"{name}_archived"], check_names=False), name


# -- the exchange's recorded chain


@pytest.fixture
def live(home: Home, replay: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from terminal.app import App
    from terminal.domain.data_services import SERVICES

    for service in SERVICES:
        monkeypatch.setenv(f"TAPELINE_{service.id.upper()}_URL", f"{replay.url}/{service.id}")
    app = App(home, demo=False, clock=Clock(SEPTEMBER))
    app.settings.set("providers.order.chains", "cboe")
    yield app
    app.close()


@pytest.mark.real
def test_the_russell_from_a_recorded_chain(live: Any, shared: Path) -> None:
    """Our gamma exposure against that from the gammas the exchange states itself (four decimals, so within a few per cent)."""
    table = live.run("options.gex", {"symbol": "^RUT", "by": "expiry"})
    found = table.detail["exposure"]
    file = shared / "payloads" / "cboe" / "delayed_quotes_options__RUT_20230921_a.json"
    told = json.loads(file.read_text(encoding="utf-8"))["data"]
    stated = pl.DataFrame(
        [(each["option"], each["gamma"], each["delta"]) for each in told["options"]],
        schema={"contract": pl.String, "stated_gamma": pl.Float64, "stated_delta": pl.Float64}, orient="row",
    )  # fmt: skip
    both = found.frame.filter(pl.col("usable"), pl.col("open_interest") > 0).join(stated, on="contract")
    assert both.height > 1000
    scale = both["position"].to_numpy() * 100 * found.spot
    theirs = both["stated_gamma"].to_numpy() * scale * found.spot / 100
    for call in (True, False):
        side = (both["call"] == call).to_numpy()
        assert both["gamma"].to_numpy()[side].sum() == pytest.approx(theirs[side].sum(), rel=0.06)
    deltas = both["stated_delta"].to_numpy() * scale
    assert np.abs(both["delta"].to_numpy() - deltas).sum() < 0.05 * np.abs(deltas).sum()
    assert found.spot * 0.8 < table.detail["levels"]["zero_gamma"] < found.spot * 1.2
    assert set(found.frame["root"].unique()) == {"RUT", "RUTW"}
    pain = live.run("options.max_pain", {"symbol": "^RUT"}).rows()
    assert len(pain) == found.frame.select("expiry", "root").n_unique()


@pytest.mark.real
def test_a_chain_whose_source_knows_no_open_interest_is_unknown(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Yahoo's recorded chain of Apple states 0 for every contract."""
    live.clock.now = datetime(2025, 2, 21, 22, 0, tzinfo=UTC)
    monkeypatch.setattr(YahooProvider, "windows", (Window(2000, 3600),))  # its pace is not waited for
    live.settings.set("providers.order.chains", "yahoo")
    table = live.run("options.gex", {"symbol": "AAPL"})
    assert table.unknown == ("The source states no open interest of AAPL, so nothing that rests on it is known.",)
    assert any(note.startswith("Net gamma of AAPL is unknown") for note in table.notes)
    assert table.frame["gamma"].null_count() == table.frame.height
