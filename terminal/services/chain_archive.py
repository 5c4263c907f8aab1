"""Takes every option chain that lands in the market over into the archive, measures its volatility, and keeps both small.

It holds no list of its own: what the market has and the archive has not is taken, so that whatever was cut short is done the
next time. No failure here is one of the request that brought the chain; it is said once, as a notice.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import log1p
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain.sessions import NEW_YORK
from terminal.errors import Cancelled, StoreError, TerminalError, UserError
from terminal.store.flush import drop_chains

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from terminal.services.market import Market
    from terminal.store import Store

_log = logging.getLogger(__name__)
_BILLS, _NO_RATE = "DGS3MO", 0.04
_PATIENCE = 1.0  # seconds that closing waits
# What could not be measured the day it came is tried again for so many days.
_MEASURED_BACK = timedelta(days=7)
_HV_SESSIONS, _HV_DAYS = 20, timedelta(days=45)
KEEP_CHAINS, KEEP_MOMENTS = "options.chain_days", "options.moment_days"
KEEP_TRADES, KEEP_RAW, KEEP_RAW_BYTES = "options.trade_days", "options.raw_days", "options.raw_megabytes"
DEFAULTS = {KEEP_CHAINS: 5, KEEP_MOMENTS: 5, KEEP_TRADES: 90, KEEP_RAW: 14, KEEP_RAW_BYTES: 500}


@dataclass(frozen=True, slots=True)
class Taken:
    """One snapshot taken over; `problem` says why it was not."""

    symbol: str
    at: datetime
    contracts: int
    problem: str = ""


class ChainArchive:
    """Brings the archive up to what the market holds.

    `market()` gives closes; `setting(key)` is a setting's value; `say(topic, payload)` publishes; `start` runs a function
    in a thread of its own, one at a time, as long as there is something to do.
    """

    def __init__(self, store: Store, market: Callable[[], Market], *, clock: Callable[[], datetime], demo: bool,
                 setting: Callable[[str], Any], say: Callable[[str, Mapping[str, Any]], object],
                 start: Callable[[Callable[[], None]], threading.Thread | None] | None = None) -> None:
        self._store, self._market, self._clock, self._demo = store, market, clock, demo
        self._setting, self._say, self._start = setting, say, start or _start
        self._thread: threading.Thread | None = None
        self._guard, self._alone = threading.Lock(), threading.Lock()
        self._due = self._working = self._closed = False
        self._told = ""
        self._tried: set[tuple[str, datetime]] = set()
        self._pruned: date | None = None

    def landed(self, payload: Mapping[str, Any]) -> None:
        """Chains have come into the market: they are taken over in a thread of its own. For any thread."""
        if "chains" not in payload.get("datasets", ()) or self._closed:
            return
        with self._guard:
            self._due = True
            if not self._working:
                self._working = True
                self._thread = self._start(self._work)

    def take(self, tick: Callable[[str], object] = lambda _symbol: None) -> list[Taken]:
        """Take over everything the archive lacks, measure it and give up what is due; `tick` hears of each symbol, may raise."""
        with self._alone:
            taken = []
            for symbol, at in self._pending():
                self._go_on(symbol, tick)
                taken.append(self._take(symbol, at))
            self._measure(tick)
            self._prune()
        fresh = sorted({each.symbol for each in taken if not each.problem})
        if fresh:
            self._say("archive.changed", {"symbols": fresh, "demo": self._demo})
        return taken

    def close(self) -> None:
        """The files are about to be closed: what is under way stops after the snapshot it is at; the next start goes on."""
        self._closed = True
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_PATIENCE)

    # inner

    def _work(self) -> None:
        while True:
            with self._guard:
                if not self._due or self._closed:
                    self._working = False
                    return
                self._due = False
            self._take_and_tell()

    def _take_and_tell(self) -> None:
        try:
            problem = next((each.problem for each in self.take() if each.problem), "")
        except Cancelled:
            return
        except TerminalError as error:
            if self._closed:
                return
            problem = error.sentence()
        except Exception as error:
            _log.exception("Chains could not be archived")
            problem = f"{type(error).__name__}: {error}"
        if problem and problem != self._told:
            text = f"Option chains are fetched but not archived: {problem}"
            self._say("notice.posted", {"text": text, "level": "warning", "demo": self._demo, "panel": "", "symbol": ""})
        self._told = problem

    def _go_on(self, symbol: str, tick: Callable[[str], object]) -> None:
        if self._closed:
            raise Cancelled
        tick(symbol)

    def _pending(self) -> list[tuple[str, datetime]]:
        """Symbol and moment of each snapshot of the market that the archive has not, or not in full, oldest first."""
        held = self._store.market.database.read(
            'select symbol, "at", count(*)::bigint as contracts from chains group by all')
        if held.is_empty():
            return []
        oldest = held.sort("at")["at"][0]
        there = self._store.archive.snapshots(since=oldest).select("symbol", "at", pl.col("contracts").alias("archived"))
        lacking = held.join(there, on=["symbol", "at"], how="left").filter(
            pl.col("archived").is_null() | (pl.col("contracts") > pl.col("archived")))
        return list(lacking.sort("at", "symbol").select("symbol", "at").iter_rows())

    def _take(self, symbol: str, at: datetime) -> Taken:
        market, archive = self._store.market, self._store.archive
        try:
            frame = market.read("chains", [symbol], start=at, end=at)
            sources = market.sources(frame["fetch_id"].unique().to_list())
            saved = archive.save_chain(frame.drop("known_at"), sources)
        except Cancelled:
            raise
        except (StoreError, ValueError) as error:
            if self._closed:
                raise Cancelled from error
            _log.warning("The chain of %s at %s could not be archived: %s", symbol, at, error)
            return Taken(symbol, at, 0, error.sentence() if isinstance(error, TerminalError) else str(error))
        return Taken(symbol, at, saved.contracts)

    def _measure(self, tick: Callable[[str], object]) -> None:
        """Volatilities of the newest archived days that have none of their last snapshot yet."""
        if not self._store.archive_path.exists():
            return
        since = self._clock().astimezone(NEW_YORK).date() - _MEASURED_BACK
        for symbol, day, at in self._store.archive.unmeasured(since):
            if (symbol, at) in self._tried:
                continue
            self._go_on(symbol, tick)
            self._tried.add((symbol, at))
            try:
                row = self._volatility(symbol, day)
            except TerminalError:
                raise
            except Exception:  # a chain nobody has seen the like of must not keep the others from being measured
                _log.exception("The volatility of %s on %s cannot be measured", symbol, day)
                continue
            if row is not None:
                self._store.archive.save_volatility(row)

    def _volatility(self, symbol: str, day: date) -> pl.DataFrame | None:
        from terminal.domain.options.pricing import price_chain
        from terminal.domain.volatility import measure
        from terminal.store.archive_tables import VOLATILITY

        chain = self._store.archive.chain(symbol, day)
        if chain["underlying_price"].drop_nulls().is_empty():
            return None
        rate = self._rate(day)
        priced = price_chain(chain, rate=lambda _years: rate)
        found = measure(priced, hv20=self._realised(symbol, day))
        row = {"symbol": symbol, "day": day, "at": priced.at, "spot": priced.spot, "source": "own", **found}
        return pl.DataFrame([{name: row.get(name) for name in VOLATILITY}], schema=VOLATILITY)

    def _realised(self, symbol: str, day: date) -> float | None:
        """Volatility of the closes of the last 20 sessions; None where they are not all known."""
        from terminal.domain.volatility import realised

        bars = self._market().bars([symbol], day - _HV_DAYS, day, as_of=day, columns=("symbol", "date", "close"))
        found = realised({"close": bars["close"].cast(pl.Float64).fill_null(float("nan")).to_numpy()}, _HV_SESSIONS)
        return float(found[-1]) if len(found) and found[-1] == found[-1] else None

    def _rate(self, day: date) -> float:
        """A continuous rate for a few months; one that hardly matters, because forwards come from parity."""
        stored = self._store.market.read("macro", [_BILLS], as_of=day, latest=True).drop_nulls("value")
        return _NO_RATE if stored.is_empty() else log1p(float(stored.sort("date")["value"][-1]) / 100)

    def _prune(self) -> None:
        """Once a day: what the market need not hold any longer, and what the archive keeps for a while only."""
        today = self._clock().astimezone(NEW_YORK).date()
        if self._pruned == today or not self._store.archive_path.exists():
            return
        self._pruned = today
        self.prune()

    def prune(self) -> tuple[int, int, int, int]:
        """Give up what the settings say: rows of the market, of earlier snapshots, prints, raw messages."""
        archive = self._store.archive
        before = self._clock() - timedelta(days=self._kept(KEEP_CHAINS))
        gone = drop_chains(self._store.market, before, archive.snapshots().select("symbol", "at", "contracts"))
        pruned = archive.prune(moments=self._kept(KEEP_MOMENTS), trades=self._kept(KEEP_TRADES), raw=self._kept(KEEP_RAW),
                               raw_bytes=self._kept(KEEP_RAW_BYTES) * 1_000_000)
        return gone, pruned.moments, pruned.trades, pruned.raw

    def _kept(self, key: str) -> int:
        try:
            return int(self._setting(key))
        except UserError:  # the plugin that declares it is set aside
            return DEFAULTS[key]


def _start(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, name="chain-archive", daemon=True)
    thread.start()
    return thread


def newest_chain(store: Store, symbol: str, as_of: date | None) -> pl.DataFrame:
    """CHAINS with `fetch_id` of the newest snapshot known as of a day: the market's, or the archive's where that is newer.

    A damaged archive is passed over here; whoever asks for the archive itself is told.
    """
    market = store.market
    at = market.newest("chains", symbol, as_of)
    wanted = as_of is not None and (at is None or at.astimezone(NEW_YORK).date() < as_of)
    if (at is None or wanted) and store.archive_path.exists():
        try:
            if symbol in store.archive.symbols():
                archived = store.archive.chain(symbol, as_of)
                if archived.height and (at is None or archived["at"][0] > at):
                    return archived.with_columns(pl.col("at").alias("known_at"))
        except StoreError as error:
            _log.warning("The archive cannot be read: %s", error.sentence())
    frame = market.read("chains", [symbol], start=at, as_of=as_of, latest=True)
    return frame.sort("expiry", "strike", "right")
