"""The small button in a dock's title bar: how the panel in front speaks, as the window does or in a mode of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint, QSize, Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton
from shiboken6 import isValid

from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from terminal.api import Mode
    from terminal.shell.docks import Docks

ICONS = {"newbie": "graduation-cap", "pro": "gauge"}
NAMES = {"newbie": "Newbie", "pro": "Pro"}
SIZE = 14


class ModeChip(QToolButton):
    """Says how the panel in front of one dock area speaks; coloured when that is a mode of its own."""

    def __init__(self, chips: ModeChips, area: Any) -> None:
        super().__init__()
        self._chips, self._area = chips, area
        self.panel = ""
        theme.set_role(self, role="link")
        self.setIconSize(QSize(SIZE, SIZE))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(lambda: chips.menu(self.panel, self))

    def refresh(self) -> None:
        """Speak of whatever is in front now."""
        dock = self._area.currentDockWidget() if isValid(self._area) else None
        self.panel = dock.objectName() if dock is not None else ""
        self.setVisible(self.panel in self._chips.known)
        if dock is None or self.panel not in self._chips.known:
            return
        own, mode = self._chips.own.get(self.panel), self._chips.mode_of(self.panel)
        self.setIcon(theme.icon(ICONS[mode], "accent_text" if own else "t3", SIZE))
        name = f"{NAMES[mode]} words for this panel" if own else f"{NAMES[mode]} words, as the window has them"
        self.setAccessibleName(f"{dock.windowTitle()}: {name}")
        self.setToolTip(f"{name}. The values are the same in both. Click to change.")


class ModeChips(QObject):
    """The buttons of one window. `own` are the panels with a mode of their own; `choose(panel, mode or None)` changes one."""

    def __init__(self, docks: Docks, known: Mapping[str, object], own: Mapping[str, Mode], mode_of: Callable[[str], Mode],
                 choose: Callable[[str, Mode | None], None]) -> None:
        super().__init__(docks)
        self.known, self.own, self.mode_of = known, own, mode_of
        self._choose = choose
        self._chips: list[ModeChip] = []
        docks.dressed.connect(self._dress)

    def _dress(self, area: Any) -> None:
        import PySide6QtAds as ads  # noqa: N813

        bar = area.titleBar()
        chip = next((each for each in self._chips if isValid(each) and each.parent() is bar), None)
        if chip is None:
            self._chips = [each for each in self._chips if isValid(each)]
            chip = ModeChip(self, area)
            bar.insertWidget(bar.indexOf(area.titleBarButton(ads.TitleBarButtonTabsMenu)), chip)
            area.currentChanged.connect(lambda _, chip=chip: chip.refresh() if isValid(chip) else None)
            self._chips.append(chip)
        chip.refresh()

    def refresh(self) -> None:
        """Modes have changed."""
        for chip in self._chips:
            if isValid(chip):
                chip.refresh()

    def chip(self, panel: str) -> ModeChip | None:
        """The button that speaks of a panel now."""
        return next((chip for chip in self._chips if isValid(chip) and chip.panel == panel and chip.isVisible()), None)

    def menu(self, panel: str, at: ModeChip | None = None) -> QMenu | None:
        """Offer the modes below the button; None for a panel that cannot be seen."""
        at = at or self.chip(panel)
        if at is None or panel not in self.known:
            return None
        menu = QMenu(at)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName("How this panel speaks")
        choices = QActionGroup(menu)
        offers: tuple[tuple[str, Mode | None], ...] = (
            ("&As the window", None), ("&Newbie: in sentences", "newbie"), ("&Pro: in terms and numbers", "pro"))
        for words, mode in offers:
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(mode == self.own.get(panel))
            action.triggered.connect(partial(self._choose, panel, mode))
            choices.addAction(action)
            if action.isChecked():
                menu.setActiveAction(action)
        menu.popup(at.mapToGlobal(QPoint(0, at.height())))
        return menu
