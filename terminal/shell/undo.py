"""Taking back what was done: every command that says how (`Table.undo`) is offered here, wherever it was run from."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from terminal.app import App
    from terminal.domain.sourced import Table, Undo
    from terminal.shell.layouts import Layout
    from terminal.shell.window import MainWindow

KEPT = 100
NOTHING = "There is nothing to undo."


@dataclass
class Offer:
    """One thing that was done. `open` can be taken back; `done` is; `lapsed`: the thing has been changed since."""

    undo: Undo
    state: Literal["open", "done", "lapsed"] = "open"


class UndoList(QObject):
    """What can be taken back in the market that is shown, the newest last. Lives from attach to detach.

    An offer holds until the thing it speaks of is changed again: by a newer offer of the same thing, or by a command of its
    group that does not say what it changed. When that newer one is taken back, the older holds again.
    """

    changed = Signal()

    def __init__(self, window: MainWindow, app: App) -> None:
        super().__init__(window)
        self._window, self._app = window, app
        self._offers: deque[Offer] = deque(maxlen=KEPT)
        self._under_way: dict[int, Offer] = {}
        self.arrangement: Layout | None = None  # how the panels stood before they were last arranged anew
        self.changed.connect(window.messages.changed)  # the list of messages shows what can still be pressed
        self._stop: Callable[[], None] | None = app.events.subscribe("undo.offered", self._post)

    def close(self) -> None:
        """Listen no longer."""
        if self._stop is not None:
            self._stop()
            self._stop = None
        self.deleteLater()

    def _post(self, payload: Mapping[str, Any]) -> None:
        self._window.bridge.post(lambda: self._heard(payload) if self._stop is not None else None)

    def _heard(self, payload: Mapping[str, Any]) -> None:
        if bool(payload.get("demo")) != self._app.demo:
            return
        if payload["id"] in self._under_way:
            return  # our own taking back: `_taken` tells of it
        undo: Undo | None = payload["undo"]
        same = next((offer for offer in reversed(self._offers) if offer.state == "open"
                     and offer.undo.command == payload["command"] and offer.undo.arguments == payload["arguments"]), None)
        if same is not None:  # a panel's own button, or the user, took it back by its command
            self._settle(same)
            if undo is not None and not undo.quiet:
                self._offer(undo)  # what was made is deleted: that is a loss all the same
        elif undo is None:
            group = str(payload["command"]).partition(".")[0]
            for offer in self._offers:
                if offer.state == "open" and offer.undo.command.partition(".")[0] == group:
                    offer.state = "lapsed"
        else:
            self._offer(undo)
        self.changed.emit()

    def _offer(self, undo: Undo) -> None:
        for offer in self._offers:
            if offer.undo.thing == undo.thing and offer.state == "open":
                offer.state = "lapsed"
        made = Offer(undo)
        self._offers.append(made)
        if not undo.quiet:  # every window has it in its list, the one that is looked at says so
            self._window.messages.add(f"{undo.text}.", "ok", quiet=not self._window.in_front, action="Undo",
                                      on_action=lambda: self.take_back(made), usable=lambda: made.state == "open")

    def _settle(self, offer: Offer) -> None:
        """It is taken back: what held of the same thing before holds again."""
        offer.state = "done"
        earlier = [each for each in self._offers if each.undo.thing == offer.undo.thing and each.state == "lapsed"]
        if earlier and self._offers.index(earlier[-1]) < self._offers.index(offer):
            earlier[-1].state = "open"

    @property
    def latest(self) -> Offer | None:
        """What would be taken back next."""
        return next((offer for offer in reversed(self._offers) if offer.state == "open"), None)

    def take_back(self, offer: Offer | None = None) -> bool:
        """Take back this (the latest); False when there is nothing. What went wrong becomes a message."""
        wanted = offer or self.latest
        if wanted is None or wanted.state != "open":
            self._window.notify(NOTHING)
            return False
        undo = wanted.undo

        def fail(problem: Any) -> None:
            wanted.state = "lapsed"
            self.changed.emit()
            self._window.notify(problem.sentence(), "error")

        call = self._window.bridge.run(self._window, lambda report: self._start(wanted, report),
                                       then=lambda table: self._taken(wanted, table), fail=fail)
        if call.future is not None:
            self._window.track(call.future)
        return undo is not None

    def _start(self, offer: Offer, report: Callable[[float | None, str], None]) -> Any:
        running = self._app.start(offer.undo.command, dict(offer.undo.arguments), progress=report)
        self._under_way[running.number] = offer
        return running

    def _taken(self, offer: Offer, table: Table) -> None:
        self._settle(offer)
        self.changed.emit()
        again = table.undo
        if again is None:
            self._window.notify(f"Taken back: {_lower(offer.undo.text)}.", "ok")
            return
        self._window.messages.add(f"Taken back: {_lower(offer.undo.text)}.", "ok", action="Redo",
                                  on_action=lambda: self._window.run_command(again.command, again.arguments),
                                  usable=lambda: offer.state == "done")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
