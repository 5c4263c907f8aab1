"""API Ninjas: report days and results of companies; a backup for earnings, asked when nobody else answered.

The free plan's answers hold texts such as "premium subscribers only" in place of some numbers: these are unknown. Which
requests are free is not settled by its documentation, so its own words are shown when it refuses.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.domain.schemas import EARNINGS
from terminal.errors import BadPayload, NeedsKey, ProviderError
from terminal.providers import wire
from terminal.providers.budget import Window
from terminal.providers.http import read_json
from terminal.providers.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from terminal.providers.base import Answer, Progress, Request
    from terminal.providers.http import Got

ENDPOINT = "earningscalendar"
TITLE = "API Ninjas"
_TIMES = {"before_market": "bmo", "after_market": "amc", "during_market": "during"}


class ApiNinjasProvider(Service):
    """One request a symbol; past reports, and those to come where the plan has them."""

    id = "apininjas"
    title = TITLE
    address = "https://api.api-ninjas.com"
    datasets = frozenset({"earnings"})
    windows = (Window(10_000, 30 * 86_400),)
    needs_key = True

    def headers(self) -> dict[str, str]:
        """The key goes in a header."""
        return {"X-Api-Key": self.key()}

    def fetch(self, request: Request, progress: Progress) -> Iterator[Answer]:
        """An answer a symbol. Raises ProviderError."""
        self.key()
        for symbol in request.symbols:
            name = wire.dotted(symbol)
            if name is None:
                yield self.nothing("earnings", (symbol,))
                continue
            progress(None, f"earnings of {symbol} from {self.title}")
            try:
                frame, got = self.ask(
                    "earnings", symbol, ENDPOINT, f"/v1/{ENDPOINT}", {"ticker": name}, partial(parse_calendar, symbol=symbol)
                )
            except ProviderError as error:
                raise self._explained(error) from error.__cause__
            yield self.answer("earnings", frame, got, ENDPOINT, symbol)

    def _explained(self, error: ProviderError) -> ProviderError:
        """The same error with the service's own words; a refusal for the plan's sake is one of the key."""
        told = self._without_key(_words(getattr(error, "got", None)))
        if not told:
            return error
        message = f"{error.message.rstrip('.')}: {told.rstrip('. ')}."
        plan = isinstance(error, BadPayload) and any(word in told.lower() for word in ("premium", "subscri", "api key"))
        if plan:
            better: ProviderError = NeedsKey(message, "Check the key and the plan it belongs to.", setting=self.id)
            better.fetch = error.fetch  # type: ignore[attr-defined]
            better.got = getattr(error, "got", None)  # type: ignore[attr-defined]
        else:
            better, error.message, error.args = error, message, (message,)
        better.fetch = replace(better.fetch, error=message)  # type: ignore[attr-defined]
        return better


def parse_calendar(answer: Any, symbol: str) -> pl.DataFrame:
    """`earnings` of one symbol. Days are the exchange's, results in full units, as API Ninjas writes them.

    Raises BadPayload where rows came but none has a day: that is what a plan hides.
    """
    rows = []
    lines = wire.rows_of(answer, TITLE, "earnings")
    for line in lines:
        if str(line["ticker"]).upper().replace(".", "-") != symbol.replace(".", "-"):
            raise ValueError("the answer is about another symbol")
        day = None
        with suppress(ValueError):
            day = wire.day(line["date"])
        if day is None:
            continue
        eps, revenue = wire.number(line.get("actual_eps")), wire.number(line.get("actual_revenue"))
        rows.append(
            {
                "symbol": symbol,
                "date": day,
                "time_of_day": _TIMES.get(str(line.get("earnings_timing") or "").lower()),
                "confirmed": True if eps is not None or revenue is not None else None,
                "eps_estimate": wire.number(line.get("estimated_eps")),
                "eps_actual": eps,
                "revenue_estimate": wire.number(line.get("estimated_revenue")),
                "revenue_actual": revenue,
            }
        )
    if lines and not rows:
        raise BadPayload(f"{TITLE} sent earnings without days.", "The plan of the key may hide them.")
    return wire.frame(rows, EARNINGS).unique(list(EARNINGS.key), keep="first", maintain_order=True)


def _words(got: Got | None) -> str:
    """What the service says in a refusal: {"error": ...} or {"message": ...}."""
    if got is None or got.status < 400:
        return ""
    try:
        body = read_json(got.body, TITLE)
    except BadPayload:
        return ""
    told = (body.get("error") or body.get("message")) if isinstance(body, dict) else None
    return " ".join(told.split())[:160] if isinstance(told, str) else ""
