"""The words over a chart: the bar looked at, its change, the studies' values there, and where the bars come from."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QFontMetricsF

from terminal.domain import format as fmt
from terminal.ui import theme
from terminal.ui.chart.scale import price_name, value_name

if TYPE_CHECKING:
    from PySide6.QtWidgets import QLabel

    from terminal.ui.chart.pyramid import Numbers
    from terminal.ui.chart.series import Series, StudyView

AVERAGES = ("average_1", "average_2", "average_3")
WORDS = {"pro": ("O", "H", "L", "C", "V"), "newbie": ("Open", "High", "Low", "Close", "Volume")}
MOST_LINES = 3  # of studies, below the bar's own
_TAGS = re.compile("<[^>]*>")


def tinted(text: str, color: str) -> str:
    """Rich text in a colour."""
    return f"<span style='color:{color}'>{text}</span>"


def bar_parts(series: Series, place: int, mode: str, step: int) -> list[str]:
    """The first line, most important first: what does not fit is left out from the end."""
    assert series.bars is not None
    colors, bars = theme.tokens(), series.bars.bars
    change, opened, high, low, close, volume = series.change(place), *WORDS["newbie" if mode == "newbie" else "pro"]
    tint = colors.t2 if change is None else colors.up_text if change >= 0 else colors.down_text
    closing = f"{close} {tinted(price_name(float(bars.close[place])), tint)}"
    if change is not None:
        closing += f" {tinted(fmt.change(change), tint)}"
    parts = [tinted("SIMULATED", colors.warn)] if series.simulated else []
    parts += [escape(series.timeline.name_of(place))]
    parts += [f"{name} {tinted(price_name(float(values[place])), colors.t1)}"
              for name, values in ((opened, bars.open), (high, bars.high), (low, bars.low))]
    parts += [closing, f"{volume} {tinted(fmt.compact(float(bars.volume[place])), colors.t1)}"]
    unit = {"1d": "d", "1wk": "w", "1mo": "mo"}.get(series.interval, "")
    for (length, line), role in zip(series.averages, AVERAGES, strict=False):
        parts.append(tinted(f"{length}{unit} {price_name(float(line.values[place]))}", getattr(colors, role)))
    parts += [escape(note) for note in notes(series, place)]
    if step > 1:
        parts.append(f"one {'point' if series.kind in ('line', 'area') else 'candle'} is {step} bars")
    if series.source:
        parts.append(f"source {escape(series.source)}")
    return parts


def notes(series: Series, place: int) -> list[str]:
    """What is special about a bar: its session, the gap before it, the events on it."""
    found = [series.timeline.session_of(place), series.timeline.gap_before(place)]
    found += [marker.title for marker in series.markers_at(place)]
    return [note for note in found if note]


def study_part(view: StudyView, place: int, *, price: bool) -> str:
    """A study's title and its values at a bar, each in its line's colour."""
    colors = theme.tokens()
    values = []
    for line, pyramid in zip(view.study.lines, view.lines, strict=True):
        value = float(pyramid.values[place])
        role = line.role if line.role != "sign" else "up_text" if value >= 0 else "down_text"
        name = price_name(value) if price else value_name(value, view.largest)
        text = name if np.isfinite(value) else fmt.UNKNOWN
        values.append(tinted(f"{escape(line.name)} {text}" if len(view.study.lines) > 1 else text, getattr(colors, role)))
    return f"{tinted(escape(view.study.title), colors.t2)} {' '.join(values)}"


def compared_parts(series: Series, place: int, start: float) -> list[str]:
    """Each compared symbol's change since the first visible bar, behind that of the chart's own."""
    if not series.compared or series.bars is None:
        return []
    colors, first = theme.tokens(), series.first_visible(start)
    own = _since(series.bars.bars.close, first, place)
    parts = [f"{escape(series.symbol or 'this')} {tinted(fmt.percent(own, 2, sign=True), colors.t1)}"]
    for each in series.compared:
        change = _since(each.line.values, each.line.first_known(first), place)
        parts.append(tinted(f"{escape(each.symbol)} {fmt.percent(change, 2, sign=True)}", getattr(colors, each.role)))
    return parts


def _since(values: Numbers, first: int | None, place: int) -> float | None:
    """The change from one bar to a later one, as a fraction; None where either is unknown."""
    if first is None or place < first or not values[first] > 0 or not np.isfinite(values[place]):
        return None
    return float(values[place] / values[first] - 1)


def write(label: QLabel, parts: list[str], more: list[str], room: float) -> None:
    """Put the first line into a label, leaving out from its end what `room` pixels do not hold, and `more` in lines below."""
    size, gap = theme.scaled(11), 10.0
    metrics = QFontMetricsF(theme.font(size))
    widths = {part: metrics.horizontalAdvance(unescape(_TAGS.sub("", part))) + gap for part in (*parts, *more)}
    first = list(parts)
    while len(first) > 3 and sum(widths[part] for part in first) > room >= 100:
        first.pop()
    lines: list[list[str]] = [first]
    used = room + 1.0  # the studies begin a line of their own
    for part in more:
        if used + widths[part] > max(room, 100):
            lines.append([])
            used = 0.0
        lines[-1].append(part)
        used += widths[part]
    body = "<br>".join("&nbsp; ".join(line) for line in lines[:1 + MOST_LINES] if line)
    text = f"<span style='font-size:{size}px; color:{theme.tokens().t3}'>{body}</span>"
    if text != label.text():  # laying it out costs as much as drawing the bars
        label.setText(text)
        label.adjustSize()
