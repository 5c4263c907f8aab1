"""A small button in each dock's title bar that speaks of the panel in front and offers a choice for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import PySide6QtAds as ads  # noqa: N813
from PySide6.QtCore import QObject, QPoint, QSize, Qt
from PySide6.QtGui import QActionGroup, QIcon
from PySide6.QtWidgets import QMenu, QToolButton
from shiboken6 import isValid

from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from terminal.shell.docks import Docks


@dataclass(frozen=True)
class Offer:
    """One line of the menu; `chosen` is the one in force."""

    words: str
    chosen: bool
    work: Callable[[], None]
    icon: QIcon | None = None


class DockChip(QToolButton):
    """The button of one dock area. `panel` is the one it speaks of now, "" for none."""

    def __init__(self, chips: DockChips, area: Any) -> None:
        super().__init__()
        self._chips, self._area = chips, area
        self.panel = ""
        self.setObjectName(chips.name)
        theme.set_role(self, role="link")
        self.setIconSize(chips.size)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(lambda: chips.menu(self.panel, self))

    def refresh(self) -> None:
        """Speak of whatever is in front now."""
        dock = self._area.currentDockWidget() if isValid(self._area) else None
        self.panel = dock.objectName() if dock is not None else ""
        able = self._chips.able(self.panel)
        self.setVisible(able)
        if dock is not None and able:
            icon, name, more = self._chips.told(self.panel)
            self.setIcon(icon)
            self.setAccessibleName(f"{dock.windowTitle()}: {name}")
            self.setToolTip(f"{name}. {more} Click to change.")


class DockChips(QObject):
    """The buttons of one kind in one window; a kind says what it knows of a panel and what it offers."""

    name = ""
    title = ""
    size = QSize(14, 14)

    def __init__(self, docks: Docks) -> None:
        super().__init__(docks)
        self._chips: list[DockChip] = []
        docks.dressed.connect(self._dress)

    def able(self, panel: str) -> bool:
        """Whether there is anything to choose for a panel."""
        raise NotImplementedError

    def told(self, panel: str) -> tuple[QIcon, str, str]:
        """Icon, name and explanation of what is in force for a panel."""
        raise NotImplementedError

    def offers(self, panel: str) -> Iterable[Offer]:
        """The lines of the menu."""
        raise NotImplementedError

    def _dress(self, area: Any) -> None:
        bar = area.titleBar()
        chip = next((each for each in self._chips if isValid(each) and each.parent() is bar), None)
        if chip is None:
            self._chips = [each for each in self._chips if isValid(each)]
            chip = DockChip(self, area)
            bar.insertWidget(bar.indexOf(area.titleBarButton(ads.TitleBarButtonTabsMenu)), chip)
            area.currentChanged.connect(lambda _, chip=chip: chip.refresh() if isValid(chip) else None)
            self._chips.append(chip)
        chip.refresh()

    def refresh(self) -> None:
        """What is in force has changed."""
        for chip in self._chips:
            if isValid(chip):
                chip.refresh()

    def chip(self, panel: str) -> DockChip | None:
        """The button that speaks of a panel now."""
        return next((chip for chip in self._chips if isValid(chip) and chip.panel == panel and chip.isVisible()), None)

    def menu(self, panel: str, at: DockChip | None = None) -> QMenu | None:
        """Offer the choice below the button; None for a panel that has none, or cannot be seen."""
        at = at or self.chip(panel)
        if at is None or not self.able(panel):
            return None
        menu = QMenu(at)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName(self.title)
        choices = QActionGroup(menu)
        for offer in self.offers(panel):
            action = menu.addAction(offer.icon or QIcon(), offer.words)
            action.setCheckable(True)
            action.setChecked(offer.chosen)
            action.triggered.connect(lambda _=False, offer=offer: offer.work())
            choices.addAction(action)
            if offer.chosen:
                menu.setActiveAction(action)
        menu.popup(at.mapToGlobal(QPoint(0, at.height())))
        return menu
