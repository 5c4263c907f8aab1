"""The demo market's archive: what somebody who archived chains every evening would have by now. Made when it is first needed."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.sourced import Source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from terminal.api import Context
    from terminal.domain.sessions import Calendar
    from terminal.providers.demo import DemoProvider
    from terminal.store import Store

_ASKED = timedelta(minutes=20)
_LATELY = timedelta(days=10)


class SimulatedPast:
    """Fills the archive of one demo market. Safe from several threads: two panels that ask at once do not both make it."""

    def __init__(self, store: Store, provider: DemoProvider, calendar: Calendar) -> None:
        self._store, self._provider, self._calendar = store, provider, calendar
        self._lock = threading.Lock()

    def fill(self, symbols: Sequence[str] | None, ctx: Context) -> int:
        """Bring the archive up to the newest session; how many snapshots came.

        Volatilities of all symbols that are archived (a tenth of a second), and past chains of `symbols` among them (half a
        second each the first time; None: of all). What is there already is not made again.
        """
        with self._lock:
            newest = self._calendar.last_session(ctx.now())
            there, measured = self._measured(newest)
            wanted = there if symbols is None else [symbol for symbol in symbols if symbol in there]
            if measured and all(self._whole(symbol, newest) for symbol in wanted):
                return 0
            return self._fill(symbols, ctx, measured)

    def _measured(self, newest: date) -> tuple[list[str], bool]:
        """Whose volatility is known of the newest session, and whether that is all whose past is there: a chain that was only
        looked at is measured on that day alone, and the market may have moved on since the past was made."""
        recent = self._store.archive.volatility(start=newest - _LATELY)
        now = recent.filter(pl.col("day") == newest)["symbol"].to_list()
        before = set(recent.filter(pl.col("day") < newest)["symbol"])
        return now, bool(before) and before <= set(now)

    def _whole(self, symbol: str, newest: date) -> bool:
        from terminal.providers.demo.option_history import CHAIN_SESSIONS

        days = self._store.archive.days(symbol)["day"]
        return len(days) >= CHAIN_SESSIONS and days[-1] >= newest

    def _fill(self, symbols: Sequence[str] | None, ctx: Context, measured: bool) -> int:
        from terminal.providers.demo import option_history

        made = self._provider.options()
        archive, count = self._store.archive, 0
        if not measured:
            archive.save_volatility(option_history.volatilities(made))
        wanted = [symbol for symbol in option_history.archived(made) if symbols is None or symbol in symbols]
        for position, symbol in enumerate(wanted):
            ctx.progress(position / len(wanted), f"simulating past chains of {symbol}")
            missing = set(option_history.sessions(made)) - set(archive.days(symbol)["day"])
            if missing:
                chains = option_history.past_chains(made, symbol, missing)
                numbers = chains["at"].rank("dense").cast(pl.Int64)
                count += archive.save_chain(chains.with_columns(numbers.alias("fetch_id")), _sources(chains)).snapshots
        return count


def _sources(chains: pl.DataFrame) -> dict[int, Source]:
    """Where each session's chain is from, by its number: as if it had been asked for soon after the close."""
    moments = chains["at"].unique().sort().to_list()
    return {number + 1: Source("demo", "simulated chains", at, at + _ASKED, simulated=True) for number, at in enumerate(moments)}
