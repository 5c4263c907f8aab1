"""Same seed and end, same bytes, in any process; a later end leaves the past as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from terminal.errors import UserError
from terminal.providers.demo import points, statements
from terminal.providers.demo.events import earnings, headlines
from terminal.providers.demo.listing import Listing
from terminal.providers.demo.world import generate

if TYPE_CHECKING:
    from terminal.providers.demo.world import World

SCRIPT = """
import hashlib, io
from datetime import UTC, datetime
from terminal.providers.base import Request
from terminal.providers.demo import DemoProvider
found = hashlib.sha256()
def save(dataset, frame, fetch):
    buffer = io.BytesIO()
    frame.write_ipc(buffer)
    found.update(dataset.encode() + buffer.getvalue())
provider = DemoProvider(lambda: datetime(2026, 11, 20, 22, tzinfo=UTC))
provider.seed(save)
for dataset in ("minute_bars", "chains", "quotes"):
    for answer in provider.fetch(Request(dataset, ("SPY", "IWM"))):
        save(dataset, answer.frame, None)
"""


def test_two_processes_make_the_same_bytes() -> None:
    """Arrow IPC of everything the first start saves, and of what is made on request."""
    mine: dict[str, Any] = {}
    exec(SCRIPT, mine)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT + "print(found.hexdigest())"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONHASHSEED": "2"},
    )
    assert len(done.stdout.strip()) == 64
    assert done.stdout.strip() == mine["found"].hexdigest()


@pytest.fixture(scope="module")
def later() -> World:
    """Nine sessions on, over the turn of a month and a half day."""
    return generate(date(2026, 12, 4))


def test_prices_of_the_past_stay(world: World, later: World) -> None:
    count = len(world.days)
    assert later.days[:count] == world.days
    assert len(later.days) == count + 9
    for name in ("open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(world.stocks, name), getattr(later.stocks, name)[:count]), name
        for mine, theirs in zip(world.listed, later.listed, strict=True):
            assert np.array_equal(getattr(mine.prices, name), getattr(theirs.prices, name)[:count]), name
    assert world.plants == tuple(each for each in later.plants if each.first < count)
    assert set(world.splits) <= set(later.splits)


def test_frames_of_the_past_stay(listing: Listing, later: World) -> None:
    after = Listing(later, len(later.days))
    unsplit = [
        symbol
        for symbol, mine, theirs in zip(listing.symbols, listing.split_total, after.split_total, strict=True)
        if mine == theirs
    ]
    assert len(unsplit) > 500
    old, new = listing.bars(), after.bars()
    both = old.join(new, on=["symbol", "date"], suffix="_new").filter(pl.col("symbol").is_in(unsplit))
    assert both.height > 650_000
    assert both.filter(
        pl.any_horizontal(pl.col(name) != pl.col(f"{name}_new") for name in ("open", "high", "low", "close", "volume"))
    ).is_empty()
    for make, keys in (
        (statements.quarterly, ["symbol", "item", "period_end"]),
        (statements.restatements, ["symbol", "item", "period_end"]),
        (headlines, ["symbol", "at", "title"]),
    ):
        old, new = make(listing), make(after)
        start = new["period_end"].min() if "period_end" in new.columns else new["at"].min()
        column = "period_end" if "period_end" in new.columns else "at"
        kept = old.filter(pl.col(column) >= start + timedelta(days=2))  # the window's first day is cut to the hour
        assert kept.height > 900
        assert kept.join(
            new, on=[*keys, *(name for name in old.columns if name not in keys)], how="anti", nulls_equal=True
        ).is_empty()
    monthly = points.points(listing).filter(pl.col("period_end") < listing.end)
    assert (
        monthly.join(points.points(after), on=["symbol", "item", "period_end", "value"], how="anti")
        .filter(pl.col("period_end") > date(2026, 5, 31))
        .is_empty()
    )


def test_announced_reports_keep_their_day(listing: Listing, later: World) -> None:
    old, new = earnings(listing), earnings(Listing(later, len(later.days)))
    coming = old.filter(pl.col("eps_actual").is_null() & pl.col("revenue_actual").is_null())
    assert coming["symbol"].n_unique() == coming.height == 500
    assert (coming["date"] > listing.end).all()
    assert coming.join(new, on=["symbol", "date", "period_end", "eps_estimate"], how="anti", nulls_equal=True).is_empty()


def test_another_seed_is_another_market(world: World) -> None:
    other = generate(date(2022, 6, 30), seed=7)
    assert other.recipe.companies == world.recipe.companies
    assert not np.array_equal(other.stocks.close, world.stocks.close[: len(other.days)])


def test_too_early_an_end_is_told() -> None:
    with pytest.raises(UserError, match="cannot end on 2021-06-30"):
        generate(date(2021, 6, 30))
