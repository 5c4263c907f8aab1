"""SEC EDGAR: official figures with their filing days, what companies filed and when, and the true days of past results.

Everything is public and needs no key; the SEC asks programs to say who uses them, which is the setting
`providers.sec.contact`. Company data come from data.sec.gov, the list of tickers from www.sec.gov; a replaced address
stands for both.
"""

from __future__ import annotations

import copy
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from terminal.errors import ProviderError
from terminal.providers import sec_facts, sec_json, sec_parse, sec_tags, wire
from terminal.providers.budget import Window
from terminal.providers.http import NotFound
from terminal.providers.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from terminal.providers.base import Answer, Progress, Request
    from terminal.providers.service import Surroundings

COMPANIES = "/files/company_tickers.json"
LIST_LASTS = timedelta(days=1)
# After a failure the list is not asked for again for so long: a nightly run would ask once a company.
LIST_PAUSE = timedelta(minutes=10)
HISTORY = timedelta(days=3 * 366)


class _Site(Service):
    """www.sec.gov, where the list of companies is."""

    id = "sec"
    title = "SEC EDGAR"
    address = "https://www.sec.gov"
    datasets = frozenset()

    def headers(self) -> dict[str, str]:
        """Who asks. Without it the SEC answers 403."""
        contact = " ".join(self.around.setting("contact").split()).encode("ascii", "ignore").decode()
        return {"User-Agent": f"Tapeline {contact}" if contact else "Tapeline research terminal", "Accept": "application/json"}


class SecProvider(_Site):
    """Facts come as several answers, the oldest versions first, so that each restatement replaces what it restates.

    `request.start` bounds the filings and, for facts, leaves out versions filed before it that were restated since.
    The SEC allows ten requests a second; the list of companies, asked for once a day, is not counted against our eight.
    """

    address = "https://data.sec.gov"
    datasets = frozenset({"facts", "filings", "earnings", "instruments"})
    windows = (Window(8, 1),)
    brings = {"earnings": frozenset({"filings"})}
    items = {
        "facts": sec_tags.ITEMS,
        "earnings": frozenset({"date", "time_of_day", "confirmed", "period_end"}),
        "instruments": frozenset({"name", "kind", "exchange", "industry", "country", "website"}),
    }

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._site = _Site(around)
        self._listing = threading.Lock()
        self._companies: dict[str, tuple[int, str]] = {}
        self._listed_at: datetime | None = None
        self._failed: tuple[datetime, ProviderError] | None = None

    def fetch(self, request: Request, progress: Progress) -> Iterator[Answer]:
        """Answers a symbol, that for the asked dataset last; symbols without a number at the SEC are missing."""
        for symbol in request.symbols:
            progress(None, f"{request.dataset} of {symbol} from {self.title}")
            company = self._company(symbol, request.dataset)
            if company is None:
                yield self.nothing(request.dataset, (symbol,))
                continue
            try:
                if request.dataset == "facts":
                    yield from self._facts(symbol, *company, request.start)
                else:
                    yield from self._submissions(request, symbol, *company)
            except NotFound:  # a company that has filed nothing of the kind
                yield self.nothing(request.dataset, (symbol,))
            except ProviderError as error:
                raise self._explained(error) from None

    def close(self) -> None:
        """Let go of the connections to both hosts."""
        super().close()
        self._site.close()

    def _facts(self, symbol: str, cik: int, name: str, since: date | None) -> Iterator[Answer]:
        frames, got = self.ask(
            "facts", symbol, "companyfacts", f"/api/xbrl/companyfacts/CIK{cik:010d}.json", None,
            lambda whole: sec_facts.parse_facts(whole, symbol, name, since), sec_json.read_in_pieces)  # fmt: skip
        if not frames:
            yield self.nothing("facts", (symbol,))
        for level, frame in enumerate(frames):
            yield self.answer("facts", frame, got, "companyfacts" if not level else "companyfacts, restated", symbol)

    def _submissions(self, request: Request, symbol: str, cik: int, name: str) -> Iterator[Answer]:
        since = request.start or wire.exchange_day(self.around.clock()) - HISTORY
        found, got = self.ask(
            request.dataset, symbol, "submissions", f"/submissions/CIK{cik:010d}.json", None,
            lambda whole: sec_parse.parse_submissions(whole, symbol, cik, since, name))  # fmt: skip
        frames = {"filings": found.filings, "earnings": found.earnings, "instruments": found.instrument}
        by_products = {"filings": ("earnings",), "earnings": ("filings",)}.get(request.dataset, ())
        as_of = found.filings["filed_at"].max()
        for dataset in (*by_products, request.dataset):
            if dataset == request.dataset or not frames[dataset].is_empty():
                yield self.answer(dataset, frames[dataset], got, "submissions", symbol, as_of=as_of)

    def _company(self, symbol: str, dataset: str) -> tuple[int, str] | None:
        """A symbol's number at the SEC and how its name begins; None when it has none.

        When the list cannot be had, the largest companies' numbers are known all the same.
        """
        if wire.dotted(symbol) is None:
            return None
        with self._listing:
            now = self.around.clock()
            if self._listed_at is None or now - self._listed_at > LIST_LASTS:
                if self._failed is None or now - self._failed[0] > LIST_PAUSE:
                    self._read_list(dataset, now)
                if self._failed is not None and not self._companies and symbol not in sec_tags.LARGEST:
                    raise self._explained(copy.copy(self._failed[1]))
            number = self._companies.get(symbol)
            return sec_tags.LARGEST.get(symbol) if number is None and not self._companies else number and (number[0], "")

    def _read_list(self, dataset: str, now: datetime) -> None:
        try:
            self._companies, _ = self._site.ask(dataset, "", "company_tickers", COMPANIES, None, sec_parse.parse_companies)
            self._listed_at, self._failed = now, None
        except ProviderError as error:
            self._failed = (now, error.with_traceback(None))

    def _explained(self, error: ProviderError) -> ProviderError:
        """A refusal (403) with what to do about it."""
        got: Any = getattr(error, "got", None)
        if got is not None and got.status == 403 and not self.around.setting("contact").strip():
            error.hint = "It asks for an e-mail address: tapeline preferences set providers.sec.contact YOU@EXAMPLE.COM."
        return error
