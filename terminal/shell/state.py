"""What the window remembers between two starts: places, open panels and the panels' own state.

A small JSON file in the home. It is a convenience, never a truth: an unreadable or foreign file is put aside and the
default layout is used.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT = 1
log = logging.getLogger(__name__)


class WindowState:
    """A dictionary on disk with one section for the window and one for each panel."""

    def __init__(self, path: Path | None) -> None:
        """Read `path`; None keeps everything in memory."""
        self.path = path
        self._written = ""
        self._data: dict[str, Any] = {} if path is None else self._load(path)

    def _load(self, path: Path) -> dict[str, Any]:
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as problem:
            self._put_aside(path, problem)
            return {}
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            self._put_aside(path, "unknown format")
            return {}
        return data

    def _put_aside(self, path: Path, problem: object) -> None:
        log.warning("the saved window layout cannot be used (%s); the default layout is shown", problem)
        with contextlib.suppress(OSError):
            path.replace(path.with_suffix(".unreadable"))

    def get(self, key: str, default: Any = None) -> Any:
        return self._data.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self._data[key] = value

    def drop(self, key: str) -> None:
        self._data.pop(key, None)

    def blob(self, key: str) -> bytes | None:
        """Binary state (a Qt layout), or None when there is none or it is damaged."""
        text = self._data.get(key)
        if not isinstance(text, str):
            return None
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return None

    def set_blob(self, key: str, value: bytes) -> None:
        self._data[key] = base64.b64encode(value).decode("ascii")

    def place(self, screens: str) -> bytes | None:
        """Where the window was on these screens."""
        places = self._data.get("places")
        text = places.get(screens) if isinstance(places, dict) else None
        try:
            return base64.b64decode(text, validate=True) if isinstance(text, str) else None
        except (binascii.Error, ValueError):
            return None

    def set_place(self, screens: str) -> None:
        """The window's present place (`geometry`) is that on these screens."""
        places = self._data.get("places")
        self._data["places"] = {**(places if isinstance(places, dict) else {}), screens: self._data.get("geometry")}

    def panel(self, panel_id: str) -> dict[str, Any]:
        panels = self._data.get("panels")
        found = panels.get(panel_id) if isinstance(panels, dict) else None
        return dict(found) if isinstance(found, dict) else {}

    def set_panel(self, panel_id: str, state: Mapping[str, Any]) -> None:
        """Remember a panel's state; what JSON cannot hold is refused with a log line and not remembered."""
        try:
            json.dumps(state)
        except (TypeError, ValueError) as problem:
            log.warning("the state of panel %s cannot be saved: %s", panel_id, problem)
            return
        panels = self._data.get("panels")
        self._data["panels"] = {**panels, panel_id: dict(state)} if isinstance(panels, dict) else {panel_id: dict(state)}

    def content(self) -> dict[str, Any]:
        """All of it."""
        return dict(self._data)

    def take(self, content: Mapping[str, Any]) -> None:
        """Remember this instead."""
        self._data = dict(content)

    def move(self, path: Path | None) -> None:
        """Be in another file from now on; in one step, so that a crash loses nothing."""
        old, self.path = self.path, path
        if old is None or path is None:
            return
        try:
            old.replace(path)
        except OSError as problem:
            self._written = ""
            log.warning("the window layout could not be moved: %s", problem)

    def give_up(self, aside: Path | None) -> dict[str, Any]:
        """Write no more; the file goes to `aside`. What was remembered is the answer."""
        self.move(aside)
        self.path = None
        return self.content()

    def save(self) -> None:
        """Write the file in one step, so that a crash leaves the old one; nothing when it says the same already."""
        text = json.dumps({**self._data, "format": FORMAT}, indent=1)
        if self.path is None or text == self._written:
            return
        part = self.path.with_suffix(".part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(text, encoding="utf-8")
            part.replace(self.path)
            self._written = text
        except OSError as problem:
            log.warning("the window layout could not be saved: %s", problem)
