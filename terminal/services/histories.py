"""Price histories that are only a part: since when they are known, why, and who may have the rest.

Some services give the last months or years only (`Reaching.reach`). What they bring is stored, said, and completed as soon
as a service with the whole history answers. Whether a history is such a part is seen from its oldest row: who brought it,
and whether it lies where that service's reach ended on that day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from terminal.providers.base import Reaching
from terminal.services.tally import names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from terminal.providers.base import Provider
    from terminal.providers.router import Router
    from terminal.store import Store

DATASET = "bars"
# So far may the first day of a part lie from where the service's reach ended: holidays, and what it gives on top.
EDGE = timedelta(days=14)
# A service that could not bring the whole history is not asked for that symbol again before.
AGAIN = timedelta(hours=12)
# An answer with nearly all the days that are stored was a whole history, and there is no more of it.
WHOLE = 0.9


@dataclass(frozen=True, slots=True)
class Part:
    """The daily prices of one symbol begin on `since` because `provider` gives no more."""

    since: date
    provider: str


class Histories:
    """Looks at the store; asks nobody. Costs nothing where no service with a short reach ever brought prices."""

    def __init__(self, store: Store, router: Router, clock: Callable[[], datetime]) -> None:
        self._store, self._router, self._clock = store, router, clock

    def short(self, symbols: Sequence[str]) -> dict[str, Part]:
        """The symbols of which only a part of the history is stored."""
        reaches = {each.id: reach for each in self._router.providers if (reach := reach_of(each)) is not None}
        reaches = {name: reach for name, reach in reaches.items() if name in self._store.market.services(DATASET)}
        if not reaches or not symbols:
            return {}
        wanted = set(symbols)
        oldest = self._store.market.database.read(
            "select b.symbol, b.first, b.n, f.provider, f.finished_at, coalesce(w.most, 0) as most from "
            "(select symbol, min(date) as first, arg_min(fetch_id, date) as fetch_id, count(*) as n from bars group by symbol) b "
            "join fetch_log f using (fetch_id) left join (select symbol, max(rows) as most from fetch_log "
            f"where dataset = '{DATASET}' and status = 'ok' and provider not in ({_listed(reaches)}) group by symbol) w "
            f"on w.symbol = b.symbol where f.provider in ({_listed(reaches)})")  # fmt: skip
        return {
            row["symbol"]: Part(row["first"], row["provider"])
            for row in oldest.to_dicts()
            if row["symbol"] in wanted and row["most"] < WHOLE * row["n"]
            and abs(row["first"] - (row["finished_at"].date() - reaches[row["provider"]])) <= EDGE
        }  # fmt: skip

    def due(self, symbols: Sequence[str]) -> frozenset[str]:
        """Of these the ones that some service may complete now: it gives the whole, can be asked, and was not asked lately."""
        short = self.short(symbols)
        able = [each.id for each in self._router.asked(DATASET) if reach_of(each) is None and self._free(each)]
        if not short or not able:
            return frozenset()
        since = self._clock() - AGAIN
        asked = self._store.market.database.read(
            f"select distinct symbol, provider from fetch_log where dataset = '{DATASET}' and finished_at > ?", (since,))
        lately = set(asked.rows())
        return frozenset(symbol for symbol in short if any((symbol, name) not in lately for name in able))

    def sentences(self, symbols: Sequence[str], asked: timedelta) -> list[str]:
        """Since when the incomplete ones are known, and what follows from that."""
        groups: dict[Part, list[str]] = {}
        for symbol, part in self.short(symbols).items():
            groups.setdefault(part, []).append(symbol)
        titles = {each.id: each.title for each in self._router.providers}
        years = round(asked.days / 365.25)
        return [
            f"{names(sorted(found))}: history since {part.since} only; {years} years were asked for, and "
            f"{titles[part.provider]} gives no more. What needs a longer one stays unknown."
            for part, found in sorted(groups.items(), key=lambda group: group[0].since)
        ]

    def _free(self, provider: Provider) -> bool:
        """Whether its breaker lets it be asked for prices."""
        opened = self._router.breaker.open_until(provider.id)
        return "" not in opened and DATASET not in opened


def reach_of(provider: Provider) -> timedelta | None:
    """How far back a service gives daily prices; None for the whole history."""
    return provider.reach.get(DATASET) if isinstance(provider, Reaching) else None


def _listed(found: Mapping[str, object]) -> str:
    return ", ".join(f"'{name}'" for name in found)
