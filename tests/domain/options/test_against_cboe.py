"""Implied volatility and Greeks of a real chain of European options (RUT) against those the exchange states."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from terminal.domain.options import greeks, implied_volatility

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2023, 9, 21)


@pytest.mark.real
def test_volatility_and_greeks_are_those_of_the_exchange(shared: Path) -> None:
    told = json.loads((shared / "payloads" / "cboe" / "delayed_quotes_options__RUT_20230921_a.json").read_text())["data"]
    spot = told["current_price"]
    by_expiry: dict[str, dict[float, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    for one in told["options"]:
        match = re.fullmatch(r"(RUTW?)(\d{6})([CP])(\d{8})", one["option"])
        assert match is not None
        by_expiry[match[1] + match[2]][int(match[4]) / 1000][match[3]] = one
    compared = 0
    for name, strikes in by_expiry.items():
        text = name[-6:]
        years = (date(2000 + int(text[:2]), int(text[2:4]), int(text[4:])) - DAY).days / 365
        near = [strike for strike, both in sorted(strikes.items()) if len(both) == 2 and abs(strike / spot - 1) < 0.1]
        if years < 0.25 or len(near) < 5:
            continue

        def read(field: str, near: list[float] = near, strikes: Any = strikes) -> Any:
            return np.array([[strikes[strike][side][field] for strike in near] for side in "CP"])

        theory, strike = read("theo"), np.array(near)
        # Parity over the strikes gives rate and yield: C - P = spot e^(-q t) - strike e^(-r t).
        slope, start = np.polyfit(strike, theory[0] - theory[1], 1)
        terms: dict[str, Any] = {
            "spot": spot, "strike": strike, "years": years, "rate": -np.log(-slope) / years,
            "dividend": -np.log(start / spot) / years, "call": np.array([[True], [False]]),
        }  # fmt: skip
        assert 0.04 < terms["rate"] < 0.06 and 0.005 < terms["dividend"] < 0.02
        theirs = read("iv")
        assert np.median(np.abs(implied_volatility(theory, **terms) - theirs)) < 0.002
        ours = greeks(volatility=theirs, **terms)
        assert np.abs(ours.delta - read("delta")).max() < 0.03
        assert np.abs(ours.vega / 100 / read("vega") - 1).max() < 0.06
        compared += theory.size
    assert compared > 300
