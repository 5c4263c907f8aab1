"""FRED, the economic series of the Federal Reserve Bank of St. Louis: each value with the day it was published.

A value that was revised has one row a publication, so that the past can be seen as it was known then.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain.schemas import MACRO
from terminal.errors import BadPayload, NeedsKey, ProviderError
from terminal.providers import fred_parse as parse
from terminal.providers import wire
from terminal.providers.budget import Window
from terminal.providers.service import Service, together

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from terminal.providers.base import Answer, Progress, Request
    from terminal.providers.http import Got


# It allows 120 requests a minute, and since 2026 no more than two in any second.
SPACING = 0.5


class FredProvider(Service):
    """Series by their FRED names; `default_symbols` are those the program itself uses. The key goes as a parameter."""

    id = "fred"
    title = "FRED"
    address = "https://api.stlouisfed.org"
    datasets = frozenset({"macro"})
    windows = (Window(120, 60),)
    spacing = SPACING
    needs_key = True
    # The description of a series we do not know, two stretches of publications, and one more where there are none.
    cost = {"macro": 4}
    default_symbols = tuple(parse.SERIES)

    def fetch(self, request: Request, progress: Progress) -> Iterator[Answer]:
        """Every publication of the observations from `start` (default: about six years) to `end`. Raises ProviderError."""
        today = wire.exchange_day(self.around.clock())
        for name in request.symbols or self.default_symbols:
            if "." in name:  # no series of its own, but one of the ECB
                yield self.nothing("macro", (name,))
                continue
            progress(None, f"{name} from {self.title}")
            try:
                series = parse.SERIES.get(name) or self._describe(name)
                yield self._observations(name, series, request.start, request.end, today)
            except ProviderError as error:
                if not parse.unknown_series(getattr(error, "got", None)):
                    raise
                yield self.nothing("macro", (name,))

    def _describe(self, name: str) -> parse.Series:
        found: parse.Series
        found, _ = self._ask(name, "series", "/fred/series", {"series_id": name}, parse.parse_series)
        return found

    def _observations(self, name: str, series: parse.Series, start: date | None, end: date | None, today: date) -> Answer:
        frames: list[pl.DataFrame] = []
        gots: list[Got] = []
        for stretch in parse.stretches(series, start, today):
            read = partial(parse.parse_observations, name=name, series=series, stretch=stretch)
            try:
                frame, got = self._values(name, stretch.parameters(end), read)
            except ProviderError as error:
                if not parse.unarchived(getattr(error, "got", None)):
                    raise
                continue
            frames.append(frame)
            gots.append(got)
        if not frames:
            if not series.daily:
                raise BadPayload(f"{self.title} keeps no days of publication of {name}.", "Choose another series.")
            bounds = parse.stretches(series, start, today)[0].parameters(end)
            bounds = {key: value for key, value in bounds.items() if not key.startswith("realtime")}
            frame, got = self._values(name, bounds, partial(parse.parse_undated, name=name, series=series))
            frames, gots = [frame], [got]
        frame = pl.concat(frames).unique(MACRO.key, keep="first", maintain_order=True)
        return self.answer("macro", frame, together(gots), "series/observations", name)

    def _values(self, name: str, bounds: Mapping[str, str], read: Any) -> tuple[pl.DataFrame, Got]:
        found: pl.DataFrame
        found, got = self._ask(
            name, "series/observations", "/fred/series/observations", {"series_id": name, **bounds}, read)  # fmt: skip
        return found, got

    def _ask(self, name: str, endpoint: str, path: str, params: Mapping[str, str], read: Any) -> tuple[Any, Got]:
        try:
            return self.ask("macro", name, endpoint, path, {**params, "file_type": "json", "api_key": self.key()}, read)
        except ProviderError as error:
            # FRED refuses a key with HTTP 400, as it does a wrong parameter.
            if not parse.refused_key(getattr(error, "got", None)):
                raise
            refused = NeedsKey(
                f"{self.title} does not accept the key.", "Check it: it has 32 small letters and digits.", setting=self.id
            )
            refused.fetch = getattr(error, "fetch", None)  # type: ignore[attr-defined]
            raise refused from None
