"""The European Central Bank's reference rates of the euro: one a day, about 16:00 in Frankfurt, since 1999, without a key.

A series has the ECB's own name: EXR.D.USD.EUR.SP00.A is US dollars for a euro, daily, spot, average. Several come at once.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from typing import TYPE_CHECKING, Any

from terminal.domain.schemas import MACRO
from terminal.errors import BadPayload
from terminal.providers import wire
from terminal.providers.budget import Window
from terminal.providers.http import NotFound
from terminal.providers.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from terminal.providers.base import Answer, Progress, Request

TITLE = "European Central Bank"
ENDPOINT = "EXR reference rates"
_SERIES = re.compile(r"EXR\.D\.([A-Z]{3})\.EUR\.SP00\.A")
_FIRST = "1999-01-04"


class EcbProvider(Service):
    """Reference rates by the ECB's series names; of anything else it knows nothing, and is not asked."""

    id = "ecb"
    title = TITLE
    address = "https://data-api.ecb.europa.eu"
    datasets = frozenset({"macro"})
    windows = (Window(30, 60),)
    delayed = True
    batch = {"macro": 30}

    def fetch(self, request: Request, progress: Progress) -> Iterator[Answer]:
        """All series of the request in one read. Raises ProviderError."""
        wanted = {name: found[1] for name in request.symbols if (found := _SERIES.fullmatch(name))}
        if other := tuple(name for name in request.symbols if name not in wanted):
            yield self.nothing("macro", other)
        if not wanted:
            return
        progress(None, f"exchange rates from {self.title}")
        path = f"/service/data/EXR/D.{'+'.join(sorted(set(wanted.values())))}.EUR.SP00.A"
        params = {"format": "csvdata", "detail": "dataonly", "startPeriod": str(request.start or _FIRST)}
        if request.end is not None:
            params["endPeriod"] = str(request.end)
        about = self.about(wanted)
        try:
            frame, got = self.ask("macro", about, ENDPOINT, path, params, parse, _text)
        except NotFound:  # it answers so when there is no value between the days
            yield self.nothing("macro", tuple(wanted))
            return
        there = set(frame["series"].to_list())
        yield self.answer("macro", frame, got, ENDPOINT, about, missing=tuple(name for name in wanted if name not in there))


def parse(text: str) -> pl.DataFrame:
    """The rows of an answer as MACRO. A rate counts as published on its day. Raises ValueError for another table."""
    table = csv.DictReader(io.StringIO(text))
    needed = {"CURRENCY", "CURRENCY_DENOM", "TIME_PERIOD", "OBS_VALUE"}
    if not needed <= set(table.fieldnames or ()):
        raise BadPayload(f"{TITLE} sent no table of rates.", "What is stored stays usable; try again later.")
    rows: list[dict[str, Any]] = []
    for row in table:
        value = wire.number(row["OBS_VALUE"])
        if value is None or value <= 0 or row["CURRENCY_DENOM"] != "EUR":
            continue  # a day without a rate
        on = date.fromisoformat(row["TIME_PERIOD"])
        currency = row["CURRENCY"]
        rows.append({"series": f"EXR.D.{currency}.EUR.SP00.A", "date": on, "published_on": on, "value": value,
                     "unit": f"{currency} per EUR", "title": f"{currency} for a euro, reference rate"})  # fmt: skip
    return wire.unique(rows, MACRO)


def _text(body: bytes, title: str) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadPayload(f"{title} sent something that is no text.", "Try again in a minute.") from None
