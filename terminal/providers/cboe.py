"""Cboe's delayed option chains: whole chains of an underlying in one file, a quarter of an hour old, without a key."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from terminal.errors import ProviderError
from terminal.providers import cboe_parse as parse
from terminal.providers.budget import Window
from terminal.providers.http import NotFound
from terminal.providers.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.providers.base import Answer, Progress, Request

ENDPOINT = "delayed_quotes/options"


class CboeProvider(Service):
    """Chains with open interest as of the close before. What Cboe computes itself (IV, delta) is taken as it states it.

    No limit is published; a chain may have fourteen megabytes, so one at a time and few are asked for.
    """

    id = "cboe"
    title = "Cboe"
    address = "https://cdn.cboe.com"
    datasets = frozenset({"chains"})
    windows = (Window(2, 1), Window(60, 60))
    delayed = True

    def headers(self) -> dict[str, str]:
        """What a browser on Cboe's public page would send."""
        return {"User-Agent": "Mozilla/5.0 (compatible; Tapeline)", "Accept": "application/json"}

    def fetch(self, request: Request, progress: Progress) -> Iterator[Answer]:
        """For each symbol two by-products, the underlying's quote and its 30-day implied volatility (`iv30`), then the chain.

        Raises ProviderError.
        """
        for symbol in request.symbols:
            name = parse.underlying(symbol)
            if name is None:
                yield self.nothing("chains", (symbol,))
                continue
            progress(None, f"option chain of {symbol} from {self.title}")
            path = f"/api/global/delayed_quotes/options/{name}.json"
            try:
                read = partial(parse.parse_chain, symbol=symbol, name=name)
                chain, got = self.ask("chains", symbol, ENDPOINT, path, None, read, parse.checked)
            except ProviderError as error:
                if _unlisted(error):
                    yield self.nothing("chains", (symbol,))
                    continue
                raise
            for dataset, frame in (("quotes", chain.quote), ("facts", chain.facts)):
                if not frame.is_empty():
                    yield self.answer(dataset, frame, got, ENDPOINT, symbol, as_of=chain.at)
            yield self.answer("chains", chain.contracts, got, ENDPOINT, symbol, as_of=chain.at)


def _unlisted(error: ProviderError) -> bool:
    """Cboe's file store refuses (403) or does not find (404) the file of a symbol that has no options."""
    got = getattr(error, "got", None)
    if got is None or got.status not in (403, 404):
        return False
    return isinstance(error, NotFound) or b"<Code>AccessDenied</Code>" in got.body
