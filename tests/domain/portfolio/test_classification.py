"""Classes of holdings: from what the market says, from a fund's name, and from what the user says."""

from __future__ import annotations

from typing import Any

import pytest

from terminal.domain.portfolio.classification import Classes, Labels, classify


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (("stock", "stock", "Aaa", "Energy", "United States"), ("stocks", "Energy", "United States")),
        (("stock", "stock", "Reit", "Real Estate", "US"), ("stocks", "Real Estate", "United States")),
        (("etf", "etf", "Real Estate Select Fund", None, "US"), ("real estate", "Funds", "United States")),
        (("stock", None, None, None, None), ("stocks", None, None)),
        (("stock", "etf", "Broad Market Proxy", None, "US"), ("stocks", "Funds", "United States")),
        (("etf", "etf", "Gold Trust", None, "US"), ("commodities", "Funds", "United States")),
        (("etf", "etf", "Gold Miners ETF", None, "US"), ("stocks", "Funds", "United States")),
        (("etf", "etf", "Emerging Markets Stock", None, "US"), ("stocks", "Funds", "Emerging markets")),
        (("etf", "etf", "Total International Stock ex-US", None, "US"), ("stocks", "Funds", "Outside the United States")),
        (("etf", None, None, None, None), (None, "Funds", None)),
        (("stock", "bond_etf", "Treasury 20+", None, "US"), ("bonds", "Bonds", "United States")),
        (("crypto", None, None, None, None), ("crypto", "Crypto", "Worldwide")),
        (("option", "stock", "Aaa", "Energy", "DE"), ("options", "Energy", "Europe")),
        (("option", None, None, None, None), ("options", None, None)),
        (("stock", "index", "Index", None, None), ("stocks", None, None)),
    ],
)
def test_what_a_thing_is(told: Any, expected: Any) -> None:
    instrument, kind, name, sector, country = told
    assert classify(instrument, kind, name, sector, country, Labels()) == Classes(*expected)


def test_what_the_user_says_wins() -> None:
    said = Labels(("core",), "bonds", "Own sector", "Japan")
    assert classify("stock", "stock", "Aaa", "Energy", "US", said) == Classes("bonds", "Own sector", "Japan", ("core",))
