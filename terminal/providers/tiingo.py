"""Tiingo: daily prices with dividends and splits in one answer per symbol, and last prices of many symbols from IEX."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from terminal.domain import schemas
from terminal.errors import BadPayload, RateLimited
from terminal.providers import wire
from terminal.providers.budget import Window
from terminal.providers.http import NotFound
from terminal.providers.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    import polars as pl

    from terminal.providers.base import Answer, Progress, Request

TITLE = "Tiingo"
HISTORY = timedelta(days=366 * 6)
# A previous close that far from the price is more likely one from before a split than a fall: it is not stated.
PLAUSIBLE_CHANGE = (0.55, 1.8)


class TiingoProvider(Service):
    """End-of-day prices are the exchange's; last prices come from one exchange, IEX."""

    id = "tiingo"
    title = TITLE
    address = "https://api.tiingo.com"
    datasets = frozenset({"bars", "dividends", "splits", "quotes"})
    windows = (Window(50, 3600), Window(1000, 86400))
    needs_key = True
    brings = {
        "bars": frozenset({"dividends", "splits"}),
        "dividends": frozenset({"bars", "splits"}),
        "splits": frozenset({"bars", "dividends"}),
    }
    batch = {"quotes": 100}

    def headers(self) -> dict[str, str]:
        """The key."""
        return {"Authorization": f"Token {self.key()}"}

    def fetch(self, request: Request, progress: Progress) -> Iterator[Answer]:
        """Answers as they arrive, the one for the asked dataset last. Raises ProviderError."""
        names = {symbol: symbol for symbol in request.symbols if wire.dotted(symbol) is not None}
        foreign = tuple(symbol for symbol in request.symbols if symbol not in names)
        if foreign:
            yield self.nothing(request.dataset, foreign)
        if request.dataset == "quotes":
            yield from self._quotes(tuple(names))
            return
        for symbol in names:
            progress(None, f"{request.dataset} of {symbol} from {self.title}")
            yield from self._daily(symbol, request)

    def _quotes(self, symbols: tuple[str, ...]) -> Iterator[Answer]:
        if not symbols:
            return
        (frame, missing), got = self.ask(
            "quotes",
            self.about(symbols),
            "iex",
            "/iex/",
            {"tickers": ",".join(symbols)},
            lambda whole: parse_quotes(whole, symbols),
        )
        yield self.answer("quotes", frame, got, "iex", self.about(symbols), as_of=frame["at"].max(), missing=missing)

    def _daily(self, symbol: str, request: Request) -> Iterator[Answer]:
        now = self.around.clock()
        start = request.start or wire.exchange_day(now) - HISTORY
        # Always up to now, whatever the end asked for: the splits since then are needed to state what came before them.
        params = {"startDate": start.isoformat(), "format": "json", "resampleFreq": "daily"}
        path = f"/tiingo/daily/{quote(symbol)}/prices"
        try:
            frames, got = self.ask(
                request.dataset,
                symbol,
                "daily",
                path,
                params,
                lambda whole: parse_daily(whole, symbol, wire.last_finished_day(now), request.end),
            )
        except NotFound as error:
            if not _unknown(error.got.body):
                raise
            yield self.answer(
                request.dataset, schemas.DATASETS[request.dataset].empty(), error.got, "daily", symbol, missing=(symbol,)
            )
            return
        missing = (symbol,) if frames["bars"].is_empty() else ()
        for name in sorted(frames, key=lambda name: name == request.dataset):
            yield self.answer(name, frames[name], got, "daily", symbol, missing=missing if name == request.dataset else ())


def parse_daily(whole: Any, symbol: str, finished: date, end: date | None = None) -> dict[str, pl.DataFrame]:
    """SPLITS, DIVIDENDS and BARS of one symbol, adjusted for the splits in the answer but not for dividends.

    Tiingo states prices and dividends as of their own day, and beside them `adjClose`, which takes out both. A day's date
    is written at midnight UTC: it is the exchange's day as it stands, in no time zone.
    """
    rows = [(_day(row), row) for row in _listed(whole, "daily prices")]
    splits = [(on, ratio) for on, row in rows if (ratio := _ratio(row)) != 1]
    bars, dividends = [], []
    for on, row in rows:
        if on > finished or (end is not None and on > end):
            continue
        factor = wire.split_factor(splits, on, finished)
        volume, cash = wire.number(row["volume"]), wire.number(row["divCash"])
        prices = {name: wire.number(row[name]) for name in ("open", "high", "low", "close")}
        bars.append(
            {
                "symbol": symbol,
                "date": on,
                **{name: None if price is None else price / factor for name, price in prices.items()},
                "volume": None if volume is None else volume * factor,
                "adjusted_close": wire.number(row["adjClose"]),
            }
        )
        if cash:
            dividends.append({"symbol": symbol, "ex_date": on, "amount": cash / factor, "currency": "USD"})
    ratios = [{"symbol": symbol, "ex_date": on, "ratio": ratio} for on, ratio in splits if end is None or on <= end]
    return {
        "splits": wire.frame(ratios, schemas.SPLITS),
        "dividends": wire.frame(dividends, schemas.DIVIDENDS),
        "bars": wire.frame(bars, schemas.BARS),
    }


def parse_quotes(whole: Any, symbols: tuple[str, ...]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """QUOTES, and the symbols that were not answered. The volume is left unknown: it is IEX's until the evening."""
    lines = {str(line["ticker"]).upper(): line for line in _listed(whole, "quotes")}
    rows = []
    for symbol in symbols:
        line = lines.get(symbol)
        if line is None:
            continue
        price = wire.number(line.get("tngoLast")) or wire.number(line.get("last"))
        at = wire.moment(line["timestamp"])
        if price is None or at is None:
            continue
        close = wire.number(line.get("prevClose"))
        plausible = close and PLAUSIBLE_CHANGE[0] <= price / close <= PLAUSIBLE_CHANGE[1]
        day = {name: wire.number(line.get(name)) or None for name in ("open", "high", "low")}
        rows.append(
            {"symbol": symbol, "at": at, "price": price, "previous_close": close if plausible else None, "currency": "USD", **day}
        )
    told = {row["symbol"] for row in rows}
    return wire.frame(rows, schemas.QUOTES), tuple(symbol for symbol in symbols if symbol not in told)


def _listed(whole: Any, what: str) -> list[Mapping[str, Any]]:
    """The rows of an answer; an error that came as HTTP 200 is raised as what it is."""
    detail = whole.get("detail") if isinstance(whole, dict) else None
    if isinstance(detail, str):
        if "allocation" in detail.lower() or "run over" in detail.lower():
            raise RateLimited(
                f"{TITLE} says the allowance is used up.", "What is stored stays usable; the rest is fetched later."
            )
        told = detail.removeprefix("Error:").strip().rstrip(".")
        raise BadPayload(f"{TITLE} refused: {told}.", "Check the symbol and the plan of the key.")
    return wire.rows_of(whole, TITLE, what)


def _unknown(body: bytes) -> bool:
    """Whether a 404 speaks of the symbol, and not of the address."""
    try:
        told = json.loads(body)
    except ValueError:
        return False
    return (
        isinstance(told, dict) and "not found" in str(told.get("detail", "")).lower() and "ticker" in str(told["detail"]).lower()
    )


def _day(row: Mapping[str, Any]) -> date:
    on = wire.day(row["date"])
    if on is None:
        raise ValueError("a day without a date")
    return on


def _ratio(row: Mapping[str, Any]) -> float:
    ratio = wire.number(row["splitFactor"])
    if ratio is None or ratio <= 0:
        raise ValueError("a split without a ratio")
    return ratio
