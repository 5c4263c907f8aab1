"""Topics: who changed something tells whoever listens."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

Slot = Callable[[Mapping[str, Any]], None]

_log = logging.getLogger(__name__)


class Events:
    """Publish and subscribe by topic. A slot runs on the publisher's thread and must be quick.

    Known topics: `market.changed {datasets, symbols}`, `prices.changed {symbols}` (live prices alone),
    `book.changed {table}`, `settings.changed {key}`, `job.changed {id, command, title, fraction, note, state}`,
    `symbol.selected {symbol}`,
    `provider.changed {provider}`, `archive.changed {symbols, demo}`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[str, list[Slot]] = {}

    def subscribe(self, topic: str, slot: Slot) -> Callable[[], None]:
        """Call `slot(payload)` on each publication of `topic`, until the returned function is called."""
        with self._lock:
            self._slots.setdefault(topic, []).append(slot)

        def unsubscribe() -> None:
            with self._lock:
                slots = self._slots.get(topic, [])
                if slot in slots:
                    slots.remove(slot)

        return unsubscribe

    def publish(self, topic: str, payload: Mapping[str, Any] | None = None) -> None:
        """Tell every listener. A listener that fails is logged and does not keep the others from hearing."""
        with self._lock:
            slots = tuple(self._slots.get(topic, ()))
        for slot in slots:
            try:
                slot(payload or {})
            except Exception:
                _log.exception("a listener of %s failed", topic)
