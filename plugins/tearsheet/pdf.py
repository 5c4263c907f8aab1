"""The printed tearsheet: the sheet as plain data, set by typst from resources/tearsheet/tearsheet.typ.

Data goes in as JSON, never by pasting text into the template. Fonts come from a package, the creation date is the
as-of day: the same sheet gives the same bytes on any machine with the same versions.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from plugins.tearsheet.chosen import group_of
from plugins.tearsheet.drawing import chart
from plugins.tearsheet.model import SECTION_TITLES, Figure, Sheet
from terminal.domain import format as show
from terminal.domain.fields import FIELDS
from terminal.domain.scoring import THIN_FLAG
from terminal.domain.scoring.words import shown
from terminal.domain.valuation import Assumptions

if TYPE_CHECKING:
    from terminal.domain.sourced import Source

CARDS = {
    "stock": ("market_cap", "pe_ttm", "ev_ebitda", "fcf_yield", "roe", "net_debt_ebitda", "revenue_growth_1y", "max_drawdown_5y"),
    "bank": ("market_cap", "pe_ttm", "pb", "dividend_yield", "roe", "operating_margin", "revenue_growth_1y", "max_drawdown_5y"),
    "fund": (
        "expense_ratio",
        "aum",
        "holdings_count",
        "dividend_yield",
        "return_1y",
        "return_3y",
        "volatility_1y",
        "max_drawdown_5y",
    ),
    "bond": (
        "yield_to_maturity",
        "coupon",
        "duration",
        "years_to_maturity",
        "credit_score",
        "return_1y",
        "volatility_1y",
        "max_drawdown_5y",
    ),
    "bond_etf": (
        "yield_to_maturity",
        "duration",
        "credit_score",
        "years_to_maturity",
        "expense_ratio",
        "dividend_yield",
        "return_1y",
        "max_drawdown_5y",
    ),
}
# What takes the place of a card whose figure is unknown.
_SPARE_CARDS = {
    "stock": ("ps_ttm", "pb", "earnings_yield", "net_margin", "dividend_yield", "position_52w", "revenue_ttm", "eps_ttm"),
    "bank": ("earnings_yield", "position_52w", "revenue_ttm", "eps_ttm"),
}
_TABLE_SECTIONS = ("price", "core", "valuation", "decision", "events", "stated")
_SHOWN_RISKS = 6
_PEER_COLUMNS = {
    "stock": (
        "score",
        "market_cap",
        "pe_ttm",
        "ev_ebitda",
        "roe",
        "operating_margin",
        "revenue_growth_1y",
        "net_debt_ebitda",
        "return_1y",
    ),
    "bank": (
        "score",
        "market_cap",
        "pe_ttm",
        "pb",
        "roe",
        "operating_margin",
        "revenue_growth_1y",
        "dividend_yield",
        "return_1y",
    ),
    "fund": ("score", "aum", "expense_ratio", "dividend_yield", "return_1y", "return_3y", "volatility_1y", "sharpe_1y"),
    "bond": ("score", "yield_to_maturity", "duration", "credit_score", "years_to_maturity", "return_1y", "volatility_1y"),
}


def render(sheet: Sheet) -> bytes:
    """The PDF."""
    import importlib.resources

    import typst

    from terminal.paths import resource

    template = resource("tearsheet", "tearsheet.typ")
    fonts = importlib.resources.files("fontpkg_inter") / "files"
    moment = datetime.combine(sheet.as_of, time(0), UTC)
    with importlib.resources.as_file(fonts) as folder:
        found: bytes = typst.compile(
            str(template),
            root=str(template.parent),
            font_paths=[str(folder)],
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"sheet": json.dumps(content(sheet), ensure_ascii=False, allow_nan=False, sort_keys=True)},
            timestamp=int(moment.timestamp()),
        )
    return found


def content(sheet: Sheet) -> dict[str, Any]:
    """What the template sets: only texts, flags and shares between 0 and 1."""
    price, change = sheet.figure("price"), sheet.figure("change")
    moved = change.value if change else None
    told = sheet.explanation
    return {
        "symbol": sheet.symbol,
        "name": sheet.name,
        "headline": sheet.headline,
        "kind": _KINDS.get(sheet.kind or "", ""),
        "simulated": sheet.simulated,
        "as_of": show.day(sheet.as_of),
        "price_date": show.day(sheet.price_date) if sheet.price_date else "",
        "date": [sheet.as_of.year, sheet.as_of.month, sheet.as_of.day],
        "price": price.text if price and price.value is not None else "",
        "price_ref": _ref(price),
        "change": show.change(moved) if moved is not None else "",
        "direction": 0 if not moved else 1 if moved > 0 else -1,
        "verdict": told.verdict,
        "judged": show.day(sheet.price_date or sheet.as_of),
        "tone": _TONES[told.verdict],
        "score": show.number(told.score, 1),
        "score_share": (told.score or 0.0) / 10,
        "score_known": told.score is not None,
        "coverage": show.percent(told.coverage, 0),
        "coverage_share": told.coverage,
        "summary": _summary(sheet),
        "why": told.newbie,
        "regime": "; ".join(part.pro.rstrip(".") for part in sheet.regime.parts if part.vote is not None),
        "regime_name": sheet.regime.name,
        "cards": _cards(sheet),
        "chart": chart(sheet.bars) or "",
        "chart_ref": _ref(price),
        "valuation": _valuation(sheet),
        "dcf": _dcf(sheet),
        "gates": _gates(sheet),
        "pillars": _pillars(sheet),
        "flags": [{"title": flag.title, "tone": flag.tone, "text": flag.newbie} for flag in told.flags],
        "risks": [
            {
                "title": risk.title,
                "level": risk.level,
                "text": risk.newbie,
                "impact": show.percent(risk.impact, 0) if risk.impact is not None else "",
            }
            for risk in sheet.risks[:_SHOWN_RISKS]
        ],
        "sensitivity": [each.pro for each in sheet.thresholds if each.flips_at is not None][:5],
        "peers": _peers(sheet, _PEER_COLUMNS[_group(sheet)]),
        "events": _events(sheet),
        "disputes": [*(each.newbie for each in sheet.disputes()), *filter(None, (sheet.more_disputes,))],
        "figures": _figures(sheet),
        "sources": [_source(source) for source in sheet.sources],
        "unknown": _reasons(sheet.unknown),
        "missing": [each for each in sheet.unknown if ":" not in each],
    }


_KINDS = {"stock": "Stock", "etf": "Fund", "fund": "Fund", "bond": "Bond", "bond_etf": "Bond fund", "index": "Index"}
_TONES = {"Strong Buy": "good", "Buy": "good", "Hold": "warn", "Avoid": "bad", "Unknown": "plain"}


def _summary(sheet: Sheet) -> str:
    """The professional's line, and how little it stands on where little is known."""
    few = [flag.pro for flag in sheet.explanation.flags if flag.title == THIN_FLAG]
    return " ".join([sheet.explanation.pro, *few])


def _ref(figure: Figure | None) -> int | None:
    """Number of the figure's source as it is printed, from 1."""
    return figure.source + 1 if figure is not None and figure.source is not None else None


def _cards(sheet: Sheet) -> list[dict[str, Any]]:
    """Eight headline figures; one that is unknown gives way to one that is known."""
    group = "bond_etf" if sheet.kind == "bond_etf" else _group(sheet)
    wanted = CARDS[group]
    known = [name for name in wanted if sheet.row.get(name) is not None]
    spare = [name for name in _SPARE_CARDS.get(group, ()) if name not in wanted and sheet.row.get(name) is not None]
    chosen = [*known, *spare][: len(wanted)]
    open_ones = [name for name in wanted if name not in chosen]
    return [_card(sheet, name) for name in (*chosen, *open_ones[: len(wanted) - len(chosen)])]


def _group(sheet: Sheet) -> str:
    group = group_of(sheet.kind)
    return "bank" if group == "stock" and sheet.row.get("sector") == "Financials" else group


def _card(sheet: Sheet, name: str) -> dict[str, Any]:
    figure = sheet.figure(name, "core") or sheet.figure(name)
    if figure is None:
        return {"title": FIELDS[name].title, "text": show.UNKNOWN, "note": "not known", "ref": None}
    note = (
        f"sector {figure.comparison_text}"
        if figure.compared_with.endswith("sector")
        else (f"middle of its kind {figure.comparison_text}" if figure.comparison is not None else "")
    )
    if figure.value is None:
        note = "not known"
    elif not note and name == "market_cap":
        note = f"EV {show.money(sheet.row.get('enterprise_value'), sheet.currency)}" if sheet.row.get("enterprise_value") else ""
    return {"title": figure.title, "text": figure.text, "note": note, "ref": _ref(figure)}


def _valuation(sheet: Sheet) -> list[list[str]]:
    """Method, low, base, high, against the price, key assumption; empty for what has no such valuation."""
    if sheet.kind != "stock":
        return []
    price, rows = sheet.row.get("price"), []
    base = sheet.valuation

    def cells(title: str, low: float | None, middle: float | None, high: float | None, words: str) -> list[str]:
        gap = middle / price - 1 if middle is not None and price else None
        return [title, *(show.number(each) for each in (low, middle, high)), show.percent(gap, sign=True), words]

    if base.value is not None:
        wacc, growth = base.assumption("wacc"), base.assumption("growth")
        words = f"WACC {show.percent(wacc.value)}, growth {show.percent(growth.value)}" if wacc and growth else ""
        words += f"; low: WACC +1, growth −2 points, high: the reverse; {show.percent(base.terminal_share, 0)} beyond the horizon"
        if base.value == 0:
            words = "the debt exceeds what its cash is worth"
        rows.append(cells(_DCF, base.low, base.value, base.high, f"wide range; {words}" if base.wide else words))
    else:
        rows.append(cells(_DCF, None, None, None, base.reason))
    implied = sheet.reverse
    rows.append(
        cells(
            "Reverse DCF",
            None,
            None,
            None,
            implied.reason
            if implied.growth is None
            else f"the price assumes {show.percent(implied.growth)} growth of cash for 5 years",
        )
    )
    eps = sheet.row.get("eps_ttm")
    for term, title, middle in (
        ("value_own_pe", "P/E, own 5-year median", sheet.row.get("pe_median_5y")),
        ("value_peer_pe", "P/E, median of peers", sheet.peers.medians.get("pe_ttm")),
    ):
        figure = sheet.figure(term)
        words = f"{show.multiple(middle)} on EPS {show.number(eps)}" if figure and figure.value is not None else "not known"
        rows.append(cells(title, None, figure.value if figure else None, None, words))
    target = sheet.row.get("target_mean")
    if target is not None:
        count = sheet.row.get("analyst_count")
        rows.append(cells("Analysts' mean target", None, target, None, f"{show.number(count, 0)} analysts" if count else ""))
    return rows


_DCF = f"DCF, {Assumptions().years} years, two stages"


def _dcf(sheet: Sheet) -> dict[str, Any]:
    if sheet.valuation.value is None or not sheet.grid.values:
        return {}
    table = sheet.grid
    most = max((value for line in table.values for value in line if value is not None), default=0.0)
    places = 2 if most < 1000 else 0
    return {
        "growths": [show.percent(each) for each in table.growths],
        "rows": [
            {"wacc": show.percent(one), "values": [show.number(each, places) for each in line]}
            for one, line in zip(table.waccs, table.values, strict=True)
        ],
        "assumptions": [
            {
                "name": _NAMES.get(each.name, each.name),
                "value": _assumed(each.name, each.value, sheet.currency),
                "origin": each.origin,
                "reason": each.reason,
            }
            for each in sheet.valuation.assumptions
        ],
        "notes": [
            f"Between {show.money(sheet.valuation.low, sheet.currency)} and {show.money(sheet.valuation.high, sheet.currency)} "
            "with a cost of capital one point and a growth two points worse or better.",
            f"{show.percent(sheet.valuation.terminal_share, 0)} of the value lies beyond the projected years.",
            *sheet.valuation.notes,
        ],
    }


_NAMES = {
    "cash": "Starting cash flow",
    "share_based_pay": "Share-based pay",
    "size_premium": "Size premium",
    "growth": "Growth, first years",
    "wacc": "WACC",
    "terminal_growth": "Terminal growth",
    "cost_of_equity": "Cost of equity",
    "risk_free": "Risk-free rate",
    "beta": "Beta",
    "equity_premium": "Equity premium",
    "cost_of_debt": "Cost of debt",
    "tax_rate": "Tax rate",
    "debt_share": "Share of debt",
    "net_debt": "Net debt",
    "shares": "Shares",
}


def _assumed(name: str, value: float, currency: str | None) -> str:
    if name in ("cash", "net_debt", "share_based_pay"):
        return show.money(value, currency)
    return show.compact(value) if name == "shares" else show.number(value) if name == "beta" else show.percent(value)


def _gates(sheet: Sheet) -> list[dict[str, str]]:
    return [
        {
            "title": gate.title,
            "value": shown(gate.field, gate.value, sheet.currency),
            "limit": ("≥ " if gate.side == "min" else "≤ ") + shown(gate.field, gate.limit, sheet.currency),
            "state": {True: "passed", False: "failed", None: "unknown"}[gate.passed],
            "cap": f"caps at {gate.cap}" if gate.passed is False else "",
        }
        for gate in sheet.explanation.gates
        if not gate.fixed
    ]


def _pillars(sheet: Sheet) -> list[dict[str, Any]]:
    return [
        {
            "title": pillar.title,
            "score": show.number(pillar.score, 1),
            "share": (pillar.score or 0.0) / 10,
            "known": pillar.score is not None,
            "weight": f"{pillar.weight:.0f}",
            "coverage": show.percent(pillar.coverage, 0),
        }
        for pillar in sheet.explanation.pillars
    ]


def _peers(sheet: Sheet, names: tuple[str, ...]) -> dict[str, Any]:
    if not sheet.peers.count:
        return {}
    spare = [name for name in ("pb", "dividend_yield") if name in sheet.peers.fields and name not in names]
    told = [name for name in (*names, *spare) if sheet.peers.frame[name].null_count() < sheet.peers.frame.height]
    names = tuple(told[: len(names)])
    rows = []
    for row in sheet.peers.frame.iter_rows(named=True):
        rows.append(
            [
                row["symbol"],
                row["name"] or "",
                row["verdict"] or show.UNKNOWN,
                *(_cell(name, row.get(name), None) for name in names),
            ]
        )
    rows.append(
        ["Median", f"{sheet.peers.count} peers", "", *(_cell(name, sheet.peers.medians.get(name), None) for name in names)]
    )
    return {"basis": sheet.peers.basis, "titles": [_SHORT.get(name, FIELDS[name].title) for name in names], "rows": rows}


_SHORT = {
    "revenue_growth_1y": "Growth",
    "net_debt_ebitda": "ND/EBITDA",
    "return_1y": "1 year",
    "return_3y": "3 years p.a.",
    "operating_margin": "Op. margin",
    "yield_to_maturity": "Yield",
    "years_to_maturity": "Years",
    "volatility_1y": "Volatility",
    "expense_ratio": "Cost",
    "aum": "Assets",
    "sharpe_1y": "Sharpe",
    "dividend_yield": "Dividend",
}


def _cell(name: str, value: Any, currency: str | None) -> str:
    known = FIELDS[name]
    if known.unit == "currency" and isinstance(value, (int, float)) and abs(value) >= 1e6:
        return show.compact(value)
    return show.value(value, known.type, known.unit, known.decimals, currency)


def _events(sheet: Sheet) -> list[dict[str, Any]]:
    found = []
    for figure in sheet.figures:
        if figure.section == "events" and figure.value is not None:
            found.append({"title": figure.title, "text": figure.text, "ref": _ref(figure)})
    return found


def _figures(sheet: Sheet) -> list[dict[str, Any]]:
    """Every known figure for the source table, each once."""
    groups = []
    seen: set[str] = set()
    for section in _TABLE_SECTIONS:
        rows = []
        for figure in sheet.figures:
            if figure.section == "stated" and _told(sheet, figure):
                continue
            if (
                figure.section != section
                or figure.value is None
                or figure.term in seen
                or figure.term.startswith(("gate.", "pillar."))
            ):
                continue
            seen.add(figure.term)
            rows.append(
                [
                    figure.title,
                    figure.text,
                    figure.as_of.isoformat() if figure.as_of else "",
                    str(_ref(figure) or ""),
                    figure.formula,
                ]
            )
        if rows:
            groups.append({"title": SECTION_TITLES[section], "rows": rows})
    return groups


def _told(sheet: Sheet, figure: Figure) -> bool:
    """Whether a stated value is on the page already, as the field it stands for; statements are in the CSV."""
    item, period = figure.term.split(".")[1:]
    fields = [name for name, known in FIELDS.items() if known.reported == item]
    return period != "P" or any(sheet.row.get(name) is not None for name in fields)


def _reasons(unknown: tuple[str, ...]) -> list[str]:
    """What is unknown for the same reason in one line."""
    titles: dict[str, list[str]] = {}
    for sentence in unknown:
        title, colon, reason = sentence.partition(": ")
        if colon:
            titles.setdefault(reason, []).append(title)
    return [f"{', '.join(each)}: {reason}" for reason, each in titles.items()]


def _source(source: Source) -> str:
    if source.provider == "tapeline":
        return f"Tapeline, {source.endpoint}: {source.note}."
    words = f"{source.provider}, {source.endpoint}"
    if source.as_of is not None:
        midnight = source.as_of.time() == time(0)  # a day, not a moment
        words += f", as of {show.day(source.as_of) if midnight else show.moment(source.as_of)}"
    if source.fetched_at is not None:
        words += f", retrieved {source.fetched_at:%Y-%m-%d %H:%M} UTC"
    if source.delayed:
        words += ", delayed"
    return words + (", SIMULATED." if source.simulated else ".")
