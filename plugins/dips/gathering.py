"""Finds the dips of a universe and puts beside each what is known of it: cause, base rate, verdict, decision, size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from plugins.dips.rules import Decision, Rules, Size, load
from terminal.api import Context, UserError
from terminal.paths import data_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import polars as pl

    from terminal.domain.base_rates import BaseRate, Episodes, Rates
    from terminal.domain.dips import Grid
    from terminal.domain.features import Features
    from terminal.domain.regime import Regime

BENCHMARK = "SPY"
HISTORY_DAYS = 366 * 6
SPANS = {"52w": 252, "recent": 63}
BIGGEST = {"mega": (10, "Mega caps: the 10 largest"), "large": (50, "Large caps: the 50 largest"),
           "big": (150, "Too big to fail: the 150 largest")}
PARTS = ("market", "sector", "company", "dividends", "today")
_BEFORE_THE_HIGH = timedelta(days=5)


@dataclass(frozen=True)
class Asked:
    """What is looked at: who, how deep, from which high."""

    universe: str
    threshold: float
    basis: str

    @property
    def window(self) -> int:
        """Sessions of the high."""
        return SPANS[self.basis]


@dataclass(frozen=True)
class Members:
    """The symbols of a universe, its title and what to beware of."""

    title: str
    symbols: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Dip:
    """One dip: `row` holds every value by column name (None: unknown), `why` why some of them are unknown."""

    row: dict[str, Any]
    rate: BaseRate | None
    own: Episodes
    decision: Decision
    size: Size | None
    why: dict[str, str]


@dataclass(frozen=True)
class Found:
    """The dips of a universe, deepest first, and what they were found in."""

    asked: Asked
    members: Members
    dips: tuple[Dip, ...]
    dividends_only: tuple[str, ...]
    unpriced: int
    grid: Grid
    regime: Regime
    rates: Rates
    rules: Rules
    features: Features
    fetches: dict[str, int]


def rulebook() -> Rules:
    """The rules in force. Raises UserError for a file that cannot be read."""
    path = data_file("dips.toml")
    try:
        return load(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"The rules of the dip monitor cannot be read: {error}", "Mend data/dips.toml.") from error


def asked(ctx: Context, universe: str, threshold: float, basis: str) -> Asked:
    """What was asked for, with the settings where nothing was said. Raises UserError for a threshold that is none."""
    depth = threshold or float(ctx.settings.get("dips.threshold"))
    depth = depth / 100 if depth >= 1 else depth
    if not 0.02 <= depth <= 0.9:
        raise UserError(f"A dip of {depth:.0%} cannot be looked for.",
                        "Give a threshold between 0.02 and 0.9, or 2 and 90 for per cent.")
    return Asked(universe or ctx.settings.get("dips.universe"), depth, basis)


def members(ctx: Context, name: str) -> Members:
    """The symbols of a universe by its name here, or anything `market universes` or `screener saved` knows."""
    if name in BIGGEST:
        return _biggest(ctx, *BIGGEST[name])
    if name == "watchlist":
        lists = [each for each in ctx.market.universes() if each.name.startswith("watchlist:") and each.symbols]
        if not lists:
            raise UserError("There is no watchlist with symbols yet.", "Add some with `tapeline watchlist add NAME SYMBOL`.")
        symbols = tuple(dict.fromkeys(symbol for each in lists for symbol in each.symbols))
        return Members("Your watchlists", symbols)
    try:
        found = ctx.market.universe(name)
    except UserError as unknown:
        screened = _screened(ctx, name)
        if screened is None:
            raise unknown
        return screened
    return Members(found.title, found.symbols, found.note)


def _screened(ctx: Context, name: str) -> Members | None:
    """What a preset or saved screen matches; None when there is no such screen."""
    if "screener.run" not in ctx.commands():
        return None
    try:
        table = ctx.call("screener.run", preset=name, record=False)
    except UserError:
        return None
    return Members(f"Screen: {name}", tuple(table.frame["symbol"].to_list()))


class NothingStoredError(UserError):
    """There is no company to look at: something must be fetched first."""


def _biggest(ctx: Context, count: int, title: str) -> Members:
    import polars as pl

    frame = ctx.market.features(None, ctx.as_of).frame
    ranked = frame.filter((pl.col("kind") == "stock") & pl.col("market_cap").is_not_null()).sort("market_cap", descending=True)
    unknown = frame.filter((pl.col("kind") == "stock") & pl.col("market_cap").is_null()).height
    if ranked.is_empty():
        raise NothingStoredError("No market value is known, so the largest companies cannot be told.",
                        "Fetch some with `tapeline market refresh sp500`, or look at the demo with --demo.")
    who = title.partition(":")[0]
    note = f"{who}: the {min(count, ranked.height)} largest by market value of the {ranked.height} companies stored"
    note += f"; the market value of {unknown} more is unknown." if unknown else "."
    return Members(title, tuple(ranked["symbol"].head(count).to_list()), note)


def find(ctx: Context, wanted: Asked, only: Sequence[str] | None = None) -> Found:
    """Everything about the dips of a universe (`only`: of these symbols), as far as it was known at `ctx.as_of`."""
    import polars as pl

    from terminal.domain.attribution import attribute
    from terminal.domain.base_rates import Rates, regimes
    from terminal.domain.dips import scan
    from terminal.domain.regime import RATES_PROXIES

    rules = rulebook()
    ctx.progress(0.05, "Finding the universe")
    who = members(ctx, wanted.universe) if only is None else Members(", ".join(only), tuple(only))
    ctx.progress(0.15, "Judging")
    features = ctx.market.scored(None, ctx.as_of)
    ctx.progress(0.5, "Reading prices")
    grid, fetches = _grid(ctx, features)
    kinds = features.frame.select("symbol", "kind", "sector").to_dicts()
    sectors = {each["symbol"]: each["sector"] if each["kind"] == "stock" else None for each in kinds}
    ctx.progress(0.65, "Looking for dips")
    every = scan(grid, wanted.threshold, window=wanted.window, symbols=who.symbols)
    falls = every.filter(~pl.col("dividends_only"))
    causes = attribute(grid, falls, sectors, BENCHMARK)
    causes = causes.rename({name: f"{name}_part" for name in PARTS})
    frame = falls.join(causes.drop("why_unknown"), on="symbol", how="left", maintain_order="left")
    frame = frame.with_columns(causes["why_unknown"].alias("_why_split"))
    frame = frame.join(_events(ctx, frame), on="symbol", how="left", maintain_order="left")
    frame = frame.join(_refused(ctx, frame), on="symbol", how="left", maintain_order="left")
    ctx.progress(0.75, "Comparing with earlier falls")
    regime = ctx.market.regime(ctx.as_of)
    stocks = [symbol for symbol, sector in sectors.items() if sector]
    names = regimes(grid, stocks, BENCHMARK, RATES_PROXIES)
    rates = Rates(grid, sectors, names, regime.name, window=wanted.window, least=rules.least)
    capital = float(ctx.settings.get("dips.capital"))
    dips = _dips(frame, features, rates, rules, regime.name, capital)
    unpriced = sum(symbol not in set(grid.symbols) for symbol in who.symbols)
    return Found(wanted, who, dips, tuple(every.filter("dividends_only")["symbol"]), unpriced, grid, regime, rates, rules,
                 features, fetches)


def _grid(ctx: Context, features: Features) -> tuple[Grid, dict[str, int]]:
    """The closes of everything stored with the current prices, and the newest fetch of each symbol's bars."""
    import polars as pl

    from terminal.domain.dips import grid

    start = (ctx.as_of or ctx.market.today()) - timedelta(days=HISTORY_DAYS)
    bars = ctx.market.bars(None, start, as_of=ctx.as_of, columns=("symbol", "date", "close", "adjusted_close"))
    if bars.is_empty():
        raise UserError("No prices are stored yet.",
                        "Fetch some with `tapeline market refresh sp500`, or look at the demo with --demo.")
    prices = features.frame.select("symbol", "price", pl.col("_price_date").alias("day"))
    made = grid(bars, BENCHMARK, prices=prices)
    newest = bars.group_by("symbol").agg(pl.col("fetch_id").last())
    return made, dict(zip(newest["symbol"].to_list(), newest["fetch_id"].to_list(), strict=True))


def _events(ctx: Context, falls: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    from plugins.dips.events import SCHEMA, events, nearest

    symbols = falls["symbol"].to_list()
    if not symbols:
        return nearest(falls, pl.DataFrame(schema=SCHEMA))
    start: date = falls["peak_day"].min() - _BEFORE_THE_HIGH  # type: ignore[assignment, operator]
    read = ctx.store.market.read
    reports, filed, written = (read(name, symbols, start=start, as_of=ctx.as_of) for name in ("earnings", "filings", "headlines"))
    return nearest(falls, events(reports, filed, written, ctx.market.dividends(symbols, ctx.as_of)))


def _refused(ctx: Context, falls: pl.DataFrame) -> pl.DataFrame:
    """How many rows of prices were refused since the high of each."""
    import polars as pl

    held = ctx.store.market.quarantine().filter(pl.col("dataset").is_in(["bars", "quotes"]))
    if ctx.as_of is not None:
        held = held.filter(pl.col("at").dt.convert_time_zone("America/New_York").dt.date() <= ctx.as_of)
    day = pl.col("key").str.extract(r"(\d{4}-\d{2}-\d{2})").str.to_date(strict=False)
    rows = held.select("symbol", day.alias("on")).join(falls.select("symbol", "peak_day"), on="symbol")
    counted = rows.filter(pl.col("on") > pl.col("peak_day")).group_by("symbol").agg(pl.len().cast(pl.Int64).alias("refused"))
    return falls.select("symbol").join(counted, on="symbol", how="left").with_columns(pl.col("refused").fill_null(0))


_JUDGED = ("name", "kind", "sector", "currency", "verdict", "score", "coverage", "days_to_earnings", "days_to_ex_dividend",
           "price_to_sma_200", "flags", "why", "off_high_52w", "market_cap")


def _dips(frame: pl.DataFrame, features: Features, rates: Rates, rules: Rules, regime: str, capital: float) -> tuple[Dip, ...]:
    own = rates.own(frame["_row"].to_numpy(), -frame["dip"].to_numpy(), frame["_peak_at"].to_numpy())
    index = features.index
    judged = {symbol: features.frame.row(index[symbol], named=True) for symbol in frame["symbol"] if symbol in index}
    dips = []
    for measured, past in zip(frame.to_dicts(), own, strict=True):
        scored = judged.get(measured["symbol"], {})
        rate = rates.best(measured["_row"], -measured["dip"], past)
        known = {name: scored.get(name) for name in _JUDGED} | {"regime": regime}
        row = {**measured, **known, **_shares(measured), **rate_columns(rate)}
        decision = rules.decide(row)
        size = rules.sized(row, capital) if decision.action == "buy" else None
        row.update(_decided(decision, size, rules))
        dips.append(Dip(row, rate, past, decision, size, _why(row, rate, features, capital, decision)))
    return tuple(dips)


def _shares(row: dict[str, Any]) -> dict[str, float | None]:
    """What part of the fall is the company's and the market's own, 0 to 1; unknown where the split is."""
    def part(name: str) -> float | None:
        value = row[name]
        return None if value is None else min(max(value / row["dip"], 0.0), 1.0)

    return {"company_share": part("company_part"), "market_share": part("market_part")}


def rate_columns(rate: BaseRate | None) -> dict[str, Any]:
    """A base rate as columns."""
    row: dict[str, Any] = {"n": None, "basis": None, "median": None, "further_50": None, "further_90": None, "rate_depth": None}
    for horizon in (63, 126, 252):
        share = None if rate is None else rate.recovered[horizon]
        row[f"recovered_{horizon}"] = None if share is None else share.value
        row[f"recovered_{horizon}_low"] = None if share is None else share.low
        row[f"recovered_{horizon}_high"] = None if share is None else share.high
    if rate is not None:
        row |= {"n": rate.n, "basis": basis_words(rate), "median": rate.median, "further_50": rate.further_50,
                "further_90": rate.further_90, "rate_depth": rate.depth}
    return row


def basis_words(rate: BaseRate) -> str:
    """On what a base rate rests, in a few words."""
    whose = {"own": "own falls", "sector": "sector's falls", "universe": "all stored stocks' falls"}[rate.basis]
    return f"{whose}, {rate.regime} market" if rate.regime else f"{whose}, any market"


def _decided(decision: Decision, size: Size | None, rules: Rules) -> dict[str, Any]:
    return {
        "action": rules.actions[decision.action].title, "_action": decision.action, "level": decision.level or None,
        "reason": decision.reasons[0].pro, "reasons": [each.pro for each in decision.reasons],
        "_reason_newbie": decision.reasons[0].newbie, "size": None if size is None else size.share,
        "money": None if size is None else size.money,
    }


def _why(row: dict[str, Any], rate: BaseRate | None, features: Features, capital: float, decision: Decision) -> dict[str, str]:
    why = {}
    if row["market_part"] is None or row["sector_part"] is None:
        why["sector_part" if row["market_part"] is not None else "market_part"] = row["_why_split"] or "belongs to no sector"
    if row["severity"] is None:
        why["severity"] = f"{row['falls']} earlier falls of 5 % or more have ended; 5 are needed"
    if row["event"] is None:
        why["event"] = "no report, filing, headline or ex-dividend date within 3 days of its worst session"
    if rate is None:
        why["recovered_252"] = "no earlier fall of this depth is stored"
    elif row["median"] is None:
        why["median"] = "less than half of them recovered within 252 sessions"
    if row["days_to_earnings"] is None:
        why["days_to_earnings"] = "no coming report is stored"
    if decision.action != "buy":
        why["size"] = "only what may be bought gets a size"
    elif capital <= 0:
        why["money"] = "set dips.capital to see money"
    if row["dip_total"] is None:
        why["dip_total"] = "no adjusted closes"
    return why | {name: text for name, text in features.why_unknown(row["symbol"]).items() if row.get(name, 0) is None}


def with_levels(found: Found, since: dict[str, dict[str, Any]]) -> Found:
    """The same with `since` (the day the present level began) where it was written down."""
    dips = tuple(replace(each, row=each.row | {"since": _since(each.row, since.get(each.row["symbol"]))}) for each in found.dips)
    return replace(found, dips=dips)


def _since(row: dict[str, Any], kept: dict[str, Any] | None) -> date | None:
    return kept["since"] if kept is not None and kept["level"] == row["level"] else None
