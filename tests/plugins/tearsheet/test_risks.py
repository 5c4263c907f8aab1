"""Risks by hand, and their order."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from plugins.tearsheet.risks import rank_risks, report_move

DAY = date(2026, 11, 20)


def by_id(**row: object) -> dict:
    return {
        risk.id: risk
        for risk in rank_risks(
            {"kind": "stock", "currency": "USD", **row}, 0.08, {"net_debt_ebitda": 3.5, "interest_coverage": 3.0}
        )
    }


def test_amounts_by_hand() -> None:
    assert by_id(max_drawdown_5y=-0.38)["drawdown"].newbie.replace("\u202f", " ") == (
        "At worst within five years $10 000 became $6 200."
    )
    assert by_id(volatility_1y=0.24)["month"].impact == pytest.approx(1.645 * 0.24 / 12**0.5)
    assert by_id(beta=1.5)["market"].impact == pytest.approx(0.3)
    assert by_id(pe_ttm=25.0, pe_median_5y=20.0)["stretch"].impact == pytest.approx(0.2)
    assert by_id(share_count_change_1y=0.25)["dilution"].impact == pytest.approx(0.2)
    # enterprise value twice the market cap: a 10 % fall of the business takes 20 % of the shares, 10 points by debt
    assert by_id(net_debt_ebitda=4.0, enterprise_value=200.0, market_cap=100.0)["leverage"].impact == pytest.approx(0.1)
    assert by_id(days_to_earnings=6)["report"].impact == 0.08
    assert by_id(kind="bond", duration=7.0)["rates"].impact == pytest.approx(0.07)


def test_no_risk_is_made_up() -> None:
    assert set(by_id()) == {"concentration"}
    assert by_id()["concentration"].impact is None
    assert rank_risks({"kind": "etf"}, None, {}) == []
    quiet = by_id(pe_ttm=15.0, pe_median_5y=20.0, share_count_change_1y=-0.02, days_to_earnings=60, net_debt_ebitda=-1.0)
    assert set(quiet) == {"concentration"}


def test_heaviest_first_and_unknown_last() -> None:
    found = rank_risks(
        {"kind": "stock", "max_drawdown_5y": -0.3, "beta": 1.0, "volatility_1y": 0.2, "days_to_earnings": 3}, None, {}
    )
    assert [risk.id for risk in found] == ["drawdown", "market", "month", "concentration", "report"]
    assert [risk.level for risk in found] == ["high", "high", "medium", "unknown", "unknown"]


def test_reaction_to_reports_by_hand() -> None:
    days = [DAY - timedelta(days=at) for at in range(9, -1, -1)]
    close = [100.0, 110, 110, 99, 99, 99, 120, 120, 120, 120]
    bars = pl.DataFrame({"symbol": "A", "date": days, "close": [float(each) for each in close]})
    reports = pl.DataFrame(
        {"symbol": "A", "date": [days[1], days[2], days[6]], "time_of_day": ["bmo", "amc", None], "eps_actual": [1.0, 1.0, 1.0]}
    )
    # before the open of day 1: +10 %; after the close of day 2: -10 %; unknown on day 6: over both, 120 / 99
    move, count = report_move(bars, reports, DAY)
    assert count == 3
    assert move == pytest.approx(0.1)
    assert report_move(bars, reports.head(2), DAY) == (None, 2)
