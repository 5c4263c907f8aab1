"""The chip in a dock's title bar: which link group the panel in front belongs to, and the menu that changes it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QActionGroup, QColor, QFont, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QToolButton
from shiboken6 import isValid

from terminal.shell.links import COLORS, GROUPS, NONE, short
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.shell.docks import Docks
    from terminal.shell.links import Links

WIDTH, HEIGHT = 26, 14


def picture(group: str) -> QIcon:
    """A chain in the group's colour with its letter; a broken one for no group."""
    ratio = 2
    pixmap = QPixmap(WIDTH * ratio, HEIGHT * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    color = COLORS[group]
    painter = QPainter(pixmap)
    painter.drawPixmap(0, 0, theme.pixmap("link-2" if group else "unlink-2", color, HEIGHT))
    if group:
        painter.setPen(QColor(getattr(theme.tokens(), color)))
        painter.setFont(theme.font(11, QFont.Weight.Bold))
        painter.drawText(QRectF(15, 0, WIDTH - 15, HEIGHT), Qt.AlignmentFlag.AlignCenter, group)
    painter.end()
    return QIcon(pixmap)


class LinkChip(QToolButton):
    """Shows the group of the panel in front of one dock area."""

    def __init__(self, chips: LinkChips, area: Any) -> None:
        super().__init__()
        self._chips, self._area = chips, area
        self.panel = ""
        self.setObjectName("link")
        theme.set_role(self, role="link")
        self.setIconSize(QSize(WIDTH, HEIGHT))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(lambda: chips.menu(self.panel, self))

    def refresh(self) -> None:
        """Show the group of whatever is in front now."""
        dock = self._area.currentDockWidget() if isValid(self._area) else None
        self.panel = dock.objectName() if dock is not None else ""
        linked = self._chips.links.can_link(self.panel)
        self.setVisible(linked)
        if dock is None or not linked:
            return
        group = self._chips.links.group(self.panel)
        self.setIcon(picture(group))
        name = f"Link group {group}" if group else "Linked with no other panel"
        title = dock.windowTitle()
        self.setAccessibleName(f"{title}: {name}")
        what = "Panels of one group look at the same symbol and the same day." if group else "It keeps its symbol to itself."
        self.setToolTip(f"{name}. {what} Click to change.")


class LinkChips(QObject):
    """The chips of one window. `choose(panel, group)` is called when the user picks one."""

    def __init__(self, docks: Docks, links: Links, choose: Callable[[str, str], None]) -> None:
        super().__init__(docks)
        self.links, self._docks, self._choose = links, docks, choose
        self._chips: list[LinkChip] = []
        docks.dressed.connect(self._dress)

    def _dress(self, area: Any) -> None:
        bar = area.titleBar()
        chip = next((each for each in self._chips if isValid(each) and each.parent() is bar), None)
        if chip is None:
            self._chips = [each for each in self._chips if isValid(each)]
            chip = LinkChip(self, area)
            at = next((place for place in range(12) if self._is_button(area, bar, place)), -1)
            bar.insertWidget(at, chip)
            area.currentChanged.connect(lambda _: chip.refresh() if isValid(chip) else None)
            self._chips.append(chip)
        chip.refresh()

    @staticmethod
    def _is_button(area: Any, bar: Any, place: int) -> bool:
        import PySide6QtAds as ads  # noqa: N813

        found = bar.indexOf(area.titleBarButton(ads.TitleBarButtonTabsMenu))
        return bool(place == found)

    def refresh(self) -> None:
        """Groups have changed."""
        for chip in self._chips:
            if isValid(chip):
                chip.refresh()

    def chip(self, panel: str) -> LinkChip | None:
        """The chip that speaks of a panel now."""
        return next((chip for chip in self._chips if isValid(chip) and chip.panel == panel and chip.isVisible()), None)

    def menu(self, panel: str, at: LinkChip | None = None) -> QMenu | None:
        """Offer the groups below the chip; None for a panel that cannot be linked."""
        at = at or self.chip(panel)
        if not self.links.can_link(panel) or at is None:
            return None
        menu = QMenu(at)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName("Link group")
        choices = QActionGroup(menu)
        for group in (*GROUPS, NONE):
            action = menu.addAction(picture(group), self._words(group, panel))
            action.setCheckable(True)
            action.setChecked(group == self.links.group(panel))
            action.triggered.connect(partial(self._choose, panel, group))
            choices.addAction(action)
            if group == self.links.group(panel):
                menu.setActiveAction(action)
        menu.popup(at.mapToGlobal(QPoint(0, at.height())))
        return menu

    def _words(self, group: str, panel: str) -> str:
        if not group:
            return "&None: on its own"
        day, symbol = self.links.date_of(group), self.links.symbol_of(group)
        others = [each for each in self.links.members(group) if each != panel]
        parts = [symbol or "", short(day) if day else "", f"{len(others)} other panel{'' if len(others) == 1 else 's'}"]
        return f"Group &{group}: {', '.join(filter(None, parts))}"
