"""The rules over a broad market: a few Strong Buys, some to avoid, hardly anything unknown."""

from __future__ import annotations

import polars as pl


def test_verdicts_of_the_demo_market_are_plausibly_spread(app) -> None:
    stocks = app.market.scored().frame.filter(pl.col("kind") == "stock")
    share = {row["verdict"]: row["len"] / stocks.height for row in stocks.group_by("verdict").len().to_dicts()}
    assert 0.02 <= share["Strong Buy"] <= 0.10
    assert 0.10 <= share["Buy"] <= 0.35
    assert 0.10 <= share["Avoid"] <= 0.35
    assert share.get("Unknown", 0.0) <= 0.10
    best = stocks.group_by("sector").agg((pl.col("verdict").is_in(["Strong Buy", "Buy"])).mean().alias("share"))
    assert best.filter(pl.col("share") > 0.7).is_empty(), "no sector is good as a whole"
    others = app.market.scored().frame.filter(pl.col("kind") != "stock")
    assert (others["verdict"] == "Unknown").mean() <= 0.1
    assert others["verdict"].n_unique() >= 4
