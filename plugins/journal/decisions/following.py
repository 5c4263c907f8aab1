"""What happened since each entry was written: prices and the broad index up to the day asked for, graded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from plugins.journal import book
from plugins.journal.decisions.context import BENCHMARK
from terminal.domain.journal.decisions import DIRECTIONS, Entry, Version, side
from terminal.domain.journal.grading import Bar, CallGrade, Closing, Grade, History, Levels, Plan, grade, grade_call
from terminal.domain.sessions import Calendar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from terminal.api import Context, Source

_BEFORE = timedelta(days=10)


@dataclass(frozen=True)
class Followed:
    """An entry, what became of it, its check-ins (the oldest first) and its stored status (None: never judged)."""

    entry: Entry
    grade: Grade
    call: CallGrade | None = None
    checkins: tuple[Mapping[str, Any], ...] = ()
    status: Mapping[str, Any] | None = None

    @property
    def sign(self) -> int | None:
        """How its plan's gain counts for the decision: passing on a gain is a loss; only watching is neither."""
        return {"pass": -1, "watch": None}.get(self.entry.first.terms.action, 1)

    @property
    def gain(self) -> float | None:
        """What the decision gained, at its end or so far."""
        return None if self.sign is None or self.grade.gain is None else self.sign * self.grade.gain

    @property
    def beyond(self) -> float | None:
        """What it gained beyond the market."""
        return None if self.sign is None or self.grade.beyond is None else self.sign * self.grade.beyond

    @property
    def right(self) -> bool | None:
        """Whether it turned out right; None while it is not over, or cannot be said."""
        if self.call is not None:
            return {"right": True, "wrong": False}.get(self.call.state)
        return None if self.grade.state != "closed" or self.gain is None else self.gain > 0

    @property
    def closed_by_user(self) -> bool:
        """Whether the user ended it in a check-in."""
        return any(each["next"] == "close" for each in self.checkins)

    @property
    def watched(self) -> bool:
        """Whether its thesis is judged each night: until its time is up or the user closes it, also beyond stop and target."""
        return not self.closed_by_user and self.grade.how != "horizon"

    @property
    def over(self) -> bool:
        """Whether it has come to its end."""
        return self.grade.state == "closed" if self.call is None else self.call.state in ("right", "wrong")


@lru_cache(maxsize=1)
def calendar() -> Calendar:
    """The exchange's sessions."""
    from terminal.paths import data_file

    return Calendar.parse(data_file("sessions.csv").read_text(encoding="utf-8"))


def seen_until(ctx: Context) -> date:
    """The last day that is over: the one asked for, or today once its session has closed."""
    if ctx.as_of is not None:
        return ctx.as_of
    now, today, sessions = ctx.now(), ctx.market.today(), calendar()
    if sessions.is_session(today) and now < sessions.session_close(today):
        return today - timedelta(days=1)
    return today


def first_session(entry: Entry, version: Version) -> date:
    """The first session that opens after a version was written."""
    sessions = calendar()
    if entry.in_hindsight and version.number == 1:
        return sessions.next_session(entry.day)
    day = book.day_of(version.written_at)
    if sessions.is_session(day) and version.written_at <= sessions.session_open(day):
        return day
    return sessions.next_session(day)


def last_session(day: date) -> date:
    """The last session up to a day, the day included."""
    sessions = calendar()
    return day if sessions.is_session(day) else sessions.previous_session(day)


def plan(entry: Entry, checkins: Sequence[Mapping[str, Any]] = ()) -> Plan:
    """What of an entry is graded."""
    first, until = entry.first, entry.until
    terms = first.terms
    way = (1 if terms.action == "up" else -1) if terms.action in DIRECTIONS else _side(first)
    levels = tuple(
        Levels(first_session(entry, each), each.terms.stop, each.terms.target) for each in entry.versions if not each.removed
    )
    closing = next((each for each in checkins if each["next"] == "close"), None)
    ended = None
    if closing is not None:
        facts = closing["facts"]
        after = calendar().next_session(closing["done_on"])
        ended = Closing(closing["done_on"], after, facts.get("price"), facts.get("market_price"))
    return Plan(way, first.price, first_session(entry, first), until, last_session(until), levels, ended, first.market_price)


def _side(version: Version) -> int:
    terms = version.terms
    try:
        return side(terms.action, version.price, terms.stop, terms.target)
    except ValueError:  # its levels lie on one side of the price: the action alone says which way it was meant
        return side(terms.action, None, None, None)


def follow(ctx: Context, entries: Sequence[Entry]) -> tuple[list[Followed], tuple[Source, ...]]:
    """Each entry with what became of it by the end of the day asked for, and where the prices came from."""
    if not entries:
        return [], ()
    histories, fetches = _histories(ctx, {each.symbol for each in entries}, min(each.day for each in entries))
    done_by, statuses = _by_entry(checkins(ctx)), _statuses(ctx)
    seen = seen_until(ctx)
    market = histories[BENCHMARK]
    found = []
    for each in entries:
        done = tuple(done_by.get(each.id, ()))
        wanted, history = plan(each, done), histories[each.symbol]
        call = None
        if each.kind == "call":
            terms = each.first.terms
            call = grade_call(wanted, terms.event, terms.level, history, market, seen)
            wanted = replace(wanted, levels=())
        found.append(Followed(each, grade(wanted, history, market, seen), call, done, statuses.get(each.id)))
    sources = ctx.market.sources(fetches)
    return found, tuple(dict.fromkeys(sources.values()))


def _histories(ctx: Context, symbols: Iterable[str], start: date) -> tuple[dict[str, History], set[int]]:
    """Bars, splits and dividends of each symbol and of the broad index from shortly before a day on."""
    wanted = sorted({*symbols, BENCHMARK})
    seen = seen_until(ctx)
    frame = ctx.market.bars(
        wanted, start - _BEFORE, seen, ctx.as_of, columns=("symbol", "date", "open", "high", "low", "close")
    ).drop_nulls("close")
    bars: dict[str, list[Bar]] = {symbol: [] for symbol in wanted}
    for symbol, day, open_, high, low, close in frame.select("symbol", "date", "open", "high", "low", "close").iter_rows():
        known = [each if each is not None else close for each in (open_, high, low)]
        bars[symbol].append(Bar(day, known[0], known[1], known[2], close))
    splits, dividends = (
        _by_symbol(ctx.market.splits(wanted, ctx.as_of), "ratio"),
        _by_symbol(ctx.market.dividends(wanted, ctx.as_of), "amount"),
    )
    found = {
        symbol: History(
            tuple(bars[symbol]),
            tuple((day, value) for day, value in splits.get(symbol, ()) if start < day <= seen),
            tuple((day, value) for day, value in dividends.get(symbol, ()) if start < day <= seen),
        )
        for symbol in wanted
    }
    return found, {each for each in frame["fetch_id"].unique().to_list() if each is not None}


def _by_symbol(frame: Any, column: str) -> dict[str, list[tuple[date, float]]]:
    found: dict[str, list[tuple[date, float]]] = {}
    for symbol, day, value in frame.select("symbol", "ex_date", column).drop_nulls().iter_rows():
        found.setdefault(symbol, []).append((day, float(value)))
    return found


def checkins(ctx: Context) -> list[dict[str, Any]]:
    """The check-ins that stand, the oldest first, with their facts."""
    import json

    limit = book.moment(ctx.as_of)
    rows = ctx.store.book.read(
        "SELECT * FROM journal.checkins WHERE done_at < ? AND (removed_at IS NULL OR removed_at >= ?) ORDER BY done_at, number",
        (limit, limit),
    ).to_dicts()
    return [{**row, "facts": json.loads(row["facts"])} for row in rows]


def _by_entry(rows: Sequence[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["id"], []).append(row)
    return found


def _statuses(ctx: Context) -> dict[int, dict[str, Any]]:
    """The newest stored status of each entry's thesis."""
    rows = ctx.store.book.read(
        "SELECT * FROM journal.statuses WHERE judged_at < ? "
        "QUALIFY row_number() OVER (PARTITION BY id ORDER BY judged_at DESC) = 1",
        (book.moment(ctx.as_of),),
    )
    return {row["id"]: row for row in rows.to_dicts()}
