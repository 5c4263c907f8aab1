"""Where flow comes from: recorded events of trade feeds and alerts, and the differences of archived snapshots worked out anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from plugins.options.flow import book
from plugins.options.flow.recipes import all_recipes
from terminal.api import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    import polars as pl

    from terminal.api import Context, Source
    from terminal.domain.flow.recipes import Fired, Recipe
    from terminal.domain.flow.settings import Settings
    from terminal.domain.flow.snapshots import Differences

SPANS = ("day", "snapshot")
INPUTS = {
    "prints": "trade feed",
    "alert": "its source's alert",
    "snapshot": "delayed snapshot anomaly",
}
NOT_A_DIRECTION = (
    "What was traded says neither who traded nor why: a call bought at the ask can be a bet, a hedge, the leg of a spread, or a "
    "short position given up. The lean is the first of these readings and no more."
)


@dataclass(frozen=True)
class Found:
    """`frame`: events with `recipes` (ids; empty where none flags it), newest first. `left_out`: reason to contracts.

    `looked`: symbol and day of the snapshots gone through, `feeds`: recorded events by input, `fired` what each recipe found.
    """

    frame: pl.DataFrame
    recipes: tuple[Recipe, ...]
    fired: tuple[Fired, ...]
    left_out: Mapping[str, int]
    looked: tuple[tuple[str, date], ...]
    feeds: Mapping[str, int]
    sources: tuple[Source, ...] = ()
    failed: tuple[str, ...] = field(default=())

    @property
    def rests_on(self) -> str:
        """What the list rests on, in words: always shown."""
        parts = []
        if self.feeds.get("prints"):
            parts.append(f"a trade feed ({self.feeds['prints']:,} recorded events)")
        if self.feeds.get("alert"):
            parts.append(f"alerts of a service ({self.feeds['alert']:,})")
        if self.looked:
            symbols, days = len({symbol for symbol, _ in self.looked}), len({day for _, day in self.looked})
            of = f"{symbols} symbol{'s' * (symbols != 1)} on {days} day{'s' * (days != 1)}"
            parts.append(f"delayed snapshots of chains ({of}): their differences are anomalies, not trades")
        return f"Rests on {' and '.join(parts)}." if parts else "Rests on nothing yet: no snapshots and no trades are stored."


def detection() -> Settings:
    """The published numbers of the detection."""
    from terminal.domain.flow.settings import load
    from terminal.paths import data_file

    return load(data_file("flow", "detection.toml"))


def find(ctx: Context, symbols: Sequence[str], *, days: int = 1, span: str = "day", fetch: Sequence[str] = ()) -> Found:
    """Events of the last `days` sessions up to the context's day, judged by every recipe.

    Without `symbols`, all whose chains are archived. Chains of `fetch` are asked for first where they are old.
    """
    import polars as pl

    from terminal.domain.flow import recipes as rules

    if days < 1 or days > 250:
        raise UserError(f"There are no last {days} sessions to look at.", "Choose 1 to 250.")
    wanted = tuple(dict.fromkeys(named(each) for each in symbols))
    filled(ctx, wanted)
    asked = [named(each) for each in fetch] if ctx.as_of is None else []
    failed = tuple(ctx.market.ensure(asked, ["chains"], ctx)) if asked else ()
    if asked:
        ctx.archiving.take()
    sessions = recent(ctx, days)
    recorded = book.events(ctx, symbols=wanted, start=sessions[0], end=sessions[-1])
    feeds = dict(recorded.filter(pl.col("input") != "snapshot").group_by("input").len().iter_rows())
    key = ("options.flow", wanted, sessions[0], sessions[-1], span, ctx.store.archive.version)
    looked, found, left_out, numbers = ctx.market.cached(key, lambda: snapshots(ctx, wanted, sessions, span), ("chains",))
    known = {symbol for symbol, _ in looked} | set(recorded["symbol"])
    nothing = [each for each in wanted if each not in known]
    failed += tuple(f"No chain of {each} is archived of these days, and no trade is recorded." for each in nothing)
    plain = recorded.filter(pl.col("input") != "snapshot").select(found.columns)
    frame = pl.concat([plain, found]).unique("id", keep="first", maintain_order=True)
    frame = frame.sort("day", "premium", descending=True, nulls_last=True)
    recipes = all_recipes(ctx)
    fired = rules.fire(recipes, frame)
    ids: list[list[str]] = [[] for _ in range(frame.height)]
    for each in fired:
        for row in each.rows:
            ids[row].append(each.recipe.id)
    frame = frame.with_columns(pl.Series("recipes", ids, dtype=pl.List(pl.String)))
    sources = _newest(ctx.market.sources(numbers).values())
    return Found(frame, recipes, fired, left_out, looked, feeds, sources, failed)


def snapshots(ctx: Context, symbols: Sequence[str], sessions: Sequence[date], span: str) -> tuple[
    tuple[tuple[str, date], ...], pl.DataFrame, dict[str, int], list[int]
]:  # fmt: skip
    """Differences of the archived snapshots of these symbols (none: all) and sessions: what was looked at, events, left out."""
    import polars as pl

    from terminal.domain.flow import events

    there = ctx.store.archive.snapshots().filter(pl.col("day").is_between(sessions[0], sessions[-1]))
    if symbols:
        there = there.filter(pl.col("symbol").is_in(list(symbols)))
    pairs = there.filter("last").select("symbol", "day").sort("day", "symbol").rows()
    parts, numbers = [events.empty()], list[int]()
    left_out: dict[str, int] = {}
    for place, (symbol, day) in enumerate(pairs):
        ctx.progress(place / len(pairs), f"Comparing snapshots of {symbol}")
        made, fetches = _of_day(ctx, symbol, day, span)
        parts.append(made.events)
        for reason, count in made.left_out.items():
            left_out[reason] = left_out.get(reason, 0) + count
        numbers += fetches
    return tuple(pairs), pl.concat(parts), left_out, numbers


def _of_day(ctx: Context, symbol: str, day: date, span: str) -> tuple[Differences, list[int]]:
    from terminal.domain.flow.snapshots import differences, gated

    archive = ctx.store.archive
    later = archive.chain(symbol, day)
    averages = archive.average_volume(later["contract"].to_list(), day).rename({"days": "average_days"})
    source = _provider(ctx, later)
    numbers = [int(each) for each in later["fetch_id"].drop_nulls().unique()]
    earlier = None
    if span == "snapshot":
        moments = archive.snapshots(symbol, day)["at"].sort().to_list()
        earlier = archive.chain_at(symbol, moments[-2]) if len(moments) > 1 else None
    return differences(gated(later), earlier, averages, source=source), numbers


def _provider(ctx: Context, chain: pl.DataFrame) -> str:
    sources = ctx.market.sources(chain["fetch_id"].drop_nulls().unique().to_list())
    return next((each.provider for each in sources.values()), "")


def _newest(sources: Iterable[Source]) -> tuple[Source, ...]:
    """One of each service and endpoint, the newest: a list of many symbols and days has hundreds."""
    kept: dict[tuple[str, str], Source] = {}
    for each in sorted(sources, key=lambda each: str(each.as_of)):
        kept[each.provider, each.endpoint] = each
    return tuple(kept.values())


def recent(ctx: Context, days: int) -> list[date]:
    """The last sessions up to the context's day, oldest first."""
    calendar = ctx.market.calendar
    last = ctx.as_of or ctx.market.today()
    found = [last if calendar.is_session(last) else calendar.previous_session(last)]
    while len(found) < days:
        found.append(calendar.previous_session(found[-1]))
    return found[::-1]


def named(symbol: str) -> str:
    """A symbol as the store names it."""
    from terminal.domain.options import contracts

    symbol = symbol.strip().upper()
    return contracts.UNDERLYING.get(symbol, symbol)


def filled(ctx: Context, symbols: Sequence[str]) -> None:
    """In the demo market: the archive that somebody would have by now, of these symbols (none: of all)."""
    ctx.market.simulate_past(symbols or None, ctx)


def context(ctx: Context, contracts: Sequence[str], day: date) -> pl.DataFrame:
    """contract, open_interest, average_volume, average_days as the archive knows them by the beginning of a day."""
    archive = ctx.store.archive
    averages = archive.average_volume(contracts, day).rename({"days": "average_days"})
    stated = archive.open_interest(contracts, day).select("contract", "open_interest")
    return averages.join(stated, on="contract", how="full", coalesce=True)
