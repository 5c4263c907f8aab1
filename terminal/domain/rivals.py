"""Statements of several services about the same thing: which are rivals, and which of them stands when. Pure.

Two statements are rivals when they come from different services and speak about the same value: the same item of the same
period (services date a period's end a few days apart), or the same report of a company (dates may differ by weeks while
it is only expected). Of rivals the more trusted one stands for as long as it lives; the others are kept beside it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain.data_services import SERVICES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# Services believed before all others unless the user names them in the order: what the user brought by hand.
OWN = "files"
# Ends of one fiscal period as two services date them: to the day (a week may end on a Saturday) or to the month.
PERIOD_DAYS = 10
# Dates of one report: quarters are three months apart, and an expected date seldom moves by more than weeks.
REPORT_DAYS = 30
# Period ends further apart than this name different quarters.
_SAME_QUARTER_DAYS = 20
Span = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class Contest:
    """How rivals of a dataset are found: equal in `group`, and `time` at most `days` apart.

    `instant`: the `period` of rows whose time must be equal, because they speak about one day; "" where there are none.
    """

    group: tuple[str, ...]
    time: str
    days: int
    instant: str = ""


CONTESTS = {
    "facts": Contest(("symbol", "item", "period"), "period_end", PERIOD_DAYS, "P"),
    "earnings": Contest(("symbol",), "date", REPORT_DAYS),
}


@dataclass(slots=True)
class Statement:
    """What one service said about one key, from when until when (`until` None: it still says so). Times are any integers.

    `group` and `day` say what it is about, `period_day` the end of the fiscal period where that is known. `rank` orders
    whom to believe, the smallest first. `stands`: the spans in which it is the one believed, set by `settle`.
    """

    provider: str
    key: tuple[Any, ...]
    group: tuple[Any, ...]
    day: int
    days: int
    rank: tuple[int, ...]
    known: int
    until: int | None
    fetch_id: int
    row: Any = None
    period_day: int | None = None
    stands: list[Span] = field(default_factory=list)

    @property
    def lives(self) -> list[Span]:
        """The span of its life, as a list of none or one."""
        return [(self.known, self.until)] if self.until is None or self.until > self.known else []

    def rivals(self, other: Statement) -> bool:
        """Whether both speak about the same thing and come from different services."""
        if self.provider == other.provider or self.group != other.group or abs(self.day - other.day) > self.days:
            return False
        apart = None if self.period_day is None or other.period_day is None else abs(self.period_day - other.period_day)
        return apart is None or apart <= _SAME_QUARTER_DAYS


def settle(statements: Iterable[Statement]) -> None:
    """Set `stands` of each: its life without the spans in which a rival that comes before it stands.

    A better `rank` comes first; of equal ones the statement that became known last.
    """
    processed: dict[tuple[Any, ...], list[tuple[int, int, Statement]]] = {}
    ordered = sorted(statements, key=lambda each: (each.rank, -each.known, -each.fetch_id))
    for number, one in enumerate(ordered):
        near = processed.setdefault(one.group, [])
        spans = one.lives
        at = bisect_left(near, (one.day - one.days, -1))
        while spans and at < len(near) and near[at][0] <= one.day + one.days:
            if one.rivals(near[at][2]):
                for taken in near[at][2].stands:
                    spans = _without(spans, taken)
            at += 1
        one.stands = spans
        if spans:
            insort(near, (one.day, number, one))


def _without(spans: Sequence[Span], taken: Span) -> list[Span]:
    left: list[Span] = []
    for start, end in spans:
        before = end if end is not None and end <= taken[0] else taken[0]
        if start < before:
            left.append((start, before))
        if taken[1] is not None and (end is None or end > taken[1]):
            left.append((max(start, taken[1]), end))
    return left


def rank_of(order: Sequence[str]) -> Callable[[str], int]:
    """The place of a service in the order of trust: what the user brought first, those not named last."""
    places = {provider: place for place, provider in enumerate(order)}
    places.setdefault(OWN, -1)
    return lambda provider: places.get(provider, len(order))


def why(dataset: str, winner: str, other: str, order: Sequence[str], *, result_first: bool = False) -> str:
    """The rule by which `winner` stands and not `other`, in words."""
    about = {"facts": "company figures", "earnings": "earnings reports"}.get(dataset, dataset)
    rank = rank_of(order)
    if result_first:
        return "a report with results stands before an expected one"
    if rank(winner) == rank(other):
        return "neither is named in the order of trust, so the newer statement stands"
    if rank(winner) > rank(other):  # the order was changed since they were stored
        return f"{title(winner)} stands until {title(other)} is asked again; the order of trust has changed since"
    if winner == OWN and OWN not in order:
        return "what you imported yourself is believed before any service"
    if order and winner == order[0]:
        return f"{title(winner)} is believed first about {about}"
    return f"{title(winner)} is believed before {title(other)} about {about}"


def title(provider: str) -> str:
    """What a service is called."""
    known = {service.id: service.title for service in SERVICES} | {OWN: "Your file", "demo": "Demo exchange"}
    return known.get(provider, provider)


def aligned(facts: pl.DataFrame) -> pl.DataFrame:
    """Facts in which every period of a symbol has one end, the latest that a service gives it.

    Some services date a period to the day, others to the end of the month: left as they are, one quarter would look like
    two, a few days apart. Point statements (period "P") are left alone.
    """
    keys = ["symbol", "period_end"]
    ends = facts.filter(pl.col("period") != "P").select(keys).unique().sort(keys)
    far = (pl.col("period_end").diff() > pl.duration(days=PERIOD_DAYS)) | (pl.col("symbol") != pl.col("symbol").shift())
    ends = ends.with_columns(far.fill_null(True).cum_sum().alias("_cluster"))
    ends = ends.with_columns(pl.col("period_end").max().over("_cluster").alias("_end"))
    moved = ends.filter(pl.col("_end") != pl.col("period_end")).select(*keys, "_end")
    if moved.is_empty():
        return facts
    joined = facts.join(moved, on=keys, how="left", maintain_order="left")
    end = pl.when(pl.col("period") == "P").then("period_end").otherwise(pl.coalesce("_end", "period_end"))
    key = ["symbol", "item", "period", "period_end"]
    return joined.with_columns(end.alias("period_end")).drop("_end").sort(key, maintain_order=True)

