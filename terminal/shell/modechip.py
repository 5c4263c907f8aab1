"""The small button in a dock's title bar: how the panel in front speaks, as the window does or in a mode of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from terminal.shell.dockchip import DockChips, Offer
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from PySide6.QtGui import QIcon

    from terminal.api import Mode
    from terminal.shell.docks import Docks

ICONS = {"newbie": "graduation-cap", "pro": "gauge"}
NAMES = {"newbie": "Newbie", "pro": "Pro"}
WORDS: tuple[tuple[str, Mode | None], ...] = (
    ("&As the window", None), ("&Newbie: in sentences", "newbie"), ("&Pro: in terms and numbers", "pro"))


class ModeChips(DockChips):
    """The buttons of one window. `own` are the panels with a mode of their own; `choose(panel, mode or None)` changes one."""

    name, title = "mode", "How this panel speaks"

    def __init__(self, docks: Docks, known: Mapping[str, object], own: Mapping[str, Mode], mode_of: Callable[[str], Mode],
                 choose: Callable[[str, Mode | None], None]) -> None:
        super().__init__(docks)
        self.known, self.own, self.mode_of = known, own, mode_of
        self._choose = choose

    def able(self, panel: str) -> bool:
        return panel in self.known

    def told(self, panel: str) -> tuple[QIcon, str, str]:
        own, mode = self.own.get(panel), self.mode_of(panel)
        name = f"{NAMES[mode]} words for this panel" if own else f"{NAMES[mode]} words, as the window has them"
        icon = theme.icon(ICONS[mode], "accent_text" if own else "t3", self.size.width())
        return icon, name, "The values are the same in both."

    def offers(self, panel: str) -> Iterator[Offer]:
        for words, mode in WORDS:
            yield Offer(words, mode == self.own.get(panel), partial(self._choose, panel, mode))
