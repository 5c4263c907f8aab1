"""What several services say about one value: whose statement is the newest version, and where the others are kept.

Beside `facts` and `facts_superseded` (what stands and what stood) there is `facts_others`: each statement that did not
stand for the whole of its life, with the span in which its service made it. It has rows only where services overlap.
Whenever something new is said about a contested group, its statements are read back, the new ones added, and who stands
when is worked out again; only rows that come out differently are written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain.rivals import CONTESTS, Statement, rank_of, settle
from terminal.domain.schemas import UTC as UTC_TYPE
from terminal.store.known import EXCHANGE, evening
from terminal.store.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from terminal.domain.fetch import Fetch
    from terminal.domain.rivals import Contest
    from terminal.domain.schemas import Schema
    from terminal.store.transaction import Transaction

# An expected date lapses when its service has not been heard about the symbol for so long while another one differs.
LAPSES = timedelta(days=14)
# What was reported stands before what is expected.
_HAPPENED, _EXPECTED = 0, 1
_PLACES = ("", "_superseded", "_others")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OVER = timedelta(days=3)  # after this many days without a result an expected date was wrong
_FEW = 250  # symbols that are named in the query, so that only their part of the table is looked at
# A row of a table: which table ("" the newest versions), and its span there.
Place = tuple[str, int, int | None]


def take_in(tx: Transaction, schema: Schema, good: pl.DataFrame, fetch: Fetch, number: int, order: Sequence[str], *,
            alone: bool) -> tuple[pl.DataFrame, int]:
    """Settle the rows of `good` that are contested; the other rows, and how many statements were new.

    Contested are rows in groups about which another service has said something, and older filings than the one stored.
    `alone`: no other service has ever answered the dataset.
    """
    contest = CONTESTS[schema.name]
    filed = "filed_at" in schema.columns and good["filed_at"].is_not_null().any()
    if alone and not (filed and _any_late(tx, schema, good)):
        return good, 0
    incoming = good.with_columns(_group(contest).alias("_group"))
    stored = _stored(tx, schema, contest, good).with_columns(_group(contest).alias("_group"))
    contested = stored.filter(pl.col("provider") != fetch.provider)["_group"].unique()
    own = stored.filter(pl.col("provider") == fetch.provider)
    if filed:
        contested = pl.concat([contested, _late(schema, incoming, own)["_group"]]).unique()
    if contested.is_empty():
        return good, 0
    rivals = incoming.filter(pl.col("_group").is_in(contested.implode()))
    plain = incoming.filter(~pl.col("_group").is_in(contested.implode())).drop("_group")
    rank = rank_of(order)
    # What an answer leaves out is news too where reports are expected.
    news = rivals if schema.name == "earnings" else _news(schema, rivals, own)
    touched = pl.concat([news["_group"], _outranked(stored, rank)]).unique()
    if touched.is_empty():
        return plain, 0
    book = _Book(schema, contest, rank)
    book.load(stored.filter(pl.col("_group").is_in(touched.implode())).drop("_group"))
    added = book.add(news, fetch, number)
    if schema.name == "earnings":
        book.withdraw(rivals, fetch)
        book.lapse(_heard(tx, rivals, fetch), fetch)
    settle(book.statements)
    book.write(tx)
    return plain, added


def _group(contest: Contest) -> pl.Expr:
    """What rows must share to be rivals, as one text."""
    parts = [pl.col(name) for name in contest.group]
    if contest.instant:
        day = pl.col(contest.time).cast(pl.String)
        parts.append(pl.when(pl.col("period") == contest.instant).then(day).otherwise(pl.lit("")))
    return pl.concat_str(parts, separator="\x1f")


def _stored(tx: Transaction, schema: Schema, contest: Contest, good: pl.DataFrame) -> pl.DataFrame:
    """Everything said about the groups of `good`: held (the table), id, the row, fetch_id, known_at, known_until, provider."""
    columns = ", ".join(f"b.{quoted(name)}" for name in schema.columns)
    match = " and ".join(f"g.{quoted(name)} = b.{quoted(name)}" for name in contest.group)
    groups = good.select(contest.group).unique()
    if contest.instant:
        moment = pl.when(pl.col("period") == contest.instant).then(contest.time).alias("moment")
        groups = good.select(*contest.group, moment).unique()
        match += f' and (b.period <> {literal(contest.instant)} or g.moment = b."{contest.time}")'
    symbols = good["symbol"].unique()
    few = f"b.symbol in ({', '.join(map(literal, symbols))}) and " if symbols.len() <= _FEW else ""

    def part(place: str) -> str:
        until = "b.known_until" if place else "null::timestamptz"
        return (f"select '{place}' as held, b.rowid as id, {columns}, b.fetch_id, b.known_at, {until} as known_until "
                f"from {schema.name}{place} b where {few}exists (select 1 from contested_groups g where {match})")

    with tx.view("contested_groups", groups):
        rows = tx.query(" union all ".join(part(place) for place in _PLACES))
    # By number: a join would read the whole log, which grows with every request.
    numbers = ", ".join(map(str, rows["fetch_id"].unique())) or "null"
    names = tx.query(f"select fetch_id, provider from fetch_log where fetch_id in ({numbers})")
    return rows.join(names, on="fetch_id", maintain_order="left")


def _outranked(stored: pl.DataFrame, rank: Callable[[str], int]) -> pl.Series:
    """The groups in which something kept aside may have to stand now, because the order of trust was changed since."""
    ranks = {provider: rank(provider) for provider in stored["provider"].unique()}
    ranked = stored.filter(pl.col("known_until").is_null()).with_columns(
        pl.col("provider").replace_strict(list(ranks), list(ranks.values()), return_dtype=pl.Int64).alias("_rank"))
    aside = pl.col("_rank").filter(pl.col("held") == "_others").min()
    return ranked.group_by("_group").agg((aside < pl.col("_rank").filter(pl.col("held") == "").max()).alias("_off")).filter(
        "_off")["_group"]


def _any_late(tx: Transaction, schema: Schema, good: pl.DataFrame) -> bool:
    """Whether any row was filed before the stored one of its key."""
    same = " and ".join(f"v.{quoted(name)} = b.{quoted(name)}" for name in schema.key)
    with tx.view("incoming_filed", good.select(*schema.key, "filed_at")):
        found = tx.query(f"select 1 from incoming_filed v join {schema.name} b on {same} and v.filed_at < b.filed_at limit 1")
    return not found.is_empty()


def _late(schema: Schema, incoming: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """The rows that were filed before the same service's newest statement: versions of the past."""
    key = list(schema.key)
    newest = own.filter(pl.col("known_until").is_null()).group_by(key).agg(pl.col("filed_at").max().alias("_newest"))
    return incoming.join(newest, on=key).filter(pl.col("filed_at") < pl.col("_newest"))


def _news(schema: Schema, rivals: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """The rows that do not repeat the service's last word, nor an older filing of its that is stored."""
    columns = list(schema.columns)
    said = own.filter(pl.col("known_until").is_null())
    news = rivals.join(said, on=columns, how="anti", nulls_equal=True, maintain_order="left")
    if "filed_at" not in schema.columns or news.is_empty():
        return news
    key = list(schema.key)
    newest = said.group_by(key).agg(pl.col("filed_at").max().alias("_newest"))
    marked = news.join(newest, on=key, how="left", maintain_order="left").with_columns(
        (pl.col("filed_at") < pl.col("_newest")).fill_null(False).alias("_late"))
    repeated = marked.filter("_late").join(own, on=columns, how="semi", nulls_equal=True)
    return marked.join(repeated, on=columns, how="anti", nulls_equal=True, maintain_order="left").drop("_newest", "_late")


def _heard(tx: Transaction, incoming: pl.DataFrame, fetch: Fetch) -> dict[tuple[str, str], datetime]:
    """When each other service last answered about each symbol of earnings; an answer about several counts for all."""
    with tx.view("asked_symbols", incoming.select("symbol").unique()):
        rows = tx.query("select a.symbol, f.provider, max(f.finished_at) as heard from asked_symbols a "
                        "join fetch_log f on f.dataset = 'earnings' and f.symbol in (a.symbol, '') "
                        f"where f.status in ('ok', 'empty') and f.provider <> {literal(fetch.provider)} group by all")
    return {(symbol, provider): heard for symbol, provider, heard in rows.iter_rows()}


@dataclass(slots=True)
class _Kept:
    """A stored or new statement, and the rows of the three tables that tell of it."""

    said: Statement
    held: dict[Place, int] = field(default_factory=dict)


class _Book:
    """The statements of the groups concerned."""

    def __init__(self, schema: Schema, contest: Contest, rank: Callable[[str], int]) -> None:
        self._schema, self._contest, self._rank = schema, contest, rank
        self._names = list(schema.columns)
        self._at = {name: place for place, name in enumerate(self._names)}
        self._values = [place for place, name in enumerate(self._names) if name not in schema.key]
        self._kept: dict[tuple[int, tuple[Any, ...]], _Kept] = {}
        self._doubled: list[tuple[str, int]] = []

    @property
    def statements(self) -> Iterable[Statement]:
        """All of them."""
        return [kept.said for kept in self._kept.values()]

    def load(self, stored: pl.DataFrame) -> None:
        """Read back what each service said and when, from where it stands, stood or was kept aside."""
        width = len(self._names)
        # The statements kept aside come last: they have the whole span, the other tables only that in which it stood.
        for row in stored.with_columns(_number("known_at"), _number("known_until")).iter_rows():
            held, rowid, values = row[0], row[1], row[2 : 2 + width]
            fetch_id, known, until, provider = row[2 + width :]
            kept = self._kept.get((fetch_id, self._key(values)))
            if kept is None:
                kept = _Kept(self._said(values, provider, fetch_id, known, until))
                self._kept[fetch_id, kept.said.key] = kept
            elif held == "_others":
                kept.said.known, kept.said.until = known, until
            else:
                kept.said.known = min(kept.said.known, known)
                kept.said.until = None if kept.said.until is None or until is None else max(kept.said.until, until)
            if (held, known, until) in kept.held:
                self._doubled.append((held, rowid))
            kept.held[held, known, until] = rowid

    def add(self, incoming: pl.DataFrame, fetch: Fetch, number: int) -> int:
        """Add what was said now; how many statements are new. One that repeats the service's last word is none."""
        own: dict[tuple[Any, ...], list[Statement]] = {}
        for said in self.statements:
            if said.provider == fetch.provider:
                own.setdefault(said.key, []).append(said)
        now, added = _micros(fetch.finished_at), 0
        for *values, known in incoming.select(*self._names, _number("known_at")).iter_rows():
            row = tuple(values)
            earlier = sorted(own.get(self._key(row), ()), key=lambda each: (each.known, each.fetch_id))
            span = self._span(row, known, earlier, now)
            if span is None:
                continue
            said = self._said(row, fetch.provider, number, *span)
            self._kept[number, said.key] = _Kept(said)
            added += 1
        return added

    def withdraw(self, incoming: pl.DataFrame, fetch: Fetch) -> None:
        """End expected dates of this service that its answer no longer has, where it names another one still to come."""
        today = fetch.finished_at.astimezone(EXCHANGE).date()
        answered = set(incoming.select(self._schema.key).iter_rows())
        coming = {symbol for symbol, day in answered if day >= today}
        for said in self._expected():
            day = date.fromordinal(said.day)
            if said.provider == fetch.provider and day >= today and said.group[0] in coming and said.key not in answered:
                said.until = max(said.known, _micros(fetch.finished_at))

    def lapse(self, heard: dict[tuple[str, str], datetime], fetch: Fetch) -> None:
        """End dates that other services expect where this one differs: those over without a result or long not repeated."""
        now = fetch.finished_at
        today = now.astimezone(EXCHANGE).date()
        mine = [said for said in self.statements if said.provider == fetch.provider and said.until is None]
        for said in self._expected():
            last = heard.get((said.group[0], said.provider))
            silent = last is not None and now - last > LAPSES
            over = date.fromordinal(said.day) + OVER < today
            if said.provider != fetch.provider and (silent or over) and any(said.rivals(other) for other in mine):
                said.until = max(said.known, _micros(now))

    def write(self, tx: Transaction) -> None:
        """Bring the three tables to what was worked out; rows that stay as they are are not touched."""
        gone: dict[str, list[int]] = {place: [] for place in _PLACES}
        for held, rowid in self._doubled:
            gone[held].append(rowid)
        fresh: dict[str, list[tuple[Any, ...]]] = {place: [] for place in _PLACES}
        for kept in self._kept.values():
            said, wanted = kept.said, _places(kept.said)
            for place, rowid in kept.held.items():
                if place not in wanted:
                    gone[place[0]].append(rowid)
            for name, known, until in wanted - kept.held.keys():
                fresh[name].append((*said.row, said.fetch_id, known, until))
        for name in _PLACES:
            table = f"{self._schema.name}{name}"
            if gone[name]:
                with tx.view("gone_rows", pl.DataFrame({"id": gone[name]}, schema={"id": pl.Int64})):
                    tx.execute(f"delete from {table} where rowid in (select id from gone_rows)")
            if fresh[name]:
                tx.insert(table, self._rows(fresh[name], spans=bool(name)))

    def _rows(self, rows: list[tuple[Any, ...]], *, spans: bool) -> pl.DataFrame:
        kinds = {**self._schema.columns, "fetch_id": pl.Int64, "known_at": pl.Int64, "known_until": pl.Int64}
        frame = pl.DataFrame(rows, schema=kinds, orient="row").sort(self._schema.key)
        times = [pl.col(name).cast(pl.Datetime("us")).dt.replace_time_zone("UTC") for name in ("known_at", "known_until")]
        frame = frame.with_columns(times)
        return frame if spans else frame.drop("known_until")

    def _span(self, row: tuple[Any, ...], known: int, earlier: list[Statement], now: int) -> tuple[int, int | None] | None:
        """From when until when a service's new word counts, its earlier ones ended; None when it said so before."""
        last = earlier[-1] if earlier else None
        if last is None:
            return known, None
        if last.until is not None:  # it was taken back and is said again
            return max(known, last.until), None
        if self._same(last.row, row):
            return None
        if self._late(row, last.row):
            before = next((each for each in reversed(earlier) if each.known <= known), None)
            if before is not None and (before.known == known or self._same(before.row, row)):
                return None
            after = next(each for each in earlier if each.known > known) if known < last.known else None
            if after is None or self._same(after.row, row):
                return None
            if before is not None:
                before.until = known
            return known, after.known
        start = known if known > last.known else max(last.known, now)
        last.until = start
        return start, None

    def _late(self, row: tuple[Any, ...], last: tuple[Any, ...]) -> bool:
        at = self._at.get("filed_at")
        return at is not None and row[at] is not None and last[at] is not None and row[at] < last[at]

    def _same(self, one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
        return all(one[at] == other[at] for at in self._values)

    def _expected(self) -> Iterable[Statement]:
        return [said for said in self.statements if said.until is None and said.rank[0] == _EXPECTED]

    def _key(self, values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(values[self._at[name]] for name in self._schema.key)

    def _said(self, values: Sequence[Any], provider: str, fetch_id: int, known: int, until: int | None) -> Statement:
        row = tuple(values)
        day: date = row[self._at[self._contest.time]]
        period_day: int | None = None
        rank: tuple[int, ...] = (self._rank(provider),)
        days = self._contest.days
        if self._schema.name == "earnings":
            end: date | None = row[self._at["period_end"]]
            period_day = None if end is None else end.toordinal()
            result = row[self._at["eps_actual"]] is not None or row[self._at["revenue_actual"]] is not None
            # A day confirmed once it was over has happened, though the service (the SEC) does not say with which result.
            happened = result or (row[self._at["confirmed"]] is True and known >= _micros(evening(day)))
            rank = (_HAPPENED if happened else _EXPECTED, *rank)
        elif row[self._at["period"]] == "P":
            days = 0
        group = tuple(row[self._at[name]] for name in self._contest.group)
        return Statement(provider, self._key(row), group, day.toordinal(), days, rank, known, until, fetch_id, row, period_day)


def _places(said: Statement) -> set[Place]:
    """The rows that tell of a statement: where it stands, where it stood, and whole where that is not its whole life."""
    wanted: set[Place] = {("" if until is None else "_superseded", since, until) for since, until in said.stands}
    if said.stands != said.lives or not said.lives:
        wanted.add(("_others", said.known, said.until))
    return wanted


def _number(name: str) -> pl.Expr:
    return pl.col(name).cast(UTC_TYPE).dt.epoch("us")


def _micros(moment: datetime) -> int:
    return int((moment - _EPOCH) / timedelta(microseconds=1))
