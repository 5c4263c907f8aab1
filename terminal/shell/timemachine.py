"""The time machine's controls: the date in the top bar, its calendar, and the frame round panels that show a past day."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QDate, QEvent, QLocale, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QTextCharFormat
from PySide6.QtWidgets import QCalendarWidget, QFrame, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from terminal.shell.links import GROUPS, Links, calendar, day_from, short, spoken, step
from terminal.ui import theme
from terminal.ui.form import Button, Glyph, IconButton, Segment, label, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QResizeEvent

RETURN = "Return to today"
ARROWS = {"qt_calendar_prevmonth": ("Month before", "chevron-left"), "qt_calendar_nextmonth": ("Next month", "chevron-right")}
AGO = (("1w", "A week ago"), ("1m", "A month ago"), ("3m", "Three months ago"), ("1y", "A year ago"))


class PastStrip(QFrame):
    """The line above a panel that shows a past day. It cannot be dismissed; it leads back."""

    def __init__(self, back: Callable[[], None]) -> None:
        super().__init__()
        theme.set_role(self, role="past")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._sentences: tuple[str, ...] = ("",)
        self._text = label("")
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.button = QPushButton(RETURN)
        self.button.setAccessibleName(RETURN)
        self.button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.button.clicked.connect(back)
        line = row(Glyph("history", "past", 13), self._text, self.button, spacing=8, margins=(10, 0, 6, 0))
        line.setStretch(1, 1)
        self.setLayout(line)
        self.setFixedHeight(theme.scaled(24))

    def show_day(self, day: date) -> None:
        """Say which day is shown, as fully as there is room."""
        self._sentences = (f"Showing what was known on {spoken(day)}.", f"What was known on {spoken(day)}",
                           f"Known on {short(day)}", short(day))
        self.setAccessibleName(self._sentences[0])
        self.setToolTip(f"{self._sentences[0]} Prices do not move here, and nothing that became known later is used.")
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() - self.button.sizeHint().width() - 60
        metrics = self._text.fontMetrics()
        fitting = (text for text in self._sentences if metrics.horizontalAdvance(text) <= room)
        self._text.setText(next(fitting, self._sentences[-1]))


class DateButton(QPushButton):
    """The day that the active link group shows: "Today", or a past day in the colour of the time machine."""

    chosen = Signal(str, str)  # group, day in words (`links.day_from`)
    opened = Signal()

    def __init__(self) -> None:
        super().__init__()
        theme.set_role(self, role="date")
        self.setFixedHeight(theme.scaled(28))
        self.linked: str = GROUPS[0]
        self.day: date | None = None
        self.clicked.connect(self.opened)
        self.show_day(GROUPS[0], None, [GROUPS[0]])

    def show_day(self, group: str, day: date | None, used: list[str]) -> None:
        """The day of a group; its letter is told as soon as there are several groups."""
        self.linked, self.day = group, day
        which = f"{group}: " if len(used) > 1 else ""
        self.setText(f"{which}{short(day) if day else 'Today'}")
        theme.set_role(self, past=day is not None)
        self._tint()
        of = f" of group {group}" if len(used) > 1 else ""
        self.setAccessibleName(f"Day shown{of}: {spoken(day) if day else 'today'}")
        self.setToolTip("The panels show what was known on this day. Choose a past one to look at the market as it was then.")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "day"):
            self._tint()

    def _tint(self) -> None:
        size = theme.scaled(13)
        self.setIcon(theme.icon("history", "past" if self.day else "t2", size))
        self.setIconSize(QSize(size, size))

    def open(self, links: Links, group: str, today: date) -> DatePopup:
        """The calendar below the button."""
        popup = DatePopup(self.window(), links, group, today, self.chosen.emit)
        edge = self.window().mapToGlobal(QPoint(self.window().width() - popup.sizeHint().width() - 8, 0)).x()
        below = self.mapToGlobal(QPoint(0, self.height() + 4))
        popup.move(min(below.x(), edge), below.y())
        popup.show()
        popup.month.setFocus()
        return popup


class DatePopup(QFrame):
    """A month to pick a day from, the days most asked for, and a session back or forward."""

    def __init__(self, parent: QWidget, links: Links, group: str, today: date, choose: Callable[[str, str], None]) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        theme.set_role(self, role="popup")
        self.setAccessibleName("Day to show")
        self._links, self._choose, self._today, self.group = links, choose, today, group
        self.groups = Segment([(each, each) for each in links.used() or [group]], group, "Link group")
        self.groups.changed.connect(self._other_group)
        self.groups.setVisible(len(links.used()) > 1)
        self.month = self._month()
        self.back = IconButton("chevron-left", "A session back", partial(self._step, -1), size=15)
        self.forward = IconButton("chevron-right", "A session forward", partial(self._step, 1), size=15)
        self.said = label("", "strong")
        self.today_button = Button(RETURN, "link", on_click=partial(self._go, "today"))
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 12, 12, 12)
        box.setSpacing(8)
        box.addLayout(row(label("What was known on", "caps"), 0, self.groups))
        box.addLayout(row(self.back, self.said, self.forward, 0, self.today_button))
        box.addWidget(self.month)
        quick = QHBoxLayout()
        quick.setSpacing(4)
        for ago, words in AGO:
            button = Button(words, "link", on_click=partial(self._go, ago))
            quick.addWidget(button)
        box.addLayout(quick)
        box.addWidget(label("Days without trading are dimmed; they show what was known by then.", "muted"))
        self._show()

    def _month(self) -> QCalendarWidget:
        month = QCalendarWidget()
        month.setAccessibleName("Day")
        month.setLocale(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
        month.setFirstDayOfWeek(Qt.DayOfWeek.Monday)
        month.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        month.setGridVisible(False)
        month.setMinimumSize(theme.scaled(320), theme.scaled(236))
        month.setMaximumDate(_qdate(self._today))
        month.setMinimumDate(_qdate(calendar().first))
        for button in month.findChildren(QToolButton):
            name, icon = ARROWS.get(button.objectName(), ("", ""))
            if name:
                button.setAccessibleName(name)
                button.setIcon(theme.icon(icon, "t2", 14))
        plain = QTextCharFormat()
        plain.setForeground(QColor(theme.tokens().t1))
        for weekday in Qt.DayOfWeek:
            month.setWeekdayTextFormat(weekday, plain)
        head = QTextCharFormat()
        head.setForeground(QColor(theme.tokens().t3))
        head.setBackground(QColor(theme.tokens().bg2))
        month.setHeaderTextFormat(head)
        month.currentPageChanged.connect(self._dim)
        month.activated.connect(lambda day: self._go(day.toString("yyyy-MM-dd")))
        month.clicked.connect(lambda day: self._go(day.toString("yyyy-MM-dd")))
        return month

    def _dim(self, year: int, month: int) -> None:
        """Days on which nothing traded in the month shown."""
        dim = QTextCharFormat()
        dim.setForeground(QColor(theme.tokens().t3))
        first = date(year, month, 1)
        for day in (first + timedelta(days=each) for each in range(-7, 39)):
            if calendar().first <= day <= self._today and not calendar().is_session(day):
                self.month.setDateTextFormat(_qdate(day), dim)

    def _other_group(self, group: str) -> None:
        self.group = group
        self._show()

    def _show(self) -> None:
        day = self._links.date_of(self.group)
        self.said.setText(spoken(day) if day else "Today")
        self.today_button.setVisible(day is not None)
        self.forward.setEnabled(day is not None)
        self.month.blockSignals(True)
        self.month.setSelectedDate(_qdate(day or self._today))
        self.month.blockSignals(False)
        self._dim(self.month.yearShown(), self.month.monthShown())

    def _step(self, sessions: int) -> None:
        day = step(self._today, self._links.date_of(self.group), sessions)
        self._choose(self.group, day.isoformat() if day else "today")
        self._show()

    def _go(self, words: str) -> None:
        day_from(words, self._today, self._links.date_of(self.group))
        self._choose(self.group, words)
        self.close()


def _qdate(day: date) -> QDate:
    return QDate(day.year, day.month, day.day)
