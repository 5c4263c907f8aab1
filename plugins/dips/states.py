"""The memory of the dip monitor: which state each dip was in since when, which alerts are due, and what became of it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from plugins.dips.gathering import BENCHMARK, SPANS, Found, asked, find, rulebook
from plugins.dips.rules import LEVELS
from terminal.api import Column, Context, Table, UserError, argument, command
from terminal.domain.sourced import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from plugins.dips.gathering import Dip
    from terminal.domain.sessions import Calendar

Universe = Annotated[str, argument(help="Who is watched: mega, large, big, watchlist, or any universe or screen.")]
Threshold = Annotated[float, argument(help="Least fall, as 0.10 or 10 (per cent); 0: as set.")]
Basis = Annotated[str, argument(help="From which high: of 52 weeks or of the last 63 sessions.", choices=tuple(SPANS))]
# What is kept with each state, so that it can be judged later by what was known.
_KEPT = ("peak", "sessions", "verdict", "score", "coverage", "regime", "market_part", "sector_part", "company_part", "severity",
         "z", "n", "basis",
         "recovered_126", "recovered_252", "recovered_252_low", "recovered_252_high", "further_50", "further_90",
         "days_to_earnings", "event", "doubt", "volatility", "beta")
_LONGEST_GAP = timedelta(days=10)
"""A state not seen for longer has ended; seen again it is a new one."""


@command(title="Write down the dips of now", panel="dips", long=True, writes=True)
def scan(
    ctx: Context,
    *,
    universe: Universe = "",
    threshold: Threshold = 0.0,
    basis: Basis = "52w",
    moment: Annotated[Literal["now", "open", "close"], argument(help="Which scheduled scan; now: asked by hand.")] = "now",
) -> Table:
    """Look for dips and write down each new state with its price and inputs, and each change of an alert level.

    A state goes on while the same high and the same action last. With --as-of it is marked as seen in hindsight, and no
    alert comes of it.
    """
    wish = ctx.settings.get("dips.when")
    if moment != "now" and wish not in (moment, "both"):
        return _scanned([], f"The scan at the {moment} is not asked for (dips.when is {wish}).", ())
    try:
        found = find(ctx, asked(ctx, universe, threshold, basis))
    except UserError as nothing:
        if moment == "now":
            raise
        return _scanned([], nothing.message, ())  # a schedule over an empty market has nothing to do, which is no failure
    ctx.progress(0.95, "Writing")
    rows = ctx.store.book.write(lambda tx: _write(tx, ctx.now(), ctx.as_of, found))
    from plugins.dips.model import fetch_ids

    sources = tuple(dict.fromkeys(ctx.market.sources(fetch_ids(found, found.dips)).values()))
    new = sum(row["change"] != "goes on" for row in rows)
    told = sum(row["alert"] == "due" for row in rows)
    return _scanned(rows, f"{len(rows)} dips in {found.members.title}: {new} new states, {told} alerts due", sources)


def _scanned(rows: Sequence[Mapping[str, Any]], title: str, sources: tuple[Any, ...]) -> Table:
    import polars as pl

    columns = (
        Column("symbol", "Ticker"), Column("change", "Change"), Column("action", "What to do", term="dips_action"),
        Column("level", "Alert level", term="dips_level"), Column("alert", "Alert", term="dips_alert"),
        Column("since", "Since", "date", term="dips_since"), Column("price", "Price", "number"),
        Column("dip", "Dip", "number", "fraction", "dips_dip", decimals=1),
    )
    kinds = {"date": pl.Date, "number": pl.Float64, "text": pl.String}
    frame = pl.DataFrame({each.name: pl.Series(each.name, [row[each.name] for row in rows], dtype=kinds[each.type])
                          for each in columns})
    return Table(title, columns, frame, sources)


def _write(tx: Any, now: datetime, as_of: date | None, found: Found) -> list[dict[str, Any]]:
    """Put the states and levels of these dips into the book; what happened to each."""
    hindsight = as_of is not None
    last = {} if hindsight else _levels(tx.query(_NEWEST_LEVELS).to_dicts())
    first = not last  # the first look at a market finds what has long been there: nothing to wake anybody for
    rows = []
    for dip in found.dips:
        change, since = _write_state(tx, now, hindsight, found, dip)
        before = last.get(dip.row["symbol"])
        quiet = first and dip.decision.level == "watch"
        alert = "no" if hindsight else _write_level(tx, now, dip, before, found.rules.cooldown_days, quiet)
        rows.append({"symbol": dip.row["symbol"], "change": change, "action": found.rules.actions[dip.decision.action].title,
                     "level": dip.decision.level or None, "alert": alert, "since": since, "price": dip.row["price"],
                     "dip": dip.row["dip"]})
    if not hindsight:
        present = {dip.row["symbol"] for dip in found.dips}
        for symbol in set(found.members.symbols) & set(last) - present:
            if last[symbol]["level"]:
                tx.execute("INSERT INTO dips.alerts SELECT symbol, '', ?, alerted_on, ?, price, dip, false FROM dips.alerts "
                           "WHERE symbol = ? ORDER BY recorded_at DESC LIMIT 1", (_day(found), now, symbol))
    return rows


def _day(found: Found) -> date:
    """The session of the newest price."""
    return found.grid.days[-1].astype(object)  # type: ignore[no-any-return]


def _write_state(tx: Any, now: datetime, hindsight: bool, found: Found, dip: Dip) -> tuple[str, date]:
    row, day = dip.row, dip.row["day"]
    span = found.asked.window
    before = tx.query(
        "SELECT id, peak_day, action, opened_on, last_on FROM dips.states WHERE symbol = ? AND span = ? AND in_hindsight = ? "
        "AND opened_on <= ? ORDER BY opened_on DESC, id DESC LIMIT 1", (row["symbol"], span, hindsight, day)).to_dicts()
    if before:
        state = before[0]
        same = state["peak_day"] == row["peak_day"] and state["action"] == dip.decision.action
        if same and day - state["last_on"] <= _LONGEST_GAP:
            tx.execute("UPDATE dips.states SET last_on = greatest(last_on, ?) WHERE id = ?", (day, state["id"]))
            return "goes on", state["opened_on"]
        if state["opened_on"] == day:
            return "goes on", day  # the first state of a day stands
    inputs = {name: plain(row.get(name)) for name in _KEPT} | {"universe": found.asked.universe, "reasons": row["reasons"]}
    tx.execute(
        "INSERT INTO dips.states SELECT nextval('dips.state_id'), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?",
        (row["symbol"], row["peak_day"], dip.decision.action, day, day, now, hindsight, row["price"], row["dip"], row["size"],
         dip.decision.level, row["reason"], found.asked.threshold, span, found.rules.mark, json.dumps(inputs)))
    return "new" if not before else "changed", day


def _write_level(tx: Any, now: datetime, dip: Dip, last: Mapping[str, Any] | None, cooldown: int, first: bool) -> str:
    """Write down a level that differs from the last one. "due", "cooling down", "first look" or "no"."""
    level, day = dip.decision.level, dip.row["day"]
    if last is not None and last["level"] == level:
        return "no"
    rise = LEVELS.index(level) > LEVELS.index(last["level"] if last is not None else "")
    recent = tx.query("SELECT level FROM dips.alerts WHERE symbol = ? AND told AND alerted_on > ?",
                      (dip.row["symbol"], day - timedelta(days=cooldown)))["level"].to_list()
    quiet = any(LEVELS.index(each) >= LEVELS.index(level) for each in recent)
    due = rise and not quiet and not first
    tx.execute("INSERT INTO dips.alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
               (dip.row["symbol"], level, day, day, now, dip.row["price"], dip.row["dip"], due))
    return "due" if due else "first look" if rise and first else "cooling down" if rise else "no"


_NEWEST_LEVELS = ("SELECT symbol, level, since, told FROM dips.alerts "
                  "QUALIFY row_number() OVER (PARTITION BY symbol ORDER BY recorded_at DESC, since DESC) = 1")


def _levels(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["symbol"]: row for row in rows}


def levels(ctx: Context) -> dict[str, dict[str, Any]]:
    """The newest level of each symbol and since when; of a past day nothing."""
    return _levels(ctx.store.book.read(_NEWEST_LEVELS).to_dicts()) if ctx.as_of is None else {}


# -- what became of them -------------------------------------------------------------------------------------------------


@command(title="What became of the dips that were written down", panel="dips")
def scorecard(
    ctx: Context,
    *,
    symbol: Annotated[str, argument(help="Only this symbol's states.", metavar="SYMBOL")] = "",
    each: Annotated[bool, argument(help="One row a state instead of the sums.")] = False,
) -> Table:
    """Score every recorded state by what happened 5, 21 and 63 sessions later: hit rate with n and a 90 % interval.

    Bought at the open after the state was written down, sold at the close. A state that began while an earlier one of the
    same symbol and action was being held does not count. States seen in hindsight (--as-of) are counted apart.
    """
    from plugins.dips.scores import outcomes, summed
    from terminal.domain.instruments import clean_symbol

    wanted = clean_symbol(symbol) if symbol else ""
    states = ctx.store.book.read(
        "SELECT id, symbol, action, opened_on, in_hindsight, price, dip, level FROM dips.states "
        "WHERE (? = '' OR symbol = ?) AND (CAST(? AS DATE) IS NULL OR opened_on <= ?) ORDER BY opened_on, id",
        (wanted, wanted, ctx.as_of, ctx.as_of))
    symbols = tuple(dict.fromkeys((*states["symbol"].to_list(), BENCHMARK)))
    start = states["opened_on"].min() if states.height else None
    bars = ctx.market.bars(symbols, start, as_of=ctx.as_of)  # type: ignore[arg-type]
    found = outcomes(states, bars, BENCHMARK)
    fetches = bars.filter(bars["symbol"].is_in(list(set(states["symbol"].to_list()))))["fetch_id"].unique().to_list()
    sources = tuple(dict.fromkeys(ctx.market.sources(fetches).values()))
    if each:
        return _each(found, states, sources)
    return _sums(summed(found, list(rulebook().actions)), states.height, sources)


def _sums(rows: Sequence[dict[str, Any]], count: int, sources: tuple[Any, ...]) -> Table:
    import polars as pl

    titles = {name: words.title for name, words in rulebook().actions.items()}
    columns = (
        Column("action", "State", term="dips_action"), Column("in_hindsight", "In hindsight", "bool", term="dips_hindsight"),
        Column("horizon", "Sessions", "integer"), Column("n", "n", "integer", "count", "dips_score_n"),
        Column("pending", "Not yet over", "integer", "count", newbie=False),
        Column("hit_rate", "Went up", "number", "fraction", "dips_hit_rate", decimals=0),
        Column("hit_low", "Low", "number", "fraction", "dips_interval", decimals=0, newbie=False),
        Column("hit_high", "High", "number", "fraction", "dips_interval", decimals=0, newbie=False),
        Column("median", "Median return", "number", "fraction", decimals=1),
        Column("mean", "Mean return", "number", "fraction", decimals=1, newbie=False),
        Column("worst", "Worst return", "number", "fraction", decimals=1, newbie=False),
        Column("beyond", "Beyond the market", "number", "fraction", "dips_beyond", decimals=1),
        Column("beat_rate", "Beat the market", "number", "fraction", "dips_beyond", decimals=0, newbie=False),
    )
    kinds = {"text": pl.String, "bool": pl.Boolean, "integer": pl.Int64, "number": pl.Float64}
    frame = pl.DataFrame({each.name: pl.Series(each.name, [row[each.name] for row in rows], dtype=kinds[each.type])
                          for each in columns}).with_columns(pl.col("action").replace(titles))
    young = sum(row["n"] == 0 for row in rows)
    gaps = [] if count else ["No state has been written down yet: `tapeline dips scan` does, and each day's job."]
    gaps += [f"Went up: unknown for {young} of {len(rows)}, whose sessions have not passed yet"] if young else []
    return Table(f"What became of {count} recorded states", columns, frame, sources, tuple(gaps),
                 ("Bought at the next open, sold at the close of the last session; without costs.",))


def _each(found: Any, states: Any, sources: tuple[Any, ...]) -> Table:
    import polars as pl

    titles = {name: words.title for name, words in rulebook().actions.items()}
    frame = found.join(states.select("id", "price", "dip", "level"), on="id").with_columns(pl.col("action").replace(titles))
    columns = (
        Column("symbol", "Ticker"), Column("opened_on", "Written down", "date"), Column("action", "State", term="dips_action"),
        Column("level", "Alert level", term="dips_level"), Column("in_hindsight", "In hindsight", "bool", term="dips_hindsight"),
        Column("price", "Price then", "number"), Column("dip", "Dip then", "number", "fraction", "dips_dip", decimals=1),
        Column("horizon", "Sessions", "integer"), Column("entry", "Bought at", "number"),
        Column("result", "Return", "number", "fraction", decimals=1),
        Column("benchmark", "Market", "number", "fraction", decimals=1), Column("counts", "Counts", "bool", term="dips_counts"),
    )
    young = frame["result"].null_count()
    gaps = (f"Return: unknown for {young} of {frame.height}, whose sessions have not passed yet",) if young else ()
    return Table("Recorded states one by one", columns, frame.select(each.name for each in columns), sources, gaps)


def calendar() -> Calendar:
    """The exchange's sessions."""
    from terminal.domain.sessions import Calendar
    from terminal.paths import data_file

    return Calendar.parse(data_file("sessions.csv").read_text(encoding="utf-8"))
