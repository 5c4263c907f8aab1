"""Unusual Whales' REST door: chains, flow alerts, trades of a contract, changes of open interest, exposures of dealers.

Chains come through `fetch` like any service's. What belongs to no dataset of the market is asked by methods of its own, each
of which counts its request. How late the prices are depends on the plan. Its answers are read as its documentation has them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.errors import BadPayload
from terminal.providers import unusualwhales_parse as parse
from terminal.providers import wire
from terminal.providers.budget import Window
from terminal.providers.counters import Counter
from terminal.providers.service import Service, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date, datetime

    import polars as pl

    from terminal.providers.base import Answer, Progress, Request
    from terminal.providers.http import Got
    from terminal.providers.unusualwhales_stream import Batch, UnusualWhalesStream

PAGE = 500
MOST_PAGES = 80


class UnusualWhalesProvider(Service):
    """Chains as of the last trade of the share. Not stated: sizes, deltas, when a contract traded last."""

    id = "unusualwhales"
    title = "Unusual Whales"
    address = "https://api.unusualwhales.com"
    datasets = frozenset({"chains"})
    # A minute's is that of every plan; of a day's the largest, which the headers lower.
    windows = (Window(120, 60), Window(50_000, 86_400))
    needs_key = True
    counters = (
        Counter("x-uw-req-per-minute-remaining", "x-uw-req-per-minute-reset", unit=0.001),
        Counter("x-uw-token-req-limit", used="x-uw-daily-req-count", daily="20:00"),
    )
    # The price and the first page; each further page is counted when it is asked for.
    cost = {"chains": 2}

    def headers(self) -> dict[str, str]:
        """The key as a bearer token."""
        return {"Authorization": f"Bearer {self.key().strip()}", "Accept": "application/json"}

    def fetch(self, request: Request, progress: Progress) -> Iterator[Answer]:
        """One chain a symbol, page by page, all or nothing. Raises ProviderError."""
        for symbol in request.symbols:
            name = theirs(symbol)
            yield self.nothing("chains", (symbol,)) if name is None else self._chain(symbol, name, progress)

    def _chain(self, symbol: str, name: str, progress: Progress) -> Answer:
        (at, price), _ = self.ask("chains", symbol, "stock-state", f"/api/stock/{name}/stock-state", None, parse.parse_state)
        pages: list[pl.DataFrame] = []
        gots: list[Got] = []
        path = f"/api/stock/{name}/option-contracts"
        while not pages or pages[-1].height >= PAGE:
            if pages:
                self._another(progress)
            if len(pages) >= MOST_PAGES:
                raise BadPayload(f"{self.title} sent pages without an end.", "What is stored stays usable; try again later.")
            progress(None, f"option chain of {symbol} from {self.title}, page {len(pages) + 1}")
            params = {"limit": str(PAGE), "page": str(len(pages))}
            page, got = self.ask("chains", symbol, "option-contracts", path, params, parse.parse_contracts)
            if pages and page.equals(pages[-1]):
                break  # it does not turn pages: this is all there is
            pages.append(page)
            gots.append(got)
        if at is None:
            raise BadPayload(f"{self.title} sent a chain without a time.", "What is stored stays usable; try again later.")
        frame = parse.chain(pages, symbol, at, price)
        missing = (symbol,) if frame.is_empty() else ()
        return self.answer("chains", frame, together(gots), "option-contracts", symbol, as_of=at, missing=missing)

    # -- what is no dataset of the market --------------------------------------------------------------------------

    def flow_alerts(self, symbol: str = "", *, limit: int = 100, newer_than: datetime | None = None) -> Answer:
        """FLOW_ALERTS, the newest first; of all symbols without one. Raises ProviderError."""
        params = {"limit": str(min(max(limit, 1), 200))}
        if symbol:
            params["ticker_symbol"] = theirs(symbol) or symbol
        if newer_than is not None:
            params["newer_than"] = newer_than.isoformat()
        return self._of("flow_alerts", symbol, "/api/option-trades/flow-alerts", params, parse.parse_alerts)

    def contract_trades(self, contract: str, day: date | None = None) -> Answer:
        """OPTION_TRADES of one contract, the last fifty or those of a day. Raises ProviderError."""
        params = {"date": day.isoformat()} if day else {}
        return self._of("option_trades", "", f"/api/option-contract/{contract}/flow", params, parse.parse_trades)

    def open_interest_changes(self, symbol: str = "", day: date | None = None) -> Answer:
        """What `unusualwhales_parse.parse_open_interest` says, of one symbol or of the market. Raises ProviderError."""
        params = {"date": day.isoformat()} if day else {}
        path = f"/api/stock/{theirs(symbol) or symbol}/oi-change" if symbol else "/api/market/oi-change"
        return self._of("open_interest", symbol, path, params, parse.parse_open_interest)

    def greek_exposure(self, symbol: str, expiry: date | None = None) -> Answer:
        """What `parse_exposure` says: by day, or with an expiry by strike of it. Raises ProviderError."""
        path = f"/api/stock/{theirs(symbol) or symbol}/greek-exposure" + ("/strike-expiry" if expiry else "")
        params = {"expiry": expiry.isoformat()} if expiry else {}
        return self._of("exposures", symbol, path, params, partial(parse.parse_exposure, symbol=symbol))

    def stream(self, channels: tuple[str, ...], on_batch: Callable[[Batch], None]) -> UnusualWhalesStream:
        """The websocket of the same key and address, not started. Symbols in channels' names may be spelt as here."""
        from terminal.providers.unusualwhales_stream import UnusualWhalesStream, stream_address

        where = lambda: stream_address(self.around.base_url())  # noqa: E731
        named = tuple(_channel(each) for each in channels)
        return UnusualWhalesStream(self.around.key, named, on_batch, address=where, clock=self.around.clock)

    def _of(
        self, dataset: str, symbol: str, path: str, params: Mapping[str, str], read: Callable[[Any], Any]
    ) -> Answer:
        self._another(lambda _fraction, _note: None)
        frame, got = self.ask(dataset, symbol, path.removeprefix("/api/"), path, params, read)
        newest = frame["at"].max() if "at" in frame.columns and frame.height else None
        return self.answer(dataset, frame, got, path.removeprefix("/api/"), symbol, as_of=newest)

    def _another(self, progress: Progress) -> None:
        self.around.spend(lambda seconds: progress(None, f"waiting {max(round(seconds), 1)} s for {self.title}"))


def theirs(symbol: str) -> str | None:
    """Their spelling: SPX for an index, BRK.B for a share class; None for what no US option is on."""
    from terminal.domain.options.contracts import index_of

    if (index := index_of(symbol)) is not None:
        return index
    return wire.dotted(symbol)


def _channel(name: str) -> str:
    kind, colon, symbol = name.partition(":")
    return f"{kind}{colon}{theirs(symbol) or symbol}" if symbol else name
