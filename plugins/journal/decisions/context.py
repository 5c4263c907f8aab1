"""What was known when a decision was written: frozen once, as figures that say where they came from or why they are unknown."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from terminal.api import TerminalError
from terminal.domain.sourced import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from terminal.api import Context, Table
    from terminal.domain.features import Features
    from terminal.domain.sourced import Source

BENCHMARK = "SPY"
_FIELDS = ("price", "verdict", "score", "coverage", "sector", "kind", "days_to_earnings", "flags")
_SCREEN_DAYS = 7
"""How old the run of a screen may be that a decision is said to come from."""


@dataclass
class Frozen:
    """Figures as they are collected, with their sources."""

    figures: list[dict[str, Any]] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self, group: str, name: str, title: str, value: Any, *, type: str = "number", unit: str = "", decimals: int | None = None,
        source: Source | None = None, why: str = "",
    ) -> None:  # fmt: skip
        """One figure; a value of None is unknown, and `why` says why."""
        told = plain(value)
        place = None
        if source is not None and told is not None:
            written = source.to_json()
            if written not in self.sources:
                self.sources.append(written)
            place = self.sources.index(written)
        self.figures.append({
            "group": group, "name": name, "title": title, "value": told, "type": type, "unit": unit, "decimals": decimals,
            "source": place, "why": why if told is None else "",
        })  # fmt: skip

    def value(self, name: str) -> Any:
        """The value of a figure, None when unknown or absent."""
        return next((each["value"] for each in self.figures if each["name"] == name), None)


def freeze(ctx: Context, symbol: str, metrics: Sequence[str], *, run: int = 0) -> dict[str, Any]:
    """Everything that is known of a symbol, the market and what is owned, as of now (or the context's day)."""
    frozen = Frozen()
    ctx.progress(0.1, "Reading the market")
    currency = _market(ctx, frozen, symbol, metrics)
    _earnings(ctx, frozen, symbol)
    ctx.progress(0.5, "Reading screens and tearsheet")
    preset = _screen(ctx, frozen, symbol, run)
    _tearsheet(ctx, frozen, symbol)
    why = "option chains are not kept day by day yet, so there is no year of implied volatility to rank in"
    frozen.add("options", "iv_rank", "IV rank", None, unit="fraction", why=why)
    ctx.progress(0.8, "Reading the portfolio")
    _portfolio(ctx, frozen, symbol)
    return {
        "symbol": symbol, "frozen_at": ctx.now().isoformat(), "as_of": None if ctx.as_of is None else ctx.as_of.isoformat(),
        "price": frozen.value("price"), "market_price": frozen.value("market_price"), "currency": currency, "preset": preset,
        "simulated": ctx.demo, "figures": frozen.figures, "sources": frozen.sources,
    }  # fmt: skip


def _market(ctx: Context, frozen: Frozen, symbol: str, metrics: Sequence[str]) -> str | None:
    """Price, verdict and the figures to watch, the index, and the state of the market; the currency."""
    scored = ctx.market.scored(None, ctx.as_of)
    for name in (*_FIELDS, *(each for each in metrics if each not in _FIELDS)):
        _field(ctx, frozen, scored, symbol, name, "metrics" if name in metrics else "market")
    _field(ctx, frozen, scored, BENCHMARK, "price", "market", called="market_price", title=f"Price of {BENCHMARK}")
    regime = ctx.market.regime(ctx.as_of)
    known = regime.name if regime.name != "unknown" else None
    said = "; ".join(regime.unknown) or "too little of the market is stored"
    frozen.add("market", "regime", "Market regime", known, type="text", why=said)
    for part in regime.parts:
        state = part.state if part.vote is not None else None
        frozen.add("market", f"regime_{part.name}", f"Regime: {part.name}", state, type="text", why="cannot be judged")
    currency: str | None = _cell(scored, symbol, "currency")
    return currency


def _field(
    ctx: Context, frozen: Frozen, scored: Features, symbol: str, name: str, group: str, *, called: str = "", title: str = ""
) -> None:
    from terminal.domain.fields import FIELDS

    known = FIELDS[name]
    value = _cell(scored, symbol, name)
    fetch = scored.origin.row(scored.index[symbol], named=True).get(name) if symbol in scored.index else None
    source = ctx.market.sources([fetch]).get(fetch) if fetch is not None else None
    why = ""
    if value is None:
        stored = symbol in scored.index
        why = scored.why_unknown(symbol).get(name, "not stored") if stored else f"nothing is stored about {symbol}"
    frozen.add(group, called or name, title or known.title, value, type=known.type, unit=known.unit, decimals=known.decimals,
               source=_up_to(ctx, source), why=why)  # fmt: skip


def _cell(scored: Features, symbol: str, name: str) -> Any:
    at = scored.index.get(symbol)
    return None if at is None or name not in scored.frame.columns else scored.frame.row(at, named=True)[name]


def _up_to(ctx: Context, source: Source | None) -> Source | None:
    """A source that speaks of the day asked for at the latest."""
    from dataclasses import replace
    from datetime import UTC

    if source is None or ctx.as_of is None or source.as_of is None:
        return source
    return replace(source, as_of=min(source.as_of, datetime.combine(ctx.as_of, time.max, UTC)))


def _earnings(ctx: Context, frozen: Frozen, symbol: str) -> None:
    import polars as pl

    day = ctx.as_of or ctx.market.today()
    coming = ctx.market.earnings([symbol], ctx.as_of).filter(pl.col("date") >= day).head(1)
    known = coming["date"][0] if coming.height else None
    source = ctx.market.sources(coming["fetch_id"].to_list()) if coming.height else {}
    frozen.add("market", "earnings_date", "Next report", known, type="date", why="no date of a coming report is stored",
               source=_up_to(ctx, next(iter(source.values()), None)))  # fmt: skip


def _screen(ctx: Context, frozen: Frozen, symbol: str, run: int) -> str:
    """The newest run of a screen that found the symbol; its name, "" without one."""
    from datetime import timedelta

    found: dict[str, Any] = {}
    why = f"no screen found {symbol} within {_SCREEN_DAYS} days"
    if "screener.found" in ctx.commands():
        oldest = (ctx.now() - timedelta(days=_SCREEN_DAYS)).isoformat()
        rows = ctx.call("screener.found", symbol=symbol).rows()
        wanted = [row for row in rows if row["id"] == run or (not run and row["ran_at"] >= oldest)]
        found = wanted[0] if wanted else {}
        why = f"run {run} did not find {symbol}, or is not recorded" if run else why
    frozen.add("screen", "screen_run", "Screen run", found.get("id"), type="integer", why=why)
    frozen.add("screen", "screen", "Screen", found.get("title"), type="text", why=why)
    frozen.add("screen", "screen_rule", "Rule of the screen", found.get("rule"), type="text", why=why)
    return str(found.get("screen") or "")


def _tearsheet(ctx: Context, frozen: Frozen, symbol: str) -> None:
    """The SHA-256 of the tearsheet's rows as they would be printed: two decisions with the same one saw the same page."""
    table, why = _called(ctx, "tearsheet.show", symbol=symbol, remember=False)
    known = None if table is None else hashlib.sha256(json.dumps(table.rows(), sort_keys=True).encode()).hexdigest()
    frozen.add("tearsheet", "tearsheet", "Tearsheet (SHA-256)", known, type="text", why=why)


def _portfolio(ctx: Context, frozen: Frozen, symbol: str) -> None:
    """What was owned then: its worth, the position's part of it, and how much it could lose."""
    worth, why = _called(ctx, "portfolio.show")
    for row in worth.rows()[:3] if worth is not None else ():
        name = str(row["what"]).lower().replace(" ", "_")
        frozen.add("portfolio", f"portfolio_{name}", row["what"], row["amount"], unit=str(row["currency"]),
                   source=_of(worth), why="a price is unknown: it lies between bounds")  # fmt: skip
    if worth is None:
        frozen.add("portfolio", "portfolio_worth", "Portfolio's worth", None, why=why)
    position, why = _called(ctx, "portfolio.position", symbol=symbol)
    weights = [row["weight"] for row in position.rows()] if position is not None else [None]
    known = [each for each in weights if each is not None]
    weight = sum(known) if len(known) == len(weights) else None
    frozen.add("portfolio", "position_weight", f"{symbol} of the portfolio", weight, unit="fraction", source=_of(position),
               why=why or "a price is unknown")  # fmt: skip
    risk, why = _called(ctx, "portfolio.risk")
    if risk is None:
        frozen.add("portfolio", "portfolio_risk", "Portfolio's risk", None, why=why)
        return
    currency = next((column.unit for column in risk.columns if column.name == "amount"), "")
    for row in risk.rows():
        found = next(((row[name], unit) for name, unit in (("share", "fraction"), ("value", ""), ("amount", currency))
                      if row.get(name) is not None), (None, ""))  # fmt: skip
        frozen.add("portfolio", f"risk_{row['figure']}".lower().replace(" ", "_"), str(row["figure"]), found[0], unit=found[1],
                   source=_of(risk), why="not known")  # fmt: skip


def _of(table: Table | None) -> Source | None:
    return table.sources[0] if table is not None and table.sources else None


def _called(ctx: Context, command: str, **arguments: Any) -> tuple[Table | None, str]:
    """The answer of another plugin's command, or why there is none."""
    if command not in ctx.commands():
        return None, f"`{command.replace('.', ' ')}` is not there"
    try:
        return ctx.call(command, **arguments), ""
    except TerminalError as problem:
        return None, problem.message


def figures(context: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The figures of a frozen context, each with its source as words."""
    sources = context.get("sources") or []
    told = []
    for each in context.get("figures") or ():
        place = each.get("source")
        source = sources[place] if place is not None else None
        words = ("worked out here" if each["value"] is not None else "") if source is None else _named(source)
        told.append({**each, "from": words, "seen": None if source is None else source.get("as_of") or source.get("fetched_at")})
    return told


def _named(source: Mapping[str, Any]) -> str:
    return " ".join((source["provider"], source["endpoint"]))


def figure(context: Mapping[str, Any], name: str) -> Any:
    """The value of one figure of a frozen context; None when unknown."""
    return next((each["value"] for each in context.get("figures") or () if each["name"] == name), None)
