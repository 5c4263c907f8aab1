"""Live prices: Finnhub's trades of the symbols somebody looks at, stored as quotes every few seconds.

Whoever shows prices says which (`want`) and says so again while it shows them; when nobody does any more, the connection
ends. The trades since the last time become one quote a symbol, so that a busy market costs no more than a quiet one. Only
`prices.changed` is told of each; `market.changed`, for which whole panels are worked out anew, at most once a minute. When
the stream breaks, nothing has to be switched: the quotes grow old, and are asked from the data services as always.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from terminal.domain.sourced import TRADES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import polars as pl

    from terminal.domain.sessions import Calendar
    from terminal.providers.finnhub_stream import StreamState, Traded, TradeStream
    from terminal.store import Store

PROVIDER = "finnhub"
LEASE = timedelta(seconds=90)
BEAT = 0.5
# How often whole panels are told; a price alone is told at every storing.
TELL_EVERY = timedelta(minutes=1)
REFUSED_FOR = timedelta(minutes=10)
# A quote from a request may have come between two trades, and knows the day's range and volume better.
LOOK_UP_EVERY = timedelta(minutes=1)
CHOOSE_EVERY = timedelta(seconds=5)
# Of what is older than this one quote a minute is kept, of earlier days one in half an hour.
RECENT = timedelta(minutes=10)
THIN_EVERY = timedelta(hours=1)
_EXCHANGE = ZoneInfo("America/New_York")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """What live prices are doing. `phase`: live, connecting, waiting (to try again), refused, or why they rest.

    `symbols` are watched, `left_out` did not fit or are unknown there; `quotes` were stored since it began.
    """

    phase: str
    words: str
    symbols: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    traded_at: datetime | None = None
    quotes: int = 0
    connections: int = 0

    @property
    def rests(self) -> bool:
        """Whether nothing is listened to, on purpose."""
        return self.phase in RESTS


RESTS = {
    "demo": "The demo market has no trades to listen to.",
    "no window": "Live trades are listened to while a window is open.",
    "off": "Live trades are switched off (setting market.live_trades).",
    "stopped": "Live trades were stopped; `tapeline market stream` starts them again.",
    "paused": "Quotes are paused for what runs by itself, and live trades with them.",
    "needs key": "Live trades need a free key of Finnhub.",
    "closed": "The exchange is closed: there are no trades to listen to.",
    "nobody": "Nobody looks at prices, so no trades are listened to.",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides about live prices, read anew each time: the key, the address ("" Finnhub's own) and the settings.

    `paused`: the datasets that nothing may fetch by itself; `watched`: the symbols of the watchlists, which fill the room
    that is left; `seconds`: how often trades are stored, at least one second apart.
    """

    key: Callable[[], str | None]
    base_url: Callable[[], str] = lambda: ""
    enabled: Callable[[], bool] = lambda: True
    seconds: Callable[[], float] = lambda: 2.0
    paused: Callable[[], Iterable[str]] = tuple
    watched: Callable[[], Sequence[str]] = tuple
    limit: Callable[[], int] = lambda: 50


class LivePrices:
    """Live prices of one market. Thread safe; costs nothing, not even a thread, until somebody wants a price.

    `publish(topic, payload)` tells of new prices. `demo`: there are none.
    """

    def __init__(self, store: Store, terms: Terms, *, clock: Callable[[], datetime], calendar: Callable[[], Calendar],
                 publish: Callable[[str, Mapping[str, Any]], None], demo: bool = False, beat: float = BEAT,
                 make: Callable[..., TradeStream] | None = None) -> None:
        self._store, self._terms, self._clock, self._publish = store, terms, clock, publish
        self._make_calendar, self._beat, self._make, self._demo = calendar, beat, make, demo
        self._calendar: Calendar | None = None
        self._lock = threading.RLock()
        self._wanted: dict[str, tuple[tuple[str, ...], datetime]] = {}
        self._allowed = self._stopped = False
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._stream: TradeStream | None = None
        self._batch: dict[str, Traded] = {}
        self._bases: dict[str, dict[str, Any]] = {}
        self._quotes = 0
        self._refused: tuple[str, datetime] | None = None
        self._stored_at = self._told_at = self._thinned_at = datetime.min.replace(tzinfo=UTC)
        self._untold: set[str] = set()
        self._choice: tuple[list[tuple[str, ...]], datetime, tuple[str, ...]] | None = None

    # -- what others say -----------------------------------------------------------------------------------------

    def allow(self, on: bool) -> None:
        """Whether a window is there to show prices. `allow(False)` ends the connection."""
        with self._lock:
            self._allowed = on
        if on:
            self._wake()
        else:
            self._end()

    def want(self, who: str, symbols: Iterable[str], lasts: timedelta = LEASE) -> None:
        """`who` shows these prices for the next one and a half minutes; the first ones matter most. Replaces what it said."""
        with self._lock:
            self._wanted[who] = (tuple(dict.fromkeys(symbols)), self._clock() + lasts)
        self._wake()

    def stop(self) -> None:
        """End the connection until `go` is called; prices come from requests again."""
        with self._lock:
            self._stopped = True
        self._end()

    def go(self) -> None:
        """Listen again when there is something to listen to."""
        with self._lock:
            self._stopped, self._refused = False, None
        self._wake()

    def close(self) -> None:
        """The program ends: store what was heard, let go of the connection. Takes less than two seconds."""
        self.allow(False)

    def status(self) -> LiveStatus:
        """What is going on, in a word and in a sentence."""
        with self._lock:
            stream, quotes = self._stream, self._quotes
        rests = self._rests()
        if rests:
            return LiveStatus(rests, RESTS[rests], quotes=quotes)
        if stream is None:
            refused = self._refused
            why = refused[0] if refused else "Live trades are about to begin."
            return LiveStatus("refused" if refused else "connecting", why, self._symbols(), quotes=quotes)
        state = stream.state
        return LiveStatus(state.phase, _words(state), state.symbols, state.left_out, state.traded_at, quotes, state.connections)

    # -- what is to be done -------------------------------------------------------------------------------------

    def _rests(self) -> str:
        """Why nothing is to be listened to; "" when it is."""
        with self._lock:
            stopped, allowed = self._stopped, self._allowed
        checks: tuple[tuple[str, Callable[[], bool]], ...] = (
            ("demo", lambda: self._demo),
            ("no window", lambda: not allowed),
            ("off", lambda: not self._terms.enabled()),
            ("stopped", lambda: stopped),
            ("paused", lambda: "quotes" in set(self._terms.paused())),
            ("needs key", lambda: not self._terms.key()),
            ("nobody", lambda: not self._leases()),
            ("closed", lambda: not self._is_open()),
        )
        return next((reason for reason, holds in checks if holds()), "")

    def _is_open(self) -> bool:
        if self._calendar is None:
            self._calendar = self._make_calendar()
        return self._calendar.is_open(self._clock())

    def _leases(self) -> list[tuple[str, ...]]:
        """What is shown now, the most recently asked first; what has run out is forgotten."""
        now = self._clock()
        with self._lock:
            self._wanted = {who: lease for who, lease in self._wanted.items() if lease[1] > now}
            leases = sorted(self._wanted.values(), key=lambda lease: lease[1], reverse=True)
        return [symbols for symbols, _ in leases if symbols]

    def _symbols(self) -> tuple[str, ...]:
        """Taking turns among what is shown, so that one long list does not push out the others; then the watchlists."""
        leases = self._leases()
        turns = [symbols[at] for at in range(max(map(len, leases), default=0)) for symbols in leases if at < len(symbols)]
        found = dict.fromkeys(turns)
        limit = self._terms.limit()
        if len(found) < limit:
            room = [symbol for symbol in self._terms.watched() if symbol not in found][: limit - len(found)]
            found.update(dict.fromkeys(room))
        return tuple(found)

    def _picked(self, now: datetime) -> tuple[str, ...]:
        """As `_symbols`; while the same is shown, the watchlists are read again every few seconds only."""
        leases = self._leases()
        if self._choice is None or self._choice[0] != leases or now - self._choice[1] >= CHOOSE_EVERY:
            self._choice = (leases, now, self._symbols())
        return self._choice[2]

    # -- the thread ----------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        """Begin the thread when there is something to do."""
        if self._rests():
            return
        with self._lock:
            if self._thread is not None and self._thread.is_alive() and not self._ended.is_set():
                return
            self._ended = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(self._ended,), name="live-prices", daemon=True)
            self._thread.start()

    def _end(self) -> None:
        with self._lock:
            thread, ended = self._thread, self._ended
        ended.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(1.5)

    def _run(self, ended: threading.Event) -> None:
        over = False
        try:
            while not ended.is_set() and not self._rests():
                self._listen()
                if self._due():
                    self._put()
                ended.wait(self._beat)
            over = not ended.is_set()
        except Exception:
            _log.exception("Live prices have failed; prices come from requests")
        finally:
            with self._lock:
                ended.set()
                stream, self._stream = self._stream, None
            if stream is not None:
                stream.stop()
            try:
                self._put()
                self._thin()
            except Exception:
                _log.exception("The last live prices could not be stored")
        if over:
            self._wake()  # somebody may have asked just as it ended

    def _listen(self) -> None:
        """Have the stream watch what is wanted now, unless it was just refused."""
        key = self._terms.key() or ""
        now = self._clock()
        if self._refused is not None and now < self._refused[1]:
            return
        self._refused = None
        if self._stream is None:
            self._stream = self._made()
        self._stream.watch(self._picked(now))
        if self._stream.state.phase == "stopped":
            self._stream.start()
        if self._stream.state.phase == "refused" and key:
            self._refused = (self._stream.state.reason, now + REFUSED_FOR)
            stream, self._stream = self._stream, None
            stream.stop()

    def _made(self) -> TradeStream:
        from terminal.providers.finnhub_stream import TradeStream, stream_address

        make = self._make or TradeStream
        return make(self._terms.key, self._heard, address=lambda: stream_address(self._terms.base_url()),
                    limit=self._terms.limit(), clock=self._clock)  # fmt: skip

    def _heard(self, trades: tuple[Traded, ...]) -> None:
        """On the stream's thread: keep what came until it is stored."""
        from terminal.providers.finnhub_stream import together

        with self._lock:
            for trade in trades:
                self._batch[trade.symbol] = together(self._batch.get(trade.symbol), trade)

    def _due(self) -> bool:
        with self._lock:
            return bool(self._batch) and self._clock() - self._stored_at >= timedelta(seconds=max(self._terms.seconds(), 1.0))

    # -- storing -------------------------------------------------------------------------------------------------

    def _put(self) -> None:
        """Store the trades since the last time as quotes, and tell."""
        from terminal.domain.fetch import Fetch
        from terminal.providers.base import Answer
        from terminal.services.intake import take_in

        with self._lock:
            batch, self._batch = self._batch, {}
        if not batch:
            return
        now = self._clock()
        frame = self._rows(batch, now)
        newest = max(trade.at for trade in batch.values())
        answer = Answer("quotes", frame, Fetch(PROVIDER, TRADES, "quotes", "", now, now, as_of=newest))
        (intake,) = take_in(self._store, [answer], "quotes")
        saved = self._store.market.save("quotes", intake.frame, intake.fetch, refused=intake.refused, tell=False)
        self._stored_at = now
        self._quotes += saved.rows
        self._untold |= set(batch)
        self._publish("prices.changed", {"symbols": sorted(batch)})
        if now - self._told_at >= TELL_EVERY:
            self._told_at = now
            self._publish("market.changed", {"datasets": ["quotes"], "symbols": sorted(self._untold)})
            self._untold.clear()
        if now - self._thinned_at >= THIN_EVERY:
            self._thin()

    def _rows(self, batch: Mapping[str, Traded], now: datetime) -> pl.DataFrame:
        """QUOTES of the trades. What a trade does not tell (yesterday's close, the day's range so far) is taken from the
        day's newest quote, and grown by the trades since."""
        from terminal.domain.schemas import QUOTES
        from terminal.providers import wire

        self._look_up([symbol for symbol in batch if not self._known(symbol, batch[symbol].at, now)], batch, now)
        rows = []
        for symbol, trade in batch.items():
            base = self._bases[symbol]
            if base["whole"]:  # the range and the shares of a part of the day are not the day's
                base["high"], base["low"] = max(base["high"], trade.high), min(base["low"], trade.low)
                base["volume"] = None if base["volume"] is None else base["volume"] + trade.volume
            rows.append({**base, "symbol": symbol, "at": trade.at, "price": trade.price, "market_state": "REGULAR"})
        return wire.frame(rows, QUOTES)

    def _known(self, symbol: str, at: datetime, now: datetime) -> bool:
        base = self._bases.get(symbol)
        return base is not None and base["day"] == _day(at) and now - base["looked_at"] < LOOK_UP_EVERY

    def _look_up(self, symbols: Sequence[str], batch: Mapping[str, Traded], now: datetime) -> None:
        """What is stored of these symbols' day before their first trade."""
        if not symbols:
            return
        market = self._store.market
        quotes = {row["symbol"]: row for row in market.read("quotes", symbols, latest=True).to_dicts()}
        bars = market.read("bars", symbols, start=_day(now) - timedelta(days=10), columns=["symbol", "date", "close"])
        for symbol in symbols:
            today = _day(batch[symbol].at)
            quote = quotes.get(symbol)
            if quote is not None and _day(quote["at"]) == today:
                names = ("previous_close", "open", "high", "low", "volume", "currency")
                whole = quote["high"] is not None and quote["low"] is not None
                self._bases[symbol] = {**{name: quote[name] for name in names}, "day": today, "whole": whole, "looked_at": now}
                continue
            before = bars.filter((bars["symbol"] == symbol) & (bars["date"] < today)).sort("date")
            close = before["close"][-1] if before.height else None
            currency = None if quote is None else quote["currency"]
            self._bases[symbol] = {"previous_close": close, "currency": currency, "day": today, "whole": False, "looked_at": now}

    def _thin(self) -> None:
        """Of the stream's older quotes keep the last of each minute, of earlier days the last of each half hour."""
        now = self._thinned_at = self._clock()
        today = datetime.combine(_day(now), datetime.min.time(), _EXCHANGE).astimezone(UTC)
        ours = f"select fetch_id from fetch_log where provider = '{PROVIDER}' and endpoint = '{TRADES}'"
        bucket = "time_bucket(case when \"at\" < ? then interval 30 minutes else interval 1 minute end, \"at\")"
        doomed = (f'select rowid from (select rowid, row_number() over (partition by symbol, {bucket} order by "at" desc) as n '
                  f'from quotes where "at" < ? and fetch_id in ({ours})) where n > 1')
        self._store.market.database.write(
            lambda tx: tx.execute(f"delete from quotes where rowid in ({doomed})", (today, now - RECENT)))


def _words(state: StreamState) -> str:
    several = len(state.symbols)
    names = f"{several} symbol{'' if several == 1 else 's'}"
    out = f"; {len(state.left_out)} more come from requests" if state.left_out else ""
    said = {
        "live": f"Live trades of {names}{out}.",
        "connecting": f"Connecting to Finnhub for the trades of {names}.",
        "waiting": f"{state.reason or 'The stream ended.'} It is tried again; prices come from requests meanwhile.",
        "refused": f"{state.reason} Prices come from requests.",
    }
    return said.get(state.phase, "Live trades are about to begin.")


def _day(moment: datetime) -> date:
    return moment.astimezone(_EXCHANGE).date()
