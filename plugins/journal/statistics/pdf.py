"""The printed journal: plain data set by typst from resources/journal/journal.typ. The same trades give the same bytes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from plugins.journal.trades.tables import state
from terminal.domain import format as show
from terminal.domain.journal import statistics
from terminal.domain.journal.behaviour import findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plugins.journal.trades.trading import Journal, Kept

_MOST = 400
_WIDTH, _HEIGHT = 780, 170
_GROUPS = (("strategy", "By strategy"), ("setup", "By set-up"), ("mistake", "By mistake"), ("month", "By month"))


def render(content: dict[str, Any]) -> bytes:
    """The PDF."""
    import importlib.resources

    import typst

    from terminal.paths import resource

    template = resource("journal", "journal.typ")
    fonts = importlib.resources.files("fontpkg_inter") / "files"
    year, month, day = content["date"]
    moment = datetime.combine(date(year, month, day), time(0), UTC)
    with importlib.resources.as_file(fonts) as folder:
        found: bytes = typst.compile(
            str(template), root=str(template.parent), font_paths=[str(folder)], ignore_system_fonts=True, format="pdf",
            sys_inputs={"journal": json.dumps(content, ensure_ascii=False, allow_nan=False, sort_keys=True)},
            timestamp=int(moment.timestamp()),
        )  # fmt: skip
    return found


def journal(found: Journal, *, simulated: bool) -> dict[str, Any]:
    """Everything of the chosen trades: figures, curve, groups, habits, and the list."""
    outcomes = found.closed()
    told = statistics.summary(outcomes)
    tables = [_groups(outcomes, by, title, found.currency) for by, title in _GROUPS]
    return {
        **_head(f"Trading journal, {told.n} closed trades", found, simulated),
        "cards": _cards(told, found.currency),
        "curve": curve_svg(statistics.curve(outcomes)),
        "tables": [*filter(None, tables), _trades(list(reversed(found.kept)))],
        "lists": [{"title": "Habits", "items": [{"title": f"{one.title} ({one.verdict})", "text": one.text}
                                                for one in findings(outcomes, found.moments())]}],
    }  # fmt: skip


def week(
    found: Journal, title: str, parts: Sequence[tuple[str, str]], kept: Sequence[Kept], *, simulated: bool
) -> dict[str, Any]:
    """The report of a week: its own words, the figures of the week, and its trades."""
    mine = {each.trade.key for each in kept}
    outcomes = [one for one in found.closed() if one.key in mine]
    intro, *rest = parts
    lists = [{"title": heading, "items": [{"title": "", "text": _plain(line)} for line in text.split("\n") if line.strip()]}
             for heading, text in rest if not text.startswith("|")]  # fmt: skip
    return {
        **_head(title, found, simulated),
        "intro": [intro[1]],
        "cards": _cards(statistics.summary(outcomes), found.currency) if outcomes else [],
        "tables": [_trades(list(kept))] if kept else [],
        "lists": lists,
    }


def curve_svg(curve: statistics.Curve) -> str:
    """The curve over time with its drawdown below; "" with fewer than two days."""
    if len(curve.days) < 2:
        return ""
    first, span = curve.days[0], max((curve.days[-1] - curve.days[0]).days, 1)
    low, high = min(0.0, *curve.total), max(0.0, *curve.total)
    deepest = min(curve.drawdown) or -1.0
    scale = (_HEIGHT - 60) / ((high - low) or 1.0)

    def x(day: date) -> float:
        return 4 + (day - first).days / span * (_WIDTH - 70)

    def y(value: float) -> float:
        return 8 + (high - value) * scale

    line = " ".join(f"{x(day):.1f},{y(value):.1f}" for day, value in zip(curve.days, curve.total, strict=True))
    top = _HEIGHT - 44
    below = " ".join(
        f"{x(day):.1f},{top + value / deepest * 38:.1f}" for day, value in zip(curve.days, curve.drawdown, strict=True)
    )
    levels = [value for value in (high, 0.0, low) if value == 0 or abs(y(value) - y(0)) > 12]
    marks = "".join(f'<text x="{_WIDTH - 60}" y="{y(value) + 3:.1f}" font-family="Inter" font-size="9" fill="#667085">'
                    f"{show.compact(value)}</text>" for value in levels)  # fmt: skip
    days = "".join(f'<text x="{place}" y="{_HEIGHT - 1}" font-family="Inter" font-size="9" text-anchor="{anchor}" fill="#667085">'
                   f"{show.day(day)}</text>" for place, day, anchor in
                   ((4, curve.days[0], "start"), (_WIDTH - 66, curve.days[-1], "end")))  # fmt: skip
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f'<line x1="4" x2="{_WIDTH - 66}" y1="{y(0):.1f}" y2="{y(0):.1f}" stroke="#D0D5DD" stroke-width="1"/>'
        f'<polyline points="{line}" fill="none" stroke="#3B5BDB" stroke-width="1.6" stroke-linejoin="round"/>'
        f'<polygon points="4,{top} {below} {x(curve.days[-1]):.1f},{top}" fill="#EBB4BC"/>{marks}{days}</svg>'
    )


def _head(title: str, found: Journal, simulated: bool) -> dict[str, Any]:
    names = ", ".join(found.accounts) or "no account"
    return {
        "title": title, "subtitle": f"{names}, up to {show.day(found.day)}, in {found.currency}", "simulated": simulated,
        "date": [found.day.year, found.day.month, found.day.day], "footer": f"Trading journal up to {show.day(found.day)}.",
        "intro": [], "cards": [], "curve": "", "tables": [], "lists": [],
    }  # fmt: skip


def _cards(told: statistics.Summary, currency: str) -> list[dict[str, str]]:
    rate, each, r = told.win_rate, told.expectancy, told.expectancy_r
    between = f"{show.percent(rate.low, 0)} to {show.percent(rate.high, 0)} (90 %)" if rate else ""
    return [
        {"title": "Profit", "text": _money(told.total, currency), "note": f"after {show.money(told.fees, currency)} of fees"},
        {"title": "Win rate", "text": show.percent(rate.value, 0) if rate else show.UNKNOWN, "note": between},
        {"title": "Average trade", "text": _money(each.value if each else None, currency),
         "note": f"{_money(each.low, currency)} to {_money(each.high, currency)} (90 %)" if each and told.n > 1 else ""},
        {"title": "Average trade in R", "text": show.number(r.value, sign=True) if r else show.UNKNOWN,
         "note": f"risk was planned for {told.n_r} of {told.n}"},
        {"title": "Profit factor", "text": show.number(told.profit_factor), "note": "gains over losses"},
        {"title": "Average winner", "text": _money(told.average_win, currency), "note": f"{told.wins} won"},
        {"title": "Average loser", "text": _money(told.average_loss, currency), "note": f"{told.losses} lost"},
        {"title": "Longest runs", "text": f"{told.win_streak} / {told.loss_streak}", "note": "winners / losers"},
    ]  # fmt: skip


def _groups(outcomes: Sequence[statistics.Outcome], by: str, title: str, currency: str) -> dict[str, Any] | None:
    found = statistics.groups(outcomes, by)
    if not found:
        return None
    rows = [[one.name, str(one.summary.n), _money(one.summary.total, currency),
             show.percent(one.summary.win_rate.value, 0) if one.summary.win_rate else show.UNKNOWN,
             _money(one.summary.expectancy.value if one.summary.expectancy else None, currency), _money(one.shrunk, currency)]
            for one in found]  # fmt: skip
    return {"title": title, "head": ["", "Trades", "Profit", "Win rate", "Average", "Believed"],
            "right": [False, True, True, True, True, True], "widths": [3, 1, 1.4, 1, 1.4, 1.4], "rows": rows}  # fmt: skip


def _trades(kept: Sequence[Kept]) -> dict[str, Any]:
    rows = [[str(each.number), each.title, show.day(each.trade.opened.day),
             show.day(each.trade.closed.day) if each.trade.closed else "open", state(each),
             _money(None if each.profit is None else float(each.profit), each.trade.currency),
             show.number(each.r, sign=True) if each.r is not None else show.UNKNOWN,
             ", ".join((*each.note.strategy, *each.note.setup, *each.note.mistake, *each.note.tag))]
            for each in kept[:_MOST]]  # fmt: skip
    title = "Trades" if len(kept) <= _MOST else f"The newest {_MOST} of {len(kept)} trades"
    return {"title": title, "head": ["No.", "Trade", "Opened", "Closed", "State", "Profit", "R", "Tags"],
            "right": [False, False, False, False, False, True, True, False], "widths": [0.6, 2.2, 1.2, 1.2, 0.7, 1.2, 0.7, 2],
            "rows": rows}  # fmt: skip


def _money(value: float | None, currency: str) -> str:
    return show.UNKNOWN if value is None else show.money(value, currency, sign=True)


def _plain(line: str) -> str:
    """A line of Markdown without its marks."""
    return line.removeprefix("- ").replace("**", "")
