"""What may go wrong, each risk as a number, ranked by how much of the price it puts at stake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from terminal.domain import format as show
from terminal.domain.scoring.words import rating

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    import polars as pl

Level = Literal["high", "medium", "low", "unknown"]
STAKE = 10_000  # the sum of money in the sentences for beginners
_HIGH, _MEDIUM, _LEAST = 0.20, 0.08, 0.005
_REPORTS = 8


@dataclass(frozen=True)
class Risk:
    """`impact` is the share of the price at stake (0.25: a quarter), by which risks are ranked; None where it is unknown.

    `value` in `unit` is the figure itself, from `field` where it is one.
    """

    id: str
    title: str
    value: float | None
    unit: str
    impact: float | None
    newbie: str
    pro: str
    field: str = ""

    @property
    def level(self) -> Level:
        """How heavy it weighs."""
        if self.impact is None:
            return "unknown"
        return "high" if self.impact >= _HIGH else "medium" if self.impact >= _MEDIUM else "low"


def rank_risks(row: Mapping[str, Any], report_move: float | None, limits: Mapping[str, float]) -> list[Risk]:
    """The risks of one row, heaviest first, unknown ones last.

    `report_move`: median absolute price move on past reports. `limits`: the gates' limits for this row, by field.
    """
    makers: tuple[Callable[[], Risk | None], ...] = (
        lambda: _drawdown(row),
        lambda: _month(row),
        lambda: _market(row),
        lambda: _stretch(row),
        lambda: _leverage(row, limits),
        lambda: _interest(row, limits),
        lambda: _reports(row, report_move),
        lambda: _dilution(row),
        lambda: _accruals(row),
        lambda: _payout(row),
        lambda: _liquidity(row),
        lambda: _rates(row),
        lambda: _credit(row),
        lambda: _shorts(row),
    )
    found = [risk for risk in (make() for make in makers) if risk is not None and (risk.impact is None or risk.impact >= _LEAST)]
    if row.get("kind") == "stock":
        found.append(
            Risk(
                "concentration",
                "Customer concentration",
                None,
                "",
                None,
                "How much of its sales hangs on a few customers is not in the data we have.",
                "Customer and supplier concentration: not covered by any connected source.",
            )
        )
    return sorted(found, key=lambda risk: (risk.impact is None, -(risk.impact or 0.0), risk.id))


def report_move(bars: pl.DataFrame, earnings: pl.DataFrame, as_of: date) -> tuple[float | None, int]:
    """Median absolute move on up to eight past reports, and how many there were (fewer than 3: unknown).

    A report before the open is measured on its day, one after the close on the next session, else over both.
    """
    import polars as pl

    closes = bars.filter(pl.col("date") <= as_of).sort("date")
    days, close = closes["date"].to_list(), closes["close"].to_list()
    place = {day: at for at, day in enumerate(days)}
    past = earnings.filter((pl.col("date") <= as_of) & pl.col("eps_actual").is_not_null()).sort("date", descending=True)
    moves = []
    for report in past.head(_REPORTS).iter_rows(named=True):
        at = place.get(report["date"])
        if at is None:
            continue
        first, last = {"bmo": (at - 1, at), "amc": (at, at + 1)}.get(report["time_of_day"] or "", (at - 1, at + 1))
        if first >= 0 and last < len(close):
            moves.append(abs(close[last] / close[first] - 1))
    if len(moves) < 3:
        return None, len(moves)
    moves.sort()
    half = len(moves) // 2
    return (moves[half] if len(moves) % 2 else (moves[half - 1] + moves[half]) / 2), len(moves)


def _money(row: Mapping[str, Any], amount: float) -> str:
    return show.money(amount, row.get("currency"), 0)


def _drawdown(row: Mapping[str, Any]) -> Risk | None:
    fall = row.get("max_drawdown_5y")
    if fall is None:
        return None
    left = _money(row, STAKE * (1 + fall))
    return Risk(
        "drawdown",
        "Worst fall so far",
        fall,
        "fraction",
        -fall,
        f"At worst within five years {_money(row, STAKE)} became {left}.",
        f"Maximum drawdown of closes over up to 5 years {show.percent(fall)}; over 1 year "
        f"{show.percent(row.get('max_drawdown_1y'))}.",
        "max_drawdown_5y",
    )


def _month(row: Mapping[str, Any]) -> Risk | None:
    yearly = row.get("volatility_1y")
    if yearly is None:
        return None
    bad = 1.645 * yearly / 12**0.5
    return Risk(
        "month",
        "A bad month",
        -bad,
        "fraction",
        bad,
        f"In one month of twenty expect to lose {_money(row, STAKE * bad)} or more of {_money(row, STAKE)}.",
        f"95 % one-month loss {show.percent(bad)} (normal, from {show.percent(yearly)} yearly volatility).",
        "volatility_1y",
    )


def _market(row: Mapping[str, Any]) -> Risk | None:
    beta = row.get("beta")
    if beta is None or beta <= 0:
        return None
    loss = min(1.0, 0.2 * beta)
    return Risk(
        "market",
        "A falling market",
        -loss,
        "fraction",
        loss,
        f"If the whole market fell by a fifth, {_money(row, STAKE)} here would likely become {_money(row, STAKE * (1 - loss))}.",
        f"Beta {show.number(beta)}: −20 % in the index means about {show.percent(-loss)} here.",
        "beta",
    )


def _stretch(row: Mapping[str, Any]) -> Risk | None:
    now, own = row.get("pe_ttm"), row.get("pe_median_5y")
    if now is None or own is None or now <= own or own <= 0:
        return None
    fall = 1 - own / now
    return Risk(
        "stretch",
        "A high price for its profit",
        -fall,
        "fraction",
        fall,
        f"You pay {show.number(now, 1)} times its yearly profit; usual in its own last five years: {show.number(own, 1)} times. "
        f"Back there, {_money(row, STAKE)} would be {_money(row, STAKE * (1 - fall))}.",
        f"P/E {show.multiple(now)} against own 5-year median {show.multiple(own)}: reversion costs {show.percent(fall)}.",
        "pe_ttm",
    )


def _leverage(row: Mapping[str, Any], limits: Mapping[str, float]) -> Risk | None:
    debt, limit = row.get("net_debt_ebitda"), limits.get("net_debt_ebitda")
    if debt is None or limit is None or debt <= 0:
        return None
    worth, cap = row.get("enterprise_value"), row.get("market_cap")
    lever = worth / cap if worth and cap and worth > cap else None
    impact = min(0.5, 0.1 * (lever - 1) if lever is not None else 0.1 * debt / limit)
    size = "above" if debt > limit else "below"
    pro = f"Net debt/EBITDA {show.multiple(debt)}, limit {show.multiple(limit)}"
    if lever is not None:
        pro += f"; a 10 % fall in enterprise value costs the equity {show.percent(0.1 * lever)}"
    return Risk(
        "leverage",
        "Debt",
        debt,
        "x",
        impact,
        f"It owes {show.number(debt, 1)} times what it earns in a year before interest, tax and wear ({size} the "
        f"{show.number(limit, 1)} times we allow). "
        "Debt makes good years better and bad years worse.",
        f"{pro}.",
        "net_debt_ebitda",
    )


def _interest(row: Mapping[str, Any], limits: Mapping[str, float]) -> Risk | None:
    cover, limit = row.get("interest_coverage"), limits.get("interest_coverage")
    if cover is None or limit is None or cover >= 2 * limit:
        return None
    impact = min(0.4, max(0.02, 0.2 * limit / cover)) if cover > 0 else 0.4
    return Risk(
        "interest",
        "Interest",
        cover,
        "x",
        impact,
        f"Its profit would pay the interest only {show.number(cover, 1)} times; we want {show.number(limit, 1)} times."
        if cover > 0
        else "It makes a loss before interest, so it pays the interest from what it has.",
        f"Interest coverage {show.multiple(cover)}, limit {show.multiple(limit)}.",
        "interest_coverage",
    )


def _reports(row: Mapping[str, Any], move: float | None) -> Risk | None:
    days = row.get("days_to_earnings")
    if days is None or not 0 <= days <= 21:
        return None
    days = int(days)
    when = "today" if days == 0 else "tomorrow" if days == 1 else f"in {days} days"
    if move is None:
        return Risk(
            "report",
            f"Report {when}",
            None,
            "fraction",
            None,
            f"It reports {when}. How much the price usually jumps then is not known.",
            f"Report {when}; fewer than three past reactions are stored.",
            "days_to_earnings",
        )
    return Risk(
        "report",
        f"Report {when}",
        move,
        "fraction",
        move,
        f"It reports {when}. On past reports the price usually jumped {show.percent(move)} up or down: "
        f"{_money(row, STAKE * move)} of {_money(row, STAKE)}.",
        f"Report {when}; median absolute reaction {show.percent(move)}.",
        "days_to_earnings",
    )


def _dilution(row: Mapping[str, Any]) -> Risk | None:
    grown = row.get("share_count_change_1y")
    if grown is None or grown <= 0.005:
        return None
    return Risk(
        "dilution",
        "New shares",
        grown,
        "fraction",
        grown / (1 + grown),
        f"The number of shares grew by {show.percent(grown)} in a year: your slice shrank by "
        f"{show.percent(grown / (1 + grown))}.",
        f"Diluted shares {show.percent(grown, sign=True)} y/y; share-based pay {show.percent(row.get('sbc_to_revenue'))} "
        "of revenue.",
        "share_count_change_1y",
    )


def _accruals(row: Mapping[str, Any]) -> Risk | None:
    paper = row.get("accruals")
    if paper is None or paper <= 0.03:
        return None
    return Risk(
        "accruals",
        "Profit that is not cash",
        paper,
        "fraction",
        min(0.3, paper),
        f"Of each 100 it owns, {show.number(paper * 100, 1)} of last year's profit did not arrive as cash.",
        f"Accruals {show.percent(paper)} of assets (Sloan 1996: high accruals foretell weaker earnings).",
        "accruals",
    )


def _payout(row: Mapping[str, Any]) -> Risk | None:
    share, pays = row.get("payout_ratio"), row.get("dividend_yield")
    if share is None or pays is None or share <= 0.8 or pays <= 0:
        return None
    return Risk(
        "payout",
        "Dividend",
        share,
        "fraction",
        pays,
        f"It pays out {show.percent(share, 0)} of its profit. A cut would cost you up to {_money(row, STAKE * pays)} a year "
        f"of {_money(row, STAKE)}.",
        f"Payout ratio {show.percent(share)}, yield {show.percent(pays)}.",
        "payout_ratio",
    )


def _liquidity(row: Mapping[str, Any]) -> Risk | None:
    traded = row.get("dollar_volume")
    if traded is None or traded >= 5_000_000:
        return None
    days = 100_000 / (0.1 * traded) if traded > 0 else None
    if days is None:
        return None
    return Risk(
        "liquidity",
        "Hard to sell",
        traded,
        "currency",
        min(0.3, 0.01 * days**0.5),
        f"Only {show.money(traded, row.get('currency'))} changes hands a day. Selling {_money(row, 100_000)} quietly would take "
        f"{show.number(days, 1)} days.",
        f"Dollar volume {show.money(traded, row.get('currency'))}: {show.number(days, 1)} days for 100 000 at 10 % of volume.",
        "dollar_volume",
    )


def _rates(row: Mapping[str, Any]) -> Risk | None:
    years = row.get("duration")
    if years is None or years <= 0:
        return None
    loss = years / 100
    return Risk(
        "rates",
        "Rising rates",
        -loss,
        "fraction",
        loss,
        f"If rates rise by one point, {_money(row, STAKE)} becomes about {_money(row, STAKE * (1 - loss))}.",
        f"Duration {show.number(years, 1)}: +100 bp costs about {show.percent(loss)}.",
        "duration",
    )


def _credit(row: Mapping[str, Any]) -> Risk | None:
    grade = row.get("credit_score")
    if grade is None or grade >= 17:
        return None
    impact = min(0.5, 0.04 + 0.025 * max(0.0, 13 - grade) + 0.005 * max(0.0, 17 - grade))
    return Risk(
        "credit",
        "The borrower",
        grade,
        "score",
        impact,
        f"The borrower is rated {rating(grade)}; {rating(13)} and above counts as solid. "
        "Weak borrowers sometimes do not pay back.",
        f"Rated {rating(grade)} ({show.number(grade, 0)} of 22; {rating(13)} is 13).",
        "credit_score",
    )


def _shorts(row: Mapping[str, Any]) -> Risk | None:
    share = row.get("short_percent_float")
    if share is None or share < 0.08:
        return None
    return Risk(
        "shorts",
        "Bets against it",
        share,
        "fraction",
        share / 2,
        f"{show.percent(share)} of its free shares are sold short: many expect the price to fall.",
        f"Short interest {show.percent(share)} of float, {show.number(row.get('short_ratio'), 1)} days to cover."
        if row.get("short_ratio") is not None
        else f"Short interest {show.percent(share)} of float.",
        "short_percent_float",
    )
