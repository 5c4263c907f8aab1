"""Plans from recorded chains of real symbols: shares as Yahoo tells them, an index as Cboe does."""

from __future__ import annotations

import json
import math
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from terminal.errors import UserError
from terminal.providers import cboe_parse
from tests.acceptance.test_option_chain import SATURDAY, keep
from tests.conftest import Clock
from tests.domain.options.test_recorded_chains import share

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.paths import Home

pytestmark = pytest.mark.real


@pytest.fixture
def live(home: Home) -> Iterator[Any]:
    from terminal.app import App

    opened = App(home, demo=False, clock=Clock(SATURDAY))
    yield opened
    opened.close()


def test_recorded_shares_are_planned_with_quotes_that_may_be_used(live: Any, shared: Path) -> None:
    found, values = 0, []
    for symbol in ("AAPL", "F"):
        keep(live, share(shared, symbol), "yahoo", symbol)
        for bias in ("bullish", "bearish", "neutral", "volatile"):
            try:
                table = live.run("options.plan", {"symbol": symbol, "bias": bias, "dte": 45, "account": 100_000.0, "risk": "2%"},
                                 as_of=date(2026, 8, 22))  # fmt: skip
            except UserError as problem:
                assert "may be used" in str(problem) or "lives until" in str(problem)
                continue
            rows = json.loads(json.dumps(table.to_json(), allow_nan=False))["rows"]
            board = table.detail["case"].board
            for idea, row in zip(table.detail["ideas"], rows, strict=True):
                found += 1
                odds = idea.position.odds
                assert float(odds.weights @ odds.prices) == pytest.approx(odds.forward, rel=1e-3)
                values.append(row["expected"] / row["risk"])
                assert all(board.usable[at] and board.bid[at] > 0 for at in idea.position.rows)
                assert 0 <= row["chance"] <= 1 and row["sentence"] and row["contracts"] * row["risk"] <= 2_000 + 1e-6
    assert found >= 8
    assert abs(float(np.median(values))) < 0.05  # nobody gives money away


def test_a_recorded_index_is_planned_and_calculated(live: Any, shared: Path) -> None:
    body = (shared / "payloads" / "cboe" / "delayed_quotes_options__RUT_20230921_a.json").read_bytes()
    keep(live, cboe_parse.parse_chain(body, "^RUT", "_RUT").contracts, "cboe", "^RUT")
    day = date(2023, 9, 21)
    wanted = {"symbol": "RUT", "bias": "neutral", "dte": 30, "account": 500_000.0, "risk": "2%"}
    table = live.run("options.plan", wanted, as_of=day)
    rows = table.rows()
    assert table.detail["plan"].tried > 3_000 and rows
    condor = next(row for row in rows if row["structure"] == "iron_condor")
    figures = {each["key"]: each["value"] for each in
               live.run("options.calc", {"symbol": "^RUT", "legs": condor["legs"]}, as_of=day).rows()}  # fmt: skip
    assert figures["cost"] == pytest.approx(condor["cost"]) and figures["max_loss"] == pytest.approx(condor["max_loss"])
    assert math.isclose(figures["buying_power_margin"], condor["buying_power"], rel_tol=1e-9)
