"""The sentence above a shock: what happens, what it costs, and who it comes from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plugins.portfolio.whatif.words import sentence
from terminal.domain.whatif.book import Scenes
from terminal.domain.whatif.scenes import Effect
from terminal.domain.whatif.shocks import parse


def told(shock: str, *gains: tuple[str, float | None], worth: float = 100_000.0, vix: float | None = 40.0) -> str:
    rows: list[dict[str, Any]] = [{"symbol": symbol, "name": symbol, "gain": gain, "volatility": None} for symbol, gain in gains]
    known = [gain for _, gain in gains if gain is not None]
    rows.append({"symbol": "Everything", "gain": sum(known), "gain_share": sum(known) / worth if known else None})
    nothing = Scenes(*(np.zeros(1) for _ in range(5)))
    return sentence(parse(shock), Effect(nothing, (), (18.0, vix), 0.0), rows if gains else [], "USD")


@pytest.mark.parametrize(("shock", "gains", "says"), [
    ("SPY -10%", [("NVDA", -1800.0), ("KO", -520.0)],
     "If the market fell 10 %, you would lose about $2\u202f300 (2.3 % of everything); most of it from NVDA."),
    ("SPY -10%, VIX 40", [("A", -300.0), ("B", -310.0), ("C", -320.0)],
     "If the market fell 10 % and VIX stood at 40, you would lose about $930 (0.9 % of everything); the largest part (34 %) "
     "from C."),
    ("rates +200bp", [("BND", -1400.0), ("AAPL", 0.0)],
     "If interest rates rose by 2 points, you would lose about $1\u202f400 (1.4 % of everything); most of it from BND."),
    ("NVDA to 150, 30 days", [("NVDA", 0.0)],
     "If NVDA stood at 150.00 and 30 days passed, you would neither make nor lose anything."),
    ("2008", [("A", -40_000.0)], "If Lehman 2008 came again, you would lose about $40\u202f000 (40.0 % of everything)."),
    ("SPY -10%", [("PUT", 5100.0), ("SPY", -5040.0)],
     "If the market fell 10 %, you would hardly make anything, about $60: PUT would make about $5\u202f100, SPY lose about "
     "$5\u202f000, and much cancels out."),
    ("SPY -10%", [("PUT", 2000.0), ("SPY", -5000.0)],
     "If the market fell 10 %, you would lose about $3\u202f000 (3.0 % of everything); most of it from SPY, while PUT makes "
     "about $2\u202f000."),
    ("SPY -10%", [("A", -1000.0), ("B", None)],
     "If the market fell 10 %, you would lose about $1\u202f000 (1.0 % of everything); 1 of 2 positions are not known."),
    ("SPY -10%", [("B", None)], "What you would make or lose is not known: see what is missing."),
    ("SPY -10%", [], "You hold nothing, so nothing would change."),
])  # fmt: skip
def test_what_is_said(shock: str, gains: list[tuple[str, float | None]], says: str) -> None:
    assert told(shock, *gains) == says
