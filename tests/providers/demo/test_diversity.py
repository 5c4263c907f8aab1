"""The demo market shows every kind of company: each shipped screen finds some, valuations spread as they do in life."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from terminal.domain import rules, scoring
from terminal.domain.features import Inputs, features
from terminal.domain.regime import regime
from terminal.domain.schemas import QUOTES
from terminal.services.scored import score

if TYPE_CHECKING:
    from collections.abc import Mapping

END = date(2026, 11, 20)
ROOT = Path(__file__).parents[3]
PRESETS = tomllib.loads(ROOT.joinpath("plugins", "screener", "presets.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def scored(seeded: Mapping[str, list[pl.DataFrame]]) -> pl.DataFrame:
    first = {name: frames[0].with_columns(pl.lit(1, dtype=pl.Int64).alias("fetch_id")) for name, frames in seeded.items()}
    first["facts"] = first["facts"].with_columns(pl.col("filed_at").alias("known_at"))
    empty = pl.DataFrame(schema={**QUOTES.columns, "fetch_id": pl.Int64})
    names = ("instruments", "bars", "facts", "dividends", "splits", "earnings")
    found = features(Inputs(**{name: first[name] for name in names}, quotes=empty, benchmark="SPY"), END)
    return score(found, scoring.load(ROOT / "data" / "scoring"), regime(first["bars"], None)).frame


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_finds_some_and_not_all(scored: pl.DataFrame, seeded: Mapping[str, list[pl.DataFrame]], preset: str) -> None:
    text = PRESETS[preset]["rule"]
    if not text:
        return
    hits = scored.filter(rules.parse(text).evaluate(scored, bars=seeded["bars"][0], as_of=END))
    assert 2 <= hits.height <= 300


def test_valuations_spread(scored: pl.DataFrame) -> None:
    stocks = scored.filter(pl.col("kind") == "stock")
    pe = stocks["pe_ttm"].drop_nulls()
    assert pe.quantile(0.05) < 13
    assert 15 < pe.median() < 30
    assert pe.quantile(0.95) > 45
    assert 0.02 < stocks["pe_ttm"].null_count() / 500 < 0.2  # losses
    assert stocks["pe_median_5y"].null_count() < 50
    by_sector = dict(stocks.group_by("sector").agg(pl.col("pe_ttm").median()).iter_rows())
    assert by_sector["Information Technology"] > 1.4 * by_sector["Financials"]
    assert 0.2 < stocks["roe"].quantile(0.8) < 0.4
    assert stocks["beta"].quantile(0.1) < 0.6
    assert stocks["beta"].quantile(0.9) > 1.1


def test_all_verdicts_occur(scored: pl.DataFrame) -> None:
    share = dict(scored.filter(pl.col("kind") == "stock").group_by("verdict").agg(pl.len() / 500).iter_rows())
    assert set(share) >= {"Strong Buy", "Buy", "Hold", "Avoid"}
    assert max(share.values()) < 0.7
