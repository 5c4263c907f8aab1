"""Where a number comes from: the badge one sees, and the text one gets by pointing at it."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication, QSizePolicy

from terminal.domain import format as fmt
from terminal.ui import theme
from terminal.ui.form import Chip, reveal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

    from terminal.domain.sourced import Source

STALE_AFTER = timedelta(days=7)
# Beyond this age a trade that was heard as it happened is only the last one.
LIVE_FOR = timedelta(minutes=1)
_SHOWN = 4
_AROUND = 9  # what a chip leaves free at its ends
_STATES = {"simulated": "SIMULATED", "stale": "Stale", "delayed": "Delayed", "live": "Live"}


def state(source: Source, now: datetime) -> str:
    """`simulated`, `stale`, `delayed` or "" of one source; the first that holds.

    Stale means fetched more than a week ago. How old a value itself may be depends on what it is (a statement is
    months old and yet the newest there is), so that its as-of is shown instead of judged.
    """
    if source.simulated:
        return "simulated"
    if source.fetched_at is not None and now - source.fetched_at > STALE_AFTER:
        return "stale"
    return "delayed" if source.delayed else ""


class SourceBadge(Chip):
    """Provider, as-of and age of what a panel shows; simulated, stale and delayed are written out."""

    def __init__(self) -> None:
        super().__init__("")
        self._last: tuple[tuple[Source, ...], datetime] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._label.setMinimumWidth(theme.scaled(60))
        self.hide()

    def sizeHint(self) -> QSize:
        """Wide enough for all of it; it may be narrower and ends in dots then."""
        around = self.width() - self.contentsRect().width() + 2 * _AROUND
        return QSize(self._label.fontMetrics().horizontalAdvance(self.text) + around + 6, super().sizeHint().height())

    def set_text(self, text: str, tone: str = "") -> None:
        super().set_text(text, tone)
        self.updateGeometry()
        self._shorten()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._shorten()

    def _shorten(self) -> None:
        room = self.contentsRect().width() - 2 * _AROUND
        self._label.setText(self._label.fontMetrics().elidedText(self.text, Qt.TextElideMode.ElideRight, room))

    def show_sources(self, sources: Sequence[Source], now: datetime) -> None:
        """Sum up; hidden when there is no source."""
        self._last = (tuple(sources), now)
        reveal(self, bool(sources))
        if not sources:
            return
        states = {state(each, now) for each in sources}
        providers = list(dict.fromkeys(each.provider for each in sources))
        newest = max((each.as_of for each in sources if each.as_of), default=None)
        if (newest is not None and now - newest > STALE_AFTER) or _nobody_answers():
            states.add("stale")  # even the newest value here is old, or cannot be brought up to date
        fetched = max((each.fetched_at for each in sources if each.fetched_at), default=None)
        worst = next((name for name in ("simulated", "stale", "delayed") if name in states), "")
        if not worst and any(each.live and each.fetched_at and now - each.fetched_at <= LIVE_FOR for each in sources):
            worst = "live"
        parts = [_STATES.get(worst, ""), " + ".join(providers[:2])]
        if len(providers) > 2:
            parts[-1] += f" +{len(providers) - 2}"
        parts += [fmt.day(newest.date()) if newest else "", fmt.age(fetched, now) if fetched else ""]
        text = " · ".join(part for part in parts if part)
        self.set_text(text, "warn" if worst in ("simulated", "stale") else "")
        self.setAccessibleName(f"Source: {text}")
        self.setToolTip(sources_html(sources, now))


    def show_again(self) -> None:
        """As before, after the network went away or came back."""
        if self._last is not None and not self.isHidden():
            self.show_sources(*self._last)


def _nobody_answers() -> bool:
    application = QApplication.instance()
    return application is not None and bool(application.property("tapelineAway"))


def provenance_html(title: str, value: str, sources: Sequence[Source], now: datetime, *, formula: str = "", text: str = "",
                    why: str = "") -> str:
    """The tooltip of a number as rich text.

    Title and value, what it means (`text`, in the words of the mode), its formula, then each source with provider,
    endpoint, as-of and age. `why` says why it is unknown.
    """
    colors = theme.tokens()
    parts = [f"<b>{escape(title)}</b>&nbsp;&nbsp;{escape('unknown' if value == fmt.UNKNOWN else value)}"]
    if why:
        parts.append(f"<span style='color:{colors.warn}'>{escape(why)}</span>")
    if text:
        parts.append(escape(text))
    if formula:
        parts.append(f"<span style='color:{colors.t2}'>= {escape(formula)}</span>")
    parts.append(sources_html(sources, now) if sources else f"<span style='color:{colors.t3}'>No source recorded</span>")
    body = "".join(f"<div style='margin-top:{0 if not place else 4}px'>{part}</div>" for place, part in enumerate(parts) if part)
    return f"<div style='max-width:360px'>{body}</div>"


def sources_html(sources: Sequence[Source], now: datetime) -> str:
    """One line a source, at most four and the number of the others."""
    colors = theme.tokens()
    lines = []
    for source in sources[:_SHOWN]:
        mark = {"simulated": "SIMULATED ", "stale": "stale ", "delayed": "delayed "}.get(state(source, now), "")
        mark = mark or ("live " if source.live and source.fetched_at and now - source.fetched_at <= LIVE_FOR else "")
        where = " ".join(part for part in (source.provider, source.endpoint) if part)
        when = " · ".join(part for part in (f"as of {fmt.moment(source.as_of)}" if source.as_of else "as of unknown",
                                            f"fetched {fmt.age(source.fetched_at, now)}" if source.fetched_at else "") if part)
        note = f" · {escape(source.note)}" if source.note else ""
        lines.append(f"<span style='color:{colors.warn}'>{mark}</span><span style='color:{colors.t2}'>{escape(where)}</span>"
                     f"<br><span style='color:{colors.t3}'>{escape(when)}{note}</span>")
    if len(sources) > _SHOWN:
        lines.append(f"<span style='color:{colors.t3}'>and {len(sources) - _SHOWN} more sources</span>")
    return "<br>".join(lines)


def source_line(sources: Sequence[Source], now: datetime) -> str:
    """The same in one line of plain text, for status bars."""
    return " · ".join(dict.fromkeys(f"{each.provider} {fmt.age(each.fetched_at, now)}" for each in sources))

