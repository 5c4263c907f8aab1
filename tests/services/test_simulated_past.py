"""The demo market's archive: made once however many ask at once, and a session longer the next evening."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import Clock

if TYPE_CHECKING:
    from terminal.paths import Home


@pytest.mark.slow
def test_it_is_made_once_and_grows_by_a_session(demo_home: Home) -> None:
    from terminal.app import App

    clock = Clock()
    app = App(demo_home, demo=True, clock=clock)
    try:
        context = app.context()
        with ThreadPoolExecutor(3) as pool:
            made = list(pool.map(lambda _: app.market.simulate_past(["IWM"], context), range(3)))
        assert sorted(made) == [0, 0, 36]
        archive = app.store.archive
        days = archive.days("IWM")["day"].to_list()
        assert (len(days), days[-1]) == (36, date(2026, 11, 20))
        (number,) = archive.chain("IWM", days[5])["fetch_id"].unique().to_list()
        source = archive.sources([number])[number]
        assert source.simulated
        assert source.as_of is not None
        assert source.as_of.date() == days[5]
        # Open interest moves by no more than was traded, in the archive as well.
        chain, following = archive.chain("IWM", days[5]), archive.chain("IWM", days[6])
        both = chain.join(following, on="contract", suffix="_next")
        assert ((both["open_interest_next"] - both["open_interest"]).abs() <= both["volume"]).all()
        assert app.market.simulate_past(["NOSUCH"], context) == 0
        clock.now = datetime(2026, 11, 23, 22, tzinfo=UTC)
        assert app.market.simulate_past(["IWM"], context) == 1
        assert archive.days("IWM")["day"].to_list() == [*days, date(2026, 11, 23)]
        volatility: Any = archive.volatility(["IWM"])["day"].max()
        assert volatility == date(2026, 11, 23)
    finally:
        app.close()


def test_a_chain_that_was_looked_at_first_does_not_stand_for_the_past(app: Any) -> None:
    app.run("options.chain", {"symbol": "SPY"})
    app.chain_archive.take()  # what its own thread would do by and by
    assert app.store.archive.volatility(["SPY"]).height == 1
    (row,) = app.run("options.iv", {"symbols": ["SPY"]}).rows()
    assert row["observed"] == 252
    (other,) = app.run("options.iv", {"symbols": ["QQQ"]}).rows()
    assert other["observed"] == 252


def test_a_real_market_has_no_simulated_past(home: Home, clock: Any) -> None:
    from terminal.app import App

    app = App(home, demo=False, clock=clock)
    try:
        assert app.market.simulate_past(None, app.context()) == 0
    finally:
        app.close()
