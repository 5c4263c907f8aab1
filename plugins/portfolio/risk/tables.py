"""Measures of risk as tables: a summary in sentences, and one table for each of its parts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from plugins.portfolio.gathering import sources
from plugins.portfolio.risk import words
from plugins.portfolio.risk.factors import factor_notes, factor_rows
from plugins.portfolio.risk.measures import FALL, SHARES, Measures, measures
from plugins.portfolio.tables import frame
from terminal.api import Column, Context, Source, Table
from terminal.domain import format as written
from terminal.domain.risk.styles import styles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plugins.portfolio.risk.gathering import AtRisk
    from terminal.domain.risk.styles import Style

METHODS = {
    "historical": "Historical",
    "parametric": "Parametric (normal)",
    "cornish_fisher": "Cornish-Fisher",
    "monte_carlo": "Monte Carlo (Student t)",
    "filtered": "Filtered historical",
}
FIGURES = {
    "var": "Value at risk",
    "cvar": "Expected shortfall",
    "volatility": "Volatility",
    "beta": "Beta",
    "max_drawdown": "Deepest fall",
    "diversified": "Spared by spreading",
    "largest_share": "Biggest share of the risk",
    "effective": "Effective positions",
    "largest": "Largest position",
    "top_five": "Five largest",
    "days_to_sell": "Days to sell",
    "sharpe": "Sharpe",
    "sortino": "Sortino",
    "calmar": "Calmar",
    "omega": "Omega",
    "ulcer_index": "Ulcer index",
    "tail_ratio": "Tail ratio",
    "explained": "Explained by the market",
}


def risk_table(ctx: Context, of: AtRisk, part: str, confidence: float, horizon: int) -> Table:
    """The part asked for; `detail["measures"]` has everything, `detail["parts"]` each part as a table."""
    made, _ = sources(ctx, of.fetches)
    if not of.positions:
        columns = _columns(part, of.held.currency, confidence, of.market_symbol)
        return Table(_title(part, of), columns, frame(columns, ()), made, of.left_out, (of.nothing, *of.held.notes))
    found = measures(of, confidence, horizon, _styles(ctx, of))
    parts = {name: _part(name, found, made) for name in _ROWS}
    return replace(parts[part], detail={"measures": found, "parts": parts})


def _part(part: str, found: Measures, made: tuple[Source, ...]) -> Table:
    of = found.of
    columns = _columns(part, of.held.currency, found.confidence, of.market_symbol)
    rows = _ROWS[part](found)
    return Table(_title(part, of), columns, frame(columns, rows), made, of.left_out, (*_said(part, found), *of.notes))


def _title(part: str, of: AtRisk) -> str:
    return f"{_TITLES[part]} on {of.held.day}"


def _styles(ctx: Context, of: AtRisk) -> tuple[Style, ...]:
    """Against all companies of the market, as known on the day."""
    companies = ctx.market.features(None, ctx.as_of).frame
    listed = companies.filter(pl.col("kind") == "stock")
    worth: dict[str, float] = {}
    for each in of.positions:
        if each.quantity is not None:
            worth[each.factor] = worth.get(each.factor, 0.0) + each.amount
    return tuple(styles(listed.with_columns((1.0 / pl.col("pb")).alias("book_yield")), worth))


_TITLES = {
    "summary": "Risk of what you hold",
    "var": "Value at risk",
    "positions": "Who brings the risk",
    "sectors": "Which sectors bring the risk",
    "drawdowns": "Falls from a high",
    "styles": "Style of what you hold",
    "factors": "What moves what you hold",
    "liquidity": "How fast it can be sold",
}


def _columns(part: str, currency: str, confidence: float, market: str) -> tuple[Column, ...]:
    def money(name: str, title: str, term: str = "", *, newbie: bool = True) -> Column:
        return Column(name, title, "number", currency, term, 2, newbie)

    def share(name: str, title: str, term: str = "", decimals: int = 2) -> Column:
        return Column(name, title, "number", "fraction", term, decimals)

    sure = written.percent(confidence, 1 if round(confidence * 1000) % 10 else 0)
    days = [
        Column(f"days_{round(100 * each)}", f"Days at {written.percent(each, 0)}", "number", "days", "risk_days_to_sell", 1)
        for each in SHARES
    ]
    return {
        "summary": (
            Column("figure", "Figure"), money("amount", "Money"), share("share", "Of everything"),
            Column("value", "Number", "number", decimals=2), Column("state", "State", term="risk_state"),
            Column("says", "What it says"),
        ),
        "var": (
            Column("method", "Method", term="risk_method"), money("var", f"Value at risk, {sure}", "risk_var"),
            share("var_share", "Of everything", "risk_var"), money("cvar", "Expected shortfall", "risk_cvar"),
            share("cvar_share", "Of everything", "risk_cvar"), Column("days", "Days", "integer", "count"),
            Column("why", "Why not", newbie=False),
        ),
        "positions": (
            Column("symbol", "Ticker"), Column("name", "Name"), money("worth", "Worth", "portfolio_value"),
            share("weight", "Weight", "portfolio_weight", 1), money("amount", "Moves like", "risk_amount", newbie=False),
            money("component", "Its part", "risk_component"),
            share("risk_share", "Of the risk", "risk_component", 1),
            Column("marginal", "Marginal", "number", "fraction", "risk_marginal", 3, newbie=False),
            money("alone", "Alone", "risk_alone", newbie=False),
            money("shortfall", "Of the shortfall", "risk_shortfall_part", newbie=False),
            Column("volatility", "Volatility", "number", "fraction", "risk_volatility", 1),
            Column("beta", f"Beta to {market}", "number", "", "risk_beta", 2, newbie=False),
        ),
        "sectors": (
            Column("sector", "Sector"), money("worth", "Worth", "portfolio_value"),
            share("weight", "Weight", "portfolio_weight", 1), money("component", "Its part", "risk_component"),
            share("risk_share", "Of the risk", "risk_component", 1),
            money("shortfall", "Of the shortfall", "risk_shortfall_part", newbie=False),
        ),
        "drawdowns": (
            share("depth", "Depth", "risk_max_drawdown"), Column("peak", "High", "date"), Column("trough", "Low", "date"),
            Column("recovered", "Back", "date"), Column("falling", "Days down", "integer", "count"),
            Column("length", "Days in all", "integer", "count", "risk_length"),
        ),
        "styles": (
            Column("style", "Style", term="risk_style"), Column("score", "Score", "number", "", "risk_style", 2),
            Column("percentile", "Percentile", "number", "fraction", "risk_style", 0),
            Column("covered", "Known of", "number", "fraction", "", 0), Column("compared", "Compared with", "integer", "count"),
            Column("says", "What it says"),
        ),
        "factors": (
            Column("factor", "Factor"), Column("loading", "Loading", "number", "", "risk_loading", 2),
            Column("error", "Error", "number", "", "", 3, newbie=False), Column("t", "t", "number", "", "risk_loading", 1),
            Column("p", "p", "number", "", "risk_loading", 3, newbie=False), share("part", "Of the variance", "risk_loading", 1),
            share("volatility", "Volatility", "risk_volatility", 1),
        ),
        "liquidity": (
            Column("symbol", "Ticker"), money("worth", "Worth", "portfolio_value"),
            Column("volume", "Average volume", "number", "count", decimals=0), *days,
        ),
    }[part]  # fmt: skip


# Rows


def _summary(found: Measures) -> list[dict[str, Any]]:
    of, currency = found.of, found.of.held.currency
    rows: list[dict[str, Any]] = []

    def row(name: str, *, amount: float | None = None, share: float | None = None, value: float | None = None,
            judged: float | None = None, says: str = "") -> None:  # fmt: skip
        rows.append({
            "_name": name, "figure": FIGURES[name], "amount": amount, "share": share, "value": value,
            "state": None if judged is None else words.light(name, judged), "says": says or None,
        })  # fmt: skip

    tail = found.tail
    for name, amount in (("var", tail.var), ("cvar", tail.cvar)):
        share = found.share(amount)
        says = tail.reason
        if amount is not None:
            says = (
                words.bad_day(amount, share, found.confidence, found.horizon, currency)
                if name == "var"
                else words.worse_day(amount, share, currency)
            )
        row(name, amount=amount, share=share, judged=None if share is None else share / found.horizon**0.5, says=says)
    _swings(found, row)
    if not np.isnan(found.contributions.var):
        _brought(found, row)
    if found.concentration is not None:
        many = found.concentration
        row("effective", value=many.effective, judged=many.effective, says=words.spread(many.effective, many.count))
        biggest = max(of.positions, key=lambda each: abs(each.worth))
        row("largest", amount=biggest.worth, share=many.largest, judged=many.largest,
            says=f"{biggest.symbol} is {written.percent(many.largest, 1)} of what is in these figures.")  # fmt: skip
        row("top_five", share=many.top_five, judged=many.top_five)
    _sellable(found, row)
    if found.ratios is not None:
        for name in ("sharpe", "sortino", "calmar", "omega", "ulcer_index", "tail_ratio"):
            row(name, value=getattr(found.ratios, name))
    return rows


def _swings(found: Measures, row: Any) -> None:
    """Volatility, beta and the deepest fall: what needs fractions of everything."""
    of, own, market = found.of, found.ratios, found.market
    if own is None:
        return
    if own.volatility is not None:
        index = None if found.index is None else found.index.volatility
        row("volatility", share=own.volatility, judged=own.volatility,
            says=words.swings(own.volatility, index, of.market_symbol))  # fmt: skip
    if market is not None and market.beta is not None:
        row("beta", value=market.beta, judged=market.beta,
            says=words.follows(found.fall, found.share(found.fall), FALL, of.market_symbol, of.held.currency))  # fmt: skip
        row("explained", share=market.explained)
    if found.drawdowns:
        worst = found.drawdowns[0]
        amount = None if of.base is None else -worst.depth * of.base
        back = None if worst.recovered is None else written.day(worst.recovered)
        says = words.fell(worst.depth, written.day(worst.peak), written.day(worst.trough), back, amount, of.held.currency)
        row("max_drawdown", amount=amount, share=worst.depth, judged=worst.depth, says=says)


def _brought(found: Measures, row: Any) -> None:
    """What spreading spares, and who brings most."""
    parts = found.contributions
    alone = float(parts.alone.sum())
    row("diversified", amount=parts.diversified, share=parts.diversified / alone if alone > 0 else None,
        says=words.diversified(parts.diversified, alone, found.of.held.currency))  # fmt: skip
    if parts.var > 0.0:
        most = int(np.argmax(parts.component))
        share = float(parts.component[most] / parts.var)
        one = found.of.positions[most]
        row("largest_share", amount=float(parts.component[most]), share=share, judged=share,
            says=words.brings(one.short or one.symbol, share, found.share(one.worth)))  # fmt: skip


def _sellable(found: Measures, row: Any) -> None:
    known = [each for each in found.liquid if each.days[0] is not None]
    if known:
        slowest = known[0]
        days = slowest.days[0] or 0.0
        row("days_to_sell", value=days, judged=days, says=words.sold(days, slowest.symbol, SHARES[0]))


def _var(found: Measures) -> list[dict[str, Any]]:
    return [
        {
            "_name": each.method, "method": METHODS[each.method], "var": each.var, "var_share": found.share(each.var),
            "cvar": each.cvar, "cvar_share": found.share(each.cvar), "days": each.days, "why": each.reason or None,
        }
        for each in found.tails
    ]  # fmt: skip


def _by_position(found: Measures) -> list[dict[str, Any]]:
    of, parts = found.of, found.contributions
    deviations = of.returns.std(axis=0, ddof=1) * 252**0.5
    rows = []
    for place, each in enumerate(of.positions):
        rows.append({
            "symbol": each.symbol, "name": each.name, "worth": each.worth, "weight": found.share(each.worth),
            "amount": each.amount, "component": _known(parts.component[place]), "marginal": _known(parts.marginal[place]),
            "risk_share": _known(parts.component[place] / parts.var) if parts.var > 0.0 else None,
            "alone": _known(parts.alone[place]), "shortfall": _known(parts.shortfall[place]),
            "volatility": float(deviations[place]), "beta": found.betas[place],
        })  # fmt: skip
    return sorted(rows, key=lambda row: -(row["component"] or 0.0))


def _by_sector(found: Measures) -> list[dict[str, Any]]:
    """Positions of one sector together; funds, bonds and cash are sectors of their own."""
    parts = found.contributions
    sums: dict[str, dict[str, float]] = {}
    for each, component, shortfall in zip(found.of.positions, parts.component, parts.shortfall, strict=True):
        one = sums.setdefault(each.sector or "Not known", dict.fromkeys(("worth", "component", "shortfall"), 0.0))
        for name, value in (("worth", each.worth), ("component", float(component)), ("shortfall", float(shortfall))):
            one[name] += value
    rows: list[dict[str, Any]] = [
        {
            "sector": sector, "worth": one["worth"], "weight": found.share(one["worth"]),
            "component": _known(one["component"]), "shortfall": _known(one["shortfall"]),
            "risk_share": _known(one["component"] / parts.var) if parts.var > 0.0 else None,
        }
        for sector, one in sums.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: -(row["component"] or 0.0))


def _drawdowns(found: Measures) -> list[dict[str, Any]]:
    names = ("depth", "peak", "trough", "recovered", "falling", "length")
    return [{name: getattr(each, name) for name in names} for each in found.drawdowns[:20]]


def _style_rows(found: Measures) -> list[dict[str, Any]]:
    return [
        {
            "style": each.name, "score": each.score, "percentile": each.percentile, "covered": each.covered,
            "compared": each.compared, "says": words.styled(each.name, each.percentile),
        }
        for each in found.styles
    ]  # fmt: skip


def _liquidity(found: Measures) -> list[dict[str, Any]]:
    return [
        {
            "symbol": each.symbol, "worth": each.worth, "volume": each.volume,
            **{f"days_{round(100 * share)}": days for share, days in zip(SHARES, each.days, strict=True)},
        }
        for each in found.liquid
    ]  # fmt: skip


_ROWS = {
    "summary": _summary, "var": _var, "positions": _by_position, "drawdowns": _drawdowns, "styles": _style_rows,
    "sectors": _by_sector, "factors": factor_rows, "liquidity": _liquidity,
}  # fmt: skip


def _said(part: str, found: Measures) -> Sequence[str]:
    """What one must know to read a part."""
    today = "What you hold today, taken back through the past; it is not what your account did."
    if part in ("positions", "sectors"):
        total = found.contributions.var
        return (f"The parts sum to {written.money(total, found.of.held.currency)}, the parametric value at risk.", today)
    if part == "styles":
        return ("Among all stocks stored: 0 % the lowest, 100 % the highest; value by earnings and book over price.",)
    if part == "factors":
        return factor_notes(found)
    if part == "liquidity":
        return ("Average volume of twenty sessions.",)
    if found.horizon > 1 and part in ("summary", "var"):
        return (f"Over {found.horizon} days by the square root of time, as if days were independent.", today)
    return (today,)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def by_name(rows: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Rows of the summary by the name of their figure."""
    names = {title: name for name, title in FIGURES.items()}
    return {names[row["figure"]]: row for row in rows}
