"""The tour: a few cards that point at what is on the window. It can be used meanwhile; nothing moves by itself.

A panel may define `landmark(name) -> QWidget | None`, the part of it that a step speaks of; without one, or while it has
nothing to show yet, the step points at the whole panel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QToolButton, QWidget
from shiboken6 import isValid

from terminal.ui import theme
from terminal.ui.form import Button, column, ghost, label, primary, row

if TYPE_CHECKING:
    from terminal.shell.window import MainWindow

WIDTH, GAP = 340, 10
FIRST_LOOK = "SPY"  # what the tearsheet shows when nothing was chosen yet


@dataclass(frozen=True)
class Step:
    """One card. `where` is a part of the frame (search, mode) or of the panel named: a landmark, else the whole."""

    title: str
    newbie: str
    pro: str
    where: str
    panel: str = ""


STEPS = (
    Step("Begin here",
         "Press {search} and type a company, or say what you want to do. Everything the program can do is found here.",
         "{search}: symbols, panels, function codes and every command with its arguments.", "search"),
    Step("Ask a question", "Pick what you are looking for, and the list shows what answers it. The number says how many do.",
         "Presets, range filters and rules; the pane shows the distribution behind each slider.", "question", "screener"),
    Step("Look at one company", "Click a row in the list, and this page tells all about it: what it costs, earns and owes.",
         "The tearsheet follows the selection of its link group.", "", "tearsheet"),
    Step("What we make of it",
         "The verdict follows fixed rules, and says what speaks for it and what against. It is no advice.",
         "Gates cap the verdict, checks earn the score; all limits are yours to change.", "verdict", "tearsheet"),
    Step("Where a number is from", "This badge names the source and its age. Rest the mouse on any number to see its own.",
         "Provider, endpoint, as-of and fetch of each number; estimates and own calculations say so.", "sources", "tearsheet"),
    Step("Sentences or figures",
         "Newbie speaks in sentences, Pro in terms and numbers. The values are the same; switch whenever you like.",
         "Newbie/Pro changes words and density only; each panel can have its own mode (button in its title bar).", "mode"),
    Step("Is everything up to date?", "Health shows what was fetched when, what failed, and what to do about it.",
         "Freshness, budgets, breakers, jobs and the fetch log.", "health"),
)


class Ring(QWidget):
    """The frame round what a step speaks of; the mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.tokens().color("accent"), 2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5), 7, 7)


class TourCard(QFrame):
    """The words of a step, and the buttons. Enter goes on, Backspace goes back, Escape ends it."""

    def __init__(self, tour: Tour, parent: QWidget) -> None:
        super().__init__(parent)
        self._tour = tour
        theme.set_role(self, role="popup")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAutoFillBackground(True)
        self.title, self.text, self.place = label("", "h2"), label("", "body", wrap=True), label("", "muted")
        self.skip = ghost("End the tour", on_click=tour.stop)
        self.back = Button("Back", on_click=tour.back)
        self.next = primary("Next", on_click=tour.next)
        for button in (self.skip, self.back, self.next):
            button.setAutoDefault(True)  # Enter presses the one that has the keyboard
        inside = column(row(self.title, 0, self.place), self.text, row(self.skip, 0, self.back, self.next), spacing=10,
                        margins=(14, 12, 14, 12))
        self._inside = inside
        self.setLayout(inside)
        self.setFixedWidth(theme.scaled(WIDTH))

    def height_needed(self) -> int:
        """How high the words of this step are."""
        return max(self._inside.totalHeightForWidth(self.width()), self.minimumSizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        found = {Qt.Key.Key_Return: self._tour.next, Qt.Key.Key_Enter: self._tour.next, Qt.Key.Key_Right: self._tour.next,
                 Qt.Key.Key_Left: self._tour.back, Qt.Key.Key_Backspace: self._tour.back,
                 Qt.Key.Key_Escape: self._tour.stop}.get(Qt.Key(event.key()))
        if found is not None:
            found()
        else:
            super().keyPressEvent(event)


class Tour(QObject):
    """One tour through a window. It holds no timer: it follows the events of what it points at."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._before = QApplication.focusWidget()
        self._watched: list[QWidget] = []
        self._scrolled: dict[QScrollArea, int] = {}  # where pages were before
        self._shown_of: QWidget | None = None  # scrolled to once, so that the user can scroll on
        self._over = False
        panels = window.workspace.specs if window.workspace is not None else {}
        self.steps = [step for step in STEPS if {step.panel, step.where if step.where == "health" else ""} - {""} <= set(panels)]
        self.at = 0
        root = window.centralWidget()
        assert root is not None
        self._root = root
        self.ring, self.card = Ring(root), TourCard(self, root)

    @staticmethod
    def of(window: MainWindow) -> Tour | None:
        """The tour that is on, if one is."""
        return next((each for each in window.findChildren(Tour) if not each._over), None)

    @staticmethod
    def start(window: MainWindow) -> Tour:
        """Begin, or begin anew."""
        running = Tour.of(window)
        if running is not None:
            running.stop()
        made = Tour(window)
        made._show()
        made.card.setFocus(Qt.FocusReason.OtherFocusReason)
        return made

    @property
    def step(self) -> Step:
        return self.steps[self.at]

    def told(self) -> str:
        """Where the tour is, in words."""
        return f"Tour, step {self.at + 1} of {len(self.steps)}: {self.step.title}"

    def next(self) -> None:
        """The next step; after the last one the tour is over."""
        if self.at + 1 == len(self.steps):
            self.stop()
            return
        self.at += 1
        self._show()

    def back(self) -> None:
        """The step before."""
        if self.at > 0:
            self.at -= 1
            self._show()

    def stop(self) -> None:
        """End it; the keyboard goes back to where it was."""
        if self._over:
            return
        self._over = True
        inside = QApplication.focusWidget()
        mine = inside is not None and (inside is self.card or self.card.isAncestorOf(inside))
        self._watch()
        for each in (self.ring, self.card):
            each.hide()
            each.deleteLater()
        for area, place in self._scrolled.items():
            if isValid(area):
                area.verticalScrollBar().setValue(place)
        if mine and self._before is not None and isValid(self._before) and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.deleteLater()

    # ---- showing ----

    def _show(self) -> None:
        step, window = self.step, self._window
        self._shown_of = None
        if step.panel:
            # A page without a company says nothing: the tour shows the one every market has.
            symbol = FIRST_LOOK if step.panel == "tearsheet" and not window.symbol else None
            window.open_panel(step.panel, symbol)
        words = (step.newbie if window.mode == "newbie" else step.pro).replace("{search}", self._search_key())
        card = self.card
        card.title.setText(step.title)
        card.text.setText(words)
        card.place.setText(f"{self.at + 1} of {len(self.steps)}")
        card.back.setVisible(self.at > 0)
        last = self.at + 1 == len(self.steps)
        card.next.setText("Done" if last else "Next")
        card.skip.setVisible(not last)
        card.setAccessibleName(f"{self.told()}")
        card.setAccessibleDescription(words)
        self.place()
        if step.panel:
            window.when_built(step.panel, lambda _: self.place())

    def _search_key(self) -> str:
        return self._window.key_actions.keys.of("search") or "Ctrl+K"

    def target(self) -> QWidget | None:
        """What the step speaks of now; None while it is not there."""
        window, step = self._window, self.step
        frame = {"search": getattr(window.topbar, "search_button", None), "mode": getattr(window.topbar, "segment", None),
                 "health": self._rail_button("health")}
        if not step.panel:
            return frame.get(step.where)
        workspace = window.workspace
        if workspace is None or step.panel not in workspace.specs:
            return None
        panel = workspace.panels.get(step.panel)
        found = panel.landmark(step.where) if step.where and panel is not None and hasattr(panel, "landmark") else None
        return found if found is not None and found.isVisible() else workspace.docks.slot(step.panel)

    def _rail_button(self, panel: str) -> QWidget | None:
        workspace = self._window.workspace
        title = workspace.specs[panel].title if workspace is not None and panel in workspace.specs else ""
        buttons = self._window.rail.findChildren(QToolButton) if title else []
        return next((each for each in buttons if each.accessibleName().partition(" (")[0] == title), None)

    def place(self) -> None:
        """Frame the target and put the card beside it, inside the window."""
        if self._over:
            return
        target, root = self.target(), self._root
        usable = target is not None and isValid(target) and target.isVisible()
        self.ring.setVisible(usable)
        self._watch(self._window, *self._around(target if usable else None), *self._panel())
        if usable and target is not None and target is not self._shown_of:
            self._shown_of = target
            self._scroll_to(target)
        room = root.rect()
        spot = QRect(room.center(), room.center())
        if usable and target is not None:
            spot = QRect(target.mapTo(self._window, QPoint(0, 0)), target.size()).translated(-root.pos()).intersected(room)
            self.ring.setGeometry(spot.adjusted(-4, -4, 4, 4).intersected(room))
        self.card.ensurePolished()
        self.card.setGeometry(beside(spot, self.card.width(), self.card.height_needed(), room))
        self.card.show()
        self.ring.raise_()
        self.card.raise_()

    def _around(self, target: QWidget | None) -> list[QWidget]:
        """The target and what it lies in, as it moves with these."""
        found = []
        while target is not None and target is not self._window:
            found.append(target)
            target = target.parentWidget()
        return found

    def _scroll_to(self, target: QWidget) -> None:
        area = next((each for each in self._around(target) if isinstance(each, QScrollArea)), None)
        if area is not None:
            self._scrolled.setdefault(area, area.verticalScrollBar().value())
            area.ensureWidgetVisible(target, 0, 24)

    def _panel(self) -> list[QWidget]:
        workspace = self._window.workspace
        panel = workspace.panels.get(self.step.panel) if workspace is not None else None
        return [panel] if panel is not None else []

    def _watch(self, *wanted: QWidget) -> None:
        for each in self._watched:
            if isValid(each) and each not in wanted:
                each.removeEventFilter(self)
        for each in wanted:
            if each not in self._watched:
                each.installEventFilter(self)
        self._watched = list(wanted)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not self._over and event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide,
                                               QEvent.Type.LayoutRequest, QEvent.Type.StyleChange):
            self.place()
        return False


def beside(spot: QRect, width: int, height: int, room: QRect) -> QRect:
    """Where a card goes that speaks of `spot`: below, above, left or right of it, else over its lower edge; in `room`."""
    left = min(max(spot.center().x() - width // 2, room.left() + GAP), room.right() - width - GAP)
    top = min(max(spot.top(), room.top() + GAP), room.bottom() - height - GAP)
    for x, y in ((left, spot.bottom() + GAP), (left, spot.top() - height - GAP), (spot.left() - width - GAP, top),
                 (spot.right() + GAP, top)):
        found = QRect(x, y, width, height)
        if room.contains(found):
            return found
    return QRect(left, max(room.top() + GAP, min(spot.bottom(), room.bottom()) - height - 2 * GAP), width, height)
