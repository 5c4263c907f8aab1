"""The demo market's archive: what somebody who archived chains every evening would have by now. Never in a real home."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from terminal.api import Source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from terminal.api import Context
    from terminal.providers.demo.chains import Options

# Two panels that ask at once must not both make it.
_one_at_a_time = threading.Lock()


def market(ctx: Context) -> Options:
    """The simulated option market up to the newest finished session."""
    from terminal.providers.demo import DemoProvider

    return DemoProvider(ctx.now, keep=ctx.home.cache(True)).options()


def fill(ctx: Context, symbols: Sequence[str] | None = ()) -> int:
    """Bring the demo's archive up to the newest session; how many snapshots came. Nothing happens outside the demo market.

    Volatilities of all symbols that are archived (a tenth of a second), and past chains of `symbols` among them (a second
    each the first time; None: of all). What is there already is not made again.
    """
    if not ctx.demo:
        return 0
    with _one_at_a_time:
        newest = ctx.market.calendar.last_session(ctx.now())
        # A chain that somebody looked at is measured, too: a row of the newest day alone does not mean that the past is there.
        lately = ctx.store.archive.volatility(start=newest - timedelta(days=10))
        there = lately.filter(lately["day"] == newest)["symbol"].to_list()
        days = lately.filter(lately["day"] < newest)["symbol"].value_counts()
        known = set(days.filter(days["count"] >= 5)["symbol"])
        wanted = there if symbols is None else [symbol for symbol in symbols if symbol in there]
        whole = known and known <= set(there) and all(_whole(ctx, symbol, newest) for symbol in wanted)
        return 0 if whole else _fill(ctx, symbols)


def _whole(ctx: Context, symbol: str, newest: date) -> bool:
    from terminal.providers.demo.option_history import CHAIN_SESSIONS

    days = ctx.store.archive.days(symbol)["day"]
    return len(days) >= CHAIN_SESSIONS and days[-1] >= newest


def _fill(ctx: Context, symbols: Sequence[str] | None) -> int:
    from terminal.providers.demo import option_history

    made = market(ctx)
    archive, newest, count = ctx.store.archive, made.tape.days[-1], 0
    archive.save_volatility(option_history.volatilities(made))
    known = option_history.archived(made)
    wanted = [symbol for symbol in known if symbols is None or symbol in symbols]
    for position, symbol in enumerate(wanted):
        ctx.progress(position / len(wanted), f"simulating past chains of {symbol}")
        missing = set(option_history.sessions(made)) - set(archive.days(symbol)["day"])
        if missing:
            source = Source("demo", "simulated chains", made.calendar.session_close(newest), ctx.now(), simulated=True)
            count += archive.save_chain(option_history.past_chains(made, symbol, missing), source).snapshots
    return count
