"""The chip in a dock's title bar: which link group the panel in front belongs to, and the menu that changes it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPixmap

from terminal.shell.dockchip import DockChips, Offer
from terminal.shell.links import COLORS, GROUPS, NONE, short
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


class LinkChips(DockChips):
    """The chips of one window. `choose(panel, group)` is called when the user picks one."""

    name, title, size = "link", "Link group", QSize(WIDTH, HEIGHT)

    def __init__(self, docks: Docks, links: Links, choose: Callable[[str, str], None]) -> None:
        super().__init__(docks)
        self.links, self._choose = links, choose

    def able(self, panel: str) -> bool:
        return self.links.can_link(panel)

    def told(self, panel: str) -> tuple[QIcon, str, str]:
        group = self.links.group(panel)
        name = f"Link group {group}" if group else "Linked with no other panel"
        what = "Panels of one group look at the same symbol and the same day." if group else "It keeps its symbol to itself."
        return picture(group), name, what

    def offers(self, panel: str) -> Iterator[Offer]:
        for group in (*GROUPS, NONE):
            yield Offer(self._words(group, panel), group == self.links.group(panel), partial(self._choose, panel, group),
                        picture(group))

    def _words(self, group: str, panel: str) -> str:
        if not group:
            return "&None: on its own"
        day, symbol = self.links.date_of(group), self.links.symbol_of(group)
        others = [each for each in self.links.members(group) if each != panel]
        parts = [symbol or "", short(day) if day else "", f"{len(others)} other panel{'' if len(others) == 1 else 's'}"]
        return f"Group &{group}: {', '.join(filter(None, parts))}"
