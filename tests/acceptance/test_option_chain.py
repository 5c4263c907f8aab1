"""The chain from recorded answers, in the shell's JSON and in the panel; the demo market from the command line; past days."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.fetch import Fetch
from terminal.domain.schemas import CHAINS
from terminal.providers import cboe_parse
from tests.conftest import Clock
from tests.domain.options.test_recorded_chains import share
from tests.plugins.tearsheet.panel_host import AppHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from terminal.paths import Home

SATURDAY = datetime(2026, 8, 22, 14, 30, tzinfo=UTC)


@pytest.fixture
def live(home: Home) -> Iterator[Any]:
    """A live market on a Saturday that has the recorded chains it is given; nothing is asked, as they are fresh."""
    from terminal.app import App

    opened = App(home, demo=False, clock=Clock(SATURDAY))
    yield opened
    opened.close()


def keep(app: Any, frame: pl.DataFrame, provider: str, symbol: str) -> None:
    at = frame["at"][0]
    absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in CHAINS.columns.items() if name not in frame.columns]
    app.store.market.save("chains", frame.with_columns(*absent).select(*CHAINS.columns),
                          Fetch(provider, "chain", "chains", symbol, at, SATURDAY, as_of=at, delayed=True))  # fmt: skip


def numbers(table: Any) -> list[dict[str, Any]]:
    """The rows as the shell prints them with --json: NaN would not be JSON."""
    told = json.loads(json.dumps(table.to_json(), allow_nan=False))
    return told["rows"]  # type: ignore[no-any-return]


@pytest.mark.real
def test_recorded_shares_answer_in_the_shell(live: Any, shared: Path) -> None:
    for symbol in ("AAPL", "F", "RF"):
        keep(live, share(shared, symbol), "yahoo", symbol)
        table = live.run("options.chain", {"symbol": symbol, "all": True, "strikes": 0})
        assert len(numbers(table)) > 50
        assert any("have no bid and ask (both are zero)" in each for each in table.unknown)
        assert table.sources[0].delayed and not table.simulated
        expiries = numbers(live.run("options.expiries", {"symbol": symbol}))
        later = [row for row in expiries if row["days"] > 20 and row["usable"] > 10]
        assert all(0.1 < row["atm_iv"] < 0.6 and 0 < row["move"] < 0.9 for row in later if row["atm_iv"] is not None)
        assert sum(row["atm_iv"] is not None for row in later) > len(later) / 2
    out = numbers(live.run("options.chain", {"symbol": "AAPL", "all": True, "unusable": True}))
    assert len(out) > 300
    assert all(row["reasons"] and row["iv"] is None for row in out)
    facts = {row["what"]: row for row in numbers(live.run("options.contract", {"name": "AAPL261218C00310000"}))}
    assert facts["Volatility"]["value"] == pytest.approx(facts["Its source's volatility"]["value"], abs=0.04)
    assert "contract gains $" in facts["Delta"]["says"]


@pytest.mark.real
def test_a_recorded_index_answers_with_both_settlements(live: Any, shared: Path) -> None:
    body = (shared / "payloads" / "cboe" / "delayed_quotes_options__RUT_20230921_a.json").read_bytes()
    keep(live, cboe_parse.parse_chain(body, "^RUT", "_RUT").contracts, "cboe", "^RUT")
    rows = numbers(live.run("options.expiries", {"symbol": "RUT"}, as_of=date(2023, 9, 21)))
    assert {row["settlement"] for row in rows} == {"AM", "PM"}
    assert all(row["rate"] > 0.04 for row in rows if row["forward_from"].startswith("parity") and row["days"] > 60)


@pytest.mark.real
def test_the_panel_shows_a_recorded_chain_and_greys_what_cannot_be_used(live: Any, shared: Path, qapp: Any, qtbot: Any) -> None:
    from PySide6.QtCore import QCoreApplication, QEvent

    from plugins.options.chain.panel import ChainPanel
    from terminal.ui import theme

    keep(live, share(shared, "AAPL"), "yahoo", "AAPL")
    for running in [live.start("options.expiries", {"symbol": "AAPL"}) for _ in range(8)]:
        running.result(60)
    theme.apply(qapp)
    host = AppHost(live, "pro", "AAPL")
    host.frame.resize(1500, 800)
    panel = ChainPanel(host)  # type: ignore[arg-type]
    host.frame.layout().addWidget(panel)  # type: ignore[union-attr]
    host.frame.show()
    qtbot.waitUntil(lambda: panel.table is not None, timeout=30_000)
    panel.bar._buttons["all"].click()
    rows = panel.ladder.rows
    assert rows is not None
    assert len(rows.sections) == 20
    for side in ("call", "put"):
        for row in range(rows.height):
            if rows.contract[side][row] is not None and not rows.usable[side][row]:
                assert rows.told[side][row]
    assert not panel.quality.isHidden()
    assert host.bugs == []
    host.frame.close()
    host.frame.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_the_command_line_answers_on_the_demo_market(typed: Callable[..., Any]) -> None:
    chain = json.loads(typed("options", "chain", "SPY", "--strikes", "6", "--json").stdout)
    assert len(chain["rows"]) == 6
    assert chain["sources"][0]["simulated"]
    bad = typed("options", "chain", "NOSUCH")
    assert bad.returncode != 0
    assert "No option chain of NOSUCH" in bad.stderr
    terms = ("ANY", "2027-12-17", "100", "call", "--spot", "100", "--vol", "25%")
    free = json.loads(typed("options", "greeks", *terms, "--json").stdout)
    assert free["rows"][0]["greek"] == "Price" and free["rows"][0]["share"] > 8


@pytest.mark.slow
def test_another_day_shows_the_chain_that_was_archived_then(app: Any) -> None:
    today = app.run("options.chain", {"symbol": "SPY"})
    day = today.detail["desk"].at.date()
    later = app.run("options.chain", {"symbol": "SPY"}, as_of=day)
    assert later.detail["desk"].spot == today.detail["desk"].spot
    history = app.store.archive.days("SPY")
    before = [each for each in history["day"].unique().sort().to_list() if each < day]
    if before:
        past = app.run("options.chain", {"symbol": "SPY"}, as_of=before[-1])
        assert past.detail["desk"].at.date() <= before[-1] + timedelta(days=1)
