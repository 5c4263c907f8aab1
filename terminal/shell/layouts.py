"""Named layouts: where panels are, what they show and how they are linked. Kept in one readable file in the home.

No Qt here: the shell lists, renames and deletes layouts without a window. The ready-made ones are in resources and can
be used and saved over under the same name, but not deleted.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from terminal import paths
from terminal.errors import StoreError, UserError
from terminal.settings import replace_file, to_toml

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
FILE = "layouts.toml"
LONGEST = 60
_JSON = "json:"


@dataclass(frozen=True)
class Layout:
    """One layout. `arrangement` is an outline (`terminal.shell.arrangement`); `links` the panels outside the first link
    group; `panels` their states; `narrowed` those at the edge only because the window was narrow; `modes` the panels that
    speak in a mode of their own.
    """

    name: str
    arrangement: str
    links: Mapping[str, str] = field(default_factory=dict)
    panels: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    narrowed: tuple[str, ...] = ()
    title: str = ""
    modes: Mapping[str, str] = field(default_factory=dict)

    def to_plain(self) -> dict[str, Any]:
        """As tables of TOML, in a stable order."""
        content: dict[str, Any] = {"title": self.title} if self.title else {}
        content["arrangement"] = self.arrangement
        if self.narrowed:
            content["narrowed"] = sorted(self.narrowed)
        if self.links:
            content["links"] = {panel: group or "none" for panel, group in sorted(self.links.items())}
        if self.modes:
            content["modes"] = dict(sorted(self.modes.items()))
        if states := {panel: plain(state) for panel, state in sorted(self.panels.items()) if state}:
            content["panels"] = states
        return content


def from_plain(name: str, content: Any) -> Layout:
    """What `to_plain` wrote, or somebody by hand. UserError says what is wrong with it."""
    from terminal.shell.arrangement import from_text

    if not isinstance(content, Mapping) or not isinstance(content.get("arrangement"), str):
        raise UserError(f"The layout {name!r} has no arrangement.", "See a saved one for how it is written.")
    try:
        from_text(content["arrangement"])
    except ValueError as problem:
        raise UserError(f"The layout {name!r} cannot be used: {problem}.", "See a saved one for how it is written.") from None
    links = {str(panel): "" if group == "none" else str(group) for panel, group in _table(content, "links").items()}
    panels = {str(panel): unplain(state) for panel, state in _table(content, "panels").items() if isinstance(state, Mapping)}
    narrowed = tuple(str(panel) for panel in content.get("narrowed", ()) if isinstance(panel, str))
    modes = {str(panel): mode for panel, mode in _table(content, "modes").items() if mode in ("newbie", "pro")}
    return Layout(name, content["arrangement"], links, panels, narrowed, str(content.get("title", "")), modes)


def _table(content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = content.get(key)
    return found if isinstance(found, Mapping) else {}


def plain(value: Any) -> Any:
    """A panel's state as TOML can hold it: what is None is left out, a list with None in it becomes JSON text."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value] if _holds(value) else _JSON + json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(_JSON):
        return _JSON + json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def _holds(value: Any) -> bool:
    """Whether TOML can hold this list as it is."""
    if isinstance(value, (list, tuple)):
        return all(_holds(inner) for inner in value)
    if isinstance(value, Mapping):
        return all(_holds(inner) for inner in value.values())
    return isinstance(value, (bool, int, float, str)) and not (isinstance(value, str) and value.startswith(_JSON))


def unplain(value: Any) -> Any:
    """The reverse of `plain`, but for what was left out."""
    if isinstance(value, Mapping):
        return {key: unplain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [unplain(inner) for inner in value]
    if isinstance(value, str) and value.startswith(_JSON):
        try:
            return json.loads(value[len(_JSON):])
        except ValueError:
            return value
    return value


def ready_made() -> dict[str, Layout]:
    """The layouts that come with the program, in order."""
    content = tomllib.loads(paths.resource("layouts.toml").read_text("utf-8"))
    return {name: from_plain(name, each) for name, each in content["layouts"].items()}


def name_of(text: str) -> str:
    """A name as it is kept; UserError when it cannot be one."""
    name = " ".join(text.split())
    if not name or len(name) > LONGEST or not name.isprintable():
        raise UserError(f"{text!r} cannot be the name of a layout.", f"Give one of 1 to {LONGEST} letters, digits and spaces.")
    return name


class Layouts:
    """The user's layouts in `<home>/layouts.toml`. Every change is written at once; a deleted one can be restored."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def all(self) -> dict[str, Layout]:
        """The user's own, in alphabetical order."""
        kept = self._read().get("layouts", {})
        return {name: from_plain(name, kept[name]) for name in sorted(kept, key=str.casefold)}

    def names(self) -> list[str]:
        """Every name that can be used: the user's own, then the ready-made ones not saved over."""
        own = list(self.all())
        return [*own, *(name for name in ready_made() if name.casefold() not in {each.casefold() for each in own})]

    def get(self, name: str) -> Layout:
        """A layout by name, whatever its capitals; UserError with the nearest when there is none."""
        every = {**ready_made(), **self.all()}
        found = {each.casefold(): layout for each, layout in every.items()}.get(name_of(name).casefold())
        if found is None:
            import difflib

            near = difflib.get_close_matches(name, every, 1, 0.5)
            raise UserError(f"There is no layout called {name!r}.",
                            f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(every)}.")
        return found

    def own(self, name: str) -> str:
        """The exact name of one of the user's own; UserError for any other."""
        found = self.get(name)
        if found.name not in self._read().get("layouts", {}):
            raise UserError(f"{found.name} comes with the program: it cannot be changed.", "Save it under a name of your own.")
        return found.name

    def save(self, layout: Layout) -> bool:
        """Keep a layout under its name; True when it replaced one."""
        content = self._read()
        kept = content.setdefault("layouts", {})
        before = next((each for each in kept if each.casefold() == layout.name.casefold()), None)
        if before is not None:
            content.setdefault("deleted", {})[before] = kept.pop(before)
        kept[layout.name] = layout.to_plain()
        self._write(content)
        return before is not None

    def rename(self, name: str, new_name: str) -> str:
        """Give a layout another name, which must be free; the new name as it is kept."""
        content, old, new = self._read(), self.own(name), name_of(new_name)
        if any(each.casefold() == new.casefold() and each != old for each in content["layouts"]):
            raise UserError(f"There is a layout called {new!r} already.", "Choose another name, or delete that one first.")
        content["layouts"][new] = content["layouts"].pop(old)
        self._write(content)
        return new

    def delete(self, name: str) -> str:
        """Take a layout away; `restore` brings it back."""
        content, old = self._read(), self.own(name)
        content.setdefault("deleted", {})[old] = content["layouts"].pop(old)
        self._write(content)
        return old

    def restore(self, name: str) -> str:
        """Bring back a deleted layout, or the one that was saved over last; the present one takes its place."""
        content = self._read()
        wanted = name_of(name).casefold()
        gone: str | None = next((each for each in content.get("deleted", {}) if each.casefold() == wanted), None)
        if gone is None:
            known = ", ".join(content.get("deleted", {})) or "none"
            raise UserError(f"No layout called {name!r} was deleted.", f"Deleted ones: {known}.")
        back = content["deleted"].pop(gone)
        kept = content.setdefault("layouts", {})
        present = next((each for each in kept if each.casefold() == wanted), None)
        if present is not None:
            content["deleted"][present] = kept.pop(present)
        kept[gone] = back
        self._write(content)
        return gone

    def deleted(self) -> list[str]:
        return sorted(self._read().get("deleted", {}), key=str.casefold)

    # ---- the file ----

    def content(self) -> str:
        """The file as it is, "" when there is none: what an undo puts back."""
        try:
            return self._path.read_text("utf-8")
        except FileNotFoundError:
            return ""

    def put_back(self, content: str) -> None:
        """The file as it was."""
        if content:
            replace_file(self._path, content)
        else:
            self._path.unlink(missing_ok=True)

    def _read(self) -> dict[str, Any]:
        try:
            found = tomllib.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            hint = f"Repair or move {self._path.name} in the home."
            raise StoreError(f"The layouts cannot be read: {problem}.", hint) from None
        return {key: dict(value) for key, value in found.items() if isinstance(value, Mapping)}

    def _write(self, content: dict[str, Any]) -> None:
        ordered = {key: dict(sorted(content[key].items(), key=lambda pair: pair[0].casefold()))
                   for key in ("layouts", "deleted") if content.get(key)}
        try:
            replace_file(self._path, to_toml({"format": FORMAT, **ordered}))
        except OSError as problem:
            raise StoreError(f"The layouts could not be saved: {problem.strerror or problem}.",
                             "Check that the home can be written and the disk has room.", problem) from None
