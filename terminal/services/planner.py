"""Ranks what is stale and says what the day's requests suffice for: who is asked what, what waits, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from terminal.domain import planning
from terminal.domain.planning import IMPORTANCE, Need, Offer, Plan
from terminal.domain.sourced import Column, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from terminal.providers.base import Provider
    from terminal.providers.budget import WindowStatus
    from terminal.providers.router import Router
    from terminal.store import Store

# Shorter windows fill again while a refresh runs; these are what is missing at its end.
LONG = 3600
# How stale a symbol is as a whole.
_TELLING = ("bars", "facts")
_COLUMNS = (
    Column("service", "Service"),
    Column("dataset", "Data"),
    Column("symbols", "Symbols", "integer", "count"),
    Column("requests", "Requests", "integer", "count"),
    Column("left", "Left after it", "integer", "count"),
    Column("resets_at", "Budget whole again", "datetime"),
    Column("matters_to", "Matters to"),
    Column("why_not", "Why not now"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose data matters most, each in its order."""

    held: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    found: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Held before watched before found."""
        return tuple(dict.fromkeys((*self.held, *self.watched, *self.found)))


class Planner:
    """Looks at the store, the budgets and the breakers; asks nobody.

    `holdings` names what the user owns; `overdue(dataset, symbols)` what is stale, with how many times its allowed age.
    """

    def __init__(
        self,
        store: Store,
        router: Router,
        overdue: Callable[[str, Sequence[str]], Mapping[str, float]],
        clock: Callable[[], datetime],
        holdings: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._store = store
        self._router = router
        self._overdue = overdue
        self._clock = clock
        self._holdings = holdings

    def wanted(self, watched: Sequence[str]) -> Wanted:
        """The holdings, the watchlists given, and what the last screen found."""
        return Wanted(tuple(self._holdings()), tuple(watched), self._found())

    def order(self, symbols: Sequence[str], wanted: Wanted) -> tuple[str, ...]:
        """The symbols in the order in which requests are spent on them."""
        places = planning.importance(symbols, wanted.held, wanted.watched, wanted.found)
        ages = [self._overdue(dataset, symbols) for dataset in _TELLING]
        late = {symbol: max(age.get(symbol, 0.0) for age in ages) for symbol in symbols}
        return planning.in_order(symbols, places, wanted.all, late)

    def plan(self, symbols: Sequence[str], datasets: Sequence[str], wanted: Wanted, *, by_hand: bool = False) -> Plan:
        """What a refresh of these datasets would ask from whom, most wanted first, and what the budgets do not suffice for."""
        order = self.order(symbols, wanted)
        places = planning.importance(order, wanted.held, wanted.watched, wanted.found)
        needs = [
            Need(symbol, dataset, places[symbol], late)
            for dataset in datasets
            for symbol, late in self._overdue(dataset, order).items()
        ]
        offers = {dataset: [self._offer(dataset, each) for each in self._router.asked(dataset)] for dataset in datasets}
        left = {each.id: self._left(each.id, by_hand) for each in self._router.providers}
        spent = {each.id: self._spent(each) for each in self._router.providers}
        return planning.allot(planning.rank(needs, order, datasets), offers, left, spent)

    def table(self, plan: Plan, title: str) -> Table:
        """The plan for the user: a row a service and dataset, then what is not refreshed and why."""
        import polars as pl

        titles = {each.id: each.title for each in self._router.providers}
        rows: list[tuple[Any, ...]] = [
            (titles.get(each.provider, each.provider), each.dataset, len(each.symbols), each.requests,
             plan.left.get(each.provider), _resets(self._long(each.provider)), None, None)
            for each in plan.spendings
        ]  # fmt: skip
        rows += [
            (None, each.dataset, len(each.symbols), None, None, None, IMPORTANCE[each.importance], each.reason)
            for each in plan.postponed
        ]
        kinds: dict[str, Any] = {"integer": pl.Int64, "datetime": pl.Datetime("us", "UTC")}
        schema = {column.name: kinds.get(column.type, pl.String) for column in _COLUMNS}
        unknown = [f"{each.dataset} of {len(each.symbols)} will not be refreshed now: {each.reason}." for each in plan.postponed]
        notes = () if plan.spendings or plan.postponed else ("Everything is up to date; a refresh would ask nobody.",)
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        return Table(title, _COLUMNS, frame, unknown=tuple(unknown), notes=(*notes, *self._keyless(plan)))

    # -- inner -------------------------------------------------------------------------------------------------

    def _offer(self, dataset: str, provider: Provider) -> Offer:
        cost, batch = self._router.cost(dataset, provider)
        blocked = next(
            (f"{provider.title} is not asked before {_at(each.until)} ({each.reason.rstrip('.')})"
             for each in self._router.breaker.status(provider.id)
             if each.state == "open" and each.until is not None and each.endpoint in ("", dataset)), "")  # fmt: skip
        return Offer(provider.id, cost, batch, self._router.brings(dataset, provider.id), blocked)

    def _long(self, provider: str) -> list[WindowStatus]:
        return [each for each in self._router.budget.status(provider) if each.seconds >= LONG]

    def _left(self, provider: str, by_hand: bool) -> int | None:
        left = [max(each.left - (0 if by_hand else each.reserve), 0) for each in self._long(provider)]
        return min(left) if left else None

    def _spent(self, provider: Provider) -> str:
        resets = _resets(self._long(provider.id))
        return f"the budget of {provider.title} does not suffice" + (f"; it is whole again at {_at(resets)}" if resets else "")

    def _keyless(self, plan: Plan) -> tuple[str, ...]:
        """Services that would help if they had their key."""
        datasets = {each.dataset for each in plan.postponed}
        able = [each.title for each in self._router.providers if self._router.lacks_key(each) and each.datasets & datasets]
        return (f"{', '.join(able)} could deliver some of it with a key: `tapeline preferences key-set`.",) if able else ()

    def _found(self) -> tuple[str, ...]:
        """The hits of the newest screen; the screener keeps its runs in the book."""
        exists = self._store.book.read(
            "select 1 from duckdb_tables() where schema_name = 'screener' and table_name = 'run_rows' limit 1"
        )
        if exists.is_empty():
            return ()
        newest = "select max(id) from screener.runs"
        frame = self._store.book.read(f"select symbol from screener.run_rows where matched and run_id = ({newest})")
        return tuple(frame["symbol"].to_list())


def _resets(windows: Sequence[WindowStatus]) -> datetime | None:
    return max((each.resets_at for each in windows if each.resets_at is not None), default=None)


def _at(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
