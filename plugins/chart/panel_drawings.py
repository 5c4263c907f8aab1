"""Keeps the drawings of a chart in the book: each thing the user does is one command, one after the other, and can be undone."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from terminal.domain.drawings import TITLES, Drawing

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.api import Host, Table, TerminalError
    from terminal.ui.chart.drawing import DrawingLayer

MOST_UNDONE = 100


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing done: `before` is None for what was drawn, `after` for what was erased."""

    kind: Literal["draw", "move", "erase"]
    before: Drawing | None
    after: Drawing | None

    def __str__(self) -> str:
        drawing = self.after or self.before
        assert drawing is not None
        return f"{'change' if self.kind == 'move' else self.kind} {TITLES[drawing.tool].lower()}"


class DrawingKeeper(QObject):
    """Between a drawing layer and the commands `chart.draw`, `move`, `erase`, `restore` and `drawings`.

    Commands run one at a time, as the user did things in an order. When one fails the layer shows what the book holds, and
    `failed` says why.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, host: Host, layer: DrawingLayer) -> None:
        super().__init__(layer)
        self._host, self._layer = host, layer
        self.symbol = ""
        self._done: list[Deed] = []
        self._undone: list[Deed] = []
        self._ids: dict[str, str] = {}  # what a new drawing was called before it was stored
        self._waiting: deque[Callable[[], None]] = deque()
        self._running = False
        self._round = 0  # answers to an older symbol are nobody's any more
        layer.added.connect(lambda drawing: self._do(Deed("draw", None, drawing)))
        layer.changed.connect(lambda before, after: self._do(Deed("move", before, after)))
        layer.erased.connect(lambda drawing: self._do(Deed("erase", drawing, None)))

    @property
    def idle(self) -> bool:
        """Whether everything done is in the book."""
        return not self._running and not self._waiting

    @property
    def undo_text(self) -> str:
        """What would be undone; "" for nothing."""
        return str(self._done[-1]) if self._done else ""

    @property
    def redo_text(self) -> str:
        return str(self._undone[-1]) if self._undone else ""

    def show(self, symbol: str) -> None:
        """Read the drawings of a symbol; what was done on another one can no longer be undone."""
        if symbol != self.symbol:
            self.symbol = symbol
            self._round += 1
            self._done.clear()
            self._undone.clear()
            self._ids.clear()
            self._layer.set_drawings(())
        self.read()

    def read(self) -> None:
        """Show what the book holds, unless the user is at work."""
        if not self.symbol or not self.idle:
            return
        asked = self._round

        def arrived(table: Table) -> None:
            stored = tuple(table.detail["drawings"])
            if asked == self._round and self.idle and not self._layer.busy and stored != self._layer.drawings:
                self._layer.set_drawings(stored)
            self.changed.emit()

        self._host.run("chart.drawings", {"symbol": self.symbol}, then=arrived, fail=self.failed.emit, key="drawings")

    def undo(self) -> None:
        """Take back the last thing done."""
        if self._done:
            deed = self._done.pop()
            self._undone.append(deed)
            self._apply(Deed(_BACK[deed.kind], deed.after, deed.before), again=True)

    def redo(self) -> None:
        """Do again what was taken back."""
        if self._undone:
            deed = self._undone.pop()
            self._done.append(deed)
            self._apply(deed, again=True)

    def erase_all(self) -> None:
        """Erase every drawing, each of which can be undone."""
        for drawing in self._layer.drawings:
            self._layer.remove(drawing.id)
            self._do(Deed("erase", drawing, None))

    # --- one after the other

    def _do(self, deed: Deed) -> None:
        self._done.append(deed)
        del self._done[:-MOST_UNDONE]
        self._undone.clear()
        self._apply(deed)

    def _apply(self, deed: Deed, *, again: bool = False) -> None:
        """Have it stored; `again` shows it first, as it comes from undo or redo."""
        if again:
            self._show_again(deed)
        round_, symbol = self._round, self.symbol
        self._waiting.append(lambda: self._store(deed, again, round_, symbol))
        self._next()
        self.changed.emit()

    def _show_again(self, deed: Deed) -> None:
        if deed.after is None:
            assert deed.before is not None
            self._layer.remove(self._id(deed.before.id))
        else:
            self._layer.put(self._called(deed.after))

    def _store(self, deed: Deed, again: bool, round_: int, symbol: str) -> None:
        drawing = deed.after or deed.before
        assert drawing is not None
        command, arguments = f"chart.{deed.kind}", self._arguments(deed, drawing, symbol)
        if deed.kind == "draw" and again:
            command, arguments = "chart.restore", {"id": self._id(drawing.id)}

        def stored(table: Table) -> None:
            self._running = False
            if command == "chart.draw" and round_ == self._round:
                self._ids[drawing.id] = table.detail["drawing"].id
                self._layer.rename(drawing.id, table.detail["drawing"].id)
            self._next()
            self.changed.emit()

        def fail(error: TerminalError) -> None:
            self._running = False
            self._waiting.clear()
            self._done.clear()
            self._undone.clear()
            self.failed.emit(error)
            self.read()

        self._running = True
        self._host.run(command, arguments, then=stored, fail=fail)

    def _arguments(self, deed: Deed, drawing: Drawing, symbol: str) -> dict[str, Any]:
        if deed.kind == "erase":
            return {"id": self._id(drawing.id)}
        points = tuple(f"{moment.isoformat()},{price!r}" for moment, price in drawing.points)
        looks = {"point": points, "text": drawing.text, "role": drawing.role, "width": drawing.width}
        if deed.kind == "draw":
            return {"symbol": symbol, "tool": drawing.tool, **looks}
        return {"id": self._id(drawing.id), **looks}

    def _next(self) -> None:
        if not self._running and self._waiting:
            self._waiting.popleft()()

    def _id(self, known: str) -> str:
        return self._ids.get(known, known)

    def _called(self, drawing: Drawing) -> Drawing:
        return replace(drawing, id=self._id(drawing.id))


_BACK: dict[str, Literal["draw", "move", "erase"]] = {"draw": "erase", "move": "move", "erase": "draw"}
