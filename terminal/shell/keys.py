"""The window's shortcuts as data: which there are, which keys are in force, how keys are written, what clashes.

No Qt here: the same rules answer the shell (`tapeline window keys`) and the window. What the user changed is kept in the
settings under `keys`, one line a shortcut; a shortcut that is not there has its default keys. A line may also name a
command ("screener run --preset value"), which gets keys that way.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from terminal.settings import Settings

Where = Literal["window", "table", "chart"]
PLACES: Mapping[str, str] = {"window": "Anywhere in the window", "table": "In a table", "chart": "In a chart"}
SETTING = "keys"
MODIFIERS = ("Ctrl", "Alt", "Shift", "Meta")


@dataclass(frozen=True)
class Shortcut:
    """One thing that a key does. `keys` are the ones in force when `own`, the standard ones otherwise."""

    id: str
    title: str
    keys: tuple[str, ...]
    where: Where = "window"
    group: str = "The window"
    own: bool = False
    command: str = ""  # the command line it runs, for shortcuts of the user's own
    asked: bool = False  # the part that has it asks which keys are in force (`Host.keys`)


SHORTCUTS: tuple[Shortcut, ...] = (
    Shortcut("search", "Search symbols, panels, screens and commands", ("Ctrl+K",)),
    Shortcut("keys", "This list of keys", ("F1", "?")),
    Shortcut("next-panel", "Next panel", ("F6",)),
    Shortcut("previous-panel", "Previous panel", ("Shift+F6",)),
    Shortcut("close-panel", "Close the panel that has the keyboard", ("Ctrl+W",)),
    Shortcut("float-panel", "Float the panel that has the keyboard, or put it back", ("Ctrl+Alt+W",)),
    Shortcut("edge-panel", "Hide the panel that has the keyboard at the edge, or bring it back", ("Ctrl+Shift+H",)),
    Shortcut("next-tab", "Next tab beside this panel", ("Ctrl+PgDown",)),
    Shortcut("previous-tab", "Previous tab beside this panel", ("Ctrl+PgUp",)),
    Shortcut("layouts", "Layouts", ("Ctrl+L",)),
    Shortcut("new-window", "Another window", ("Ctrl+Shift+N",)),
    Shortcut("close-window", "Close this window", ("Ctrl+Shift+W",)),
    Shortcut("link", "Link group of this panel", ("Ctrl+G",)),
    Shortcut("day", "Choose the day that is shown", ("Ctrl+D",)),
    Shortcut("day-back", "A session back in time", ("Ctrl+Shift+Left",)),
    Shortcut("day-forward", "A session forward in time", ("Ctrl+Shift+Right",)),
    Shortcut("day-today", "Return to today", ("Ctrl+Shift+T",)),
    Shortcut("mode", "Newbie or Pro", ("Ctrl+M",)),
    Shortcut("theme", "Dark or light", ("Ctrl+Shift+L",)),
    Shortcut("font-larger", "Larger text", ("Ctrl++", "Ctrl+=")),
    Shortcut("font-smaller", "Smaller text", ("Ctrl+-",)),
    Shortcut("font-usual", "Text as large as it was made to be", ("Ctrl+0",)),
    Shortcut("preferences", "Preferences", ("Ctrl+,",)),
    Shortcut("undo", "Undo what was done last", ("Ctrl+Z",)),
    Shortcut("messages", "Messages and jobs", ("Ctrl+Shift+M",)),
    Shortcut("refresh", "Fetch what is missing or out of date", ("F5",)),
    Shortcut("quit", "Quit", ("Ctrl+Q",)),
    *(Shortcut(f"panel-{place}", f"Panel {place} of the rail", (f"Alt+{place}",), group="Panels") for place in range(1, 10)),
    Shortcut("table-open", "Open the row", ("Return",), "table", "In a table"),
    Shortcut("table-star", "On or off the watchlist", ("Space",), "table", "In a table"),
    Shortcut("table-sort-up", "Sort by this column, smallest first", ("Alt+Up",), "table", "In a table"),
    Shortcut("table-sort-down", "Sort by this column, largest first", ("Alt+Down",), "table", "In a table"),
    Shortcut("table-copy", "Copy the rows", ("Ctrl+C",), "table", "In a table"),
    Shortcut("table-copy-rows", "Copy the rows without the head", ("Ctrl+Shift+C",), "table", "In a table"),
    Shortcut("table-filter", "Show or hide the filter row", ("Ctrl+Shift+F",), "table", "In a table"),
    Shortcut("table-menu", "The table's menu", ("F10",), "table", "In a table"),
    Shortcut("table-first", "First row", ("Home",), "table", "In a table"),
    Shortcut("table-last", "Last row", ("End",), "table", "In a table"),
    Shortcut("chart-back", "The cursor one bar back", ("Left",), "chart", "In a chart"),
    Shortcut("chart-on", "The cursor one bar on", ("Right",), "chart", "In a chart"),
    Shortcut("chart-first", "First bar", ("Home",), "chart", "In a chart"),
    Shortcut("chart-last", "Last bar", ("End",), "chart", "In a chart"),
    Shortcut("chart-zoom-in", "Zoom in", ("+",), "chart", "In a chart"),
    Shortcut("chart-zoom-out", "Zoom out", ("-",), "chart", "In a chart"),
    Shortcut("chart-reset", "Prices fitted to what is seen", ("0",), "chart", "In a chart"),
    Shortcut("chart-taller", "The pane of an indicator taller", ("Ctrl+Up",), "chart", "In a chart"),
    Shortcut("chart-flatter", "The pane of an indicator flatter", ("Ctrl+Down",), "chart", "In a chart"),
    *(Shortcut(f"draw-{tool}", f"Draw: {title}", (keys,), "chart", "Drawing in a chart", asked=True) for tool, title, keys in (
        ("trend", "trend line", "Alt+T"), ("ray", "ray", "Alt+R"), ("horizontal", "horizontal line", "Alt+H"),
        ("vertical", "vertical line", "Alt+V"), ("channel", "channel", "Alt+C"), ("rectangle", "rectangle", "Alt+B"),
        ("fibonacci", "Fibonacci retracement", "Alt+F"), ("text", "note", "Alt+X"), ("measure", "measure", "Alt+M"))),
    Shortcut("draw-redo", "Do again what was undone of the drawings", ("Ctrl+Shift+Z", "Ctrl+Y"), "chart",
             "Drawing in a chart", asked=True),
)
DECLARED: Mapping[str, Shortcut] = {shortcut.id: shortcut for shortcut in SHORTCUTS}
# What every control understands by itself and nobody can move: for the list of keys.
FIXED: tuple[tuple[str, str], ...] = (
    ("Tab, Shift+Tab", "Next or previous control"), ("Space, Return", "Press the button that has the keyboard"),
    ("↑ ↓ ← →", "Another row, column, choice or value"), ("Esc", "Close what lies over the window; let go"),
    ("↑ ↓ ← →, Return", "In the chart, with a drawing tool chosen: move its cursor, put a point down"),
    (", .", "In the chart: select the drawing before or after; arrows move it, Del erases it"),
    ("Menu", "In the chart: colour and width of the selected drawing"), ("Space", "In a replay of the chart: play or pause"),
    ("Alt+PgUp, Alt+PgDown", "In a panel with pages: the page before or after"))

# ---- how keys are written ----

_NAMED = ("Up", "Down", "Left", "Right", "Home", "End", "PgUp", "PgDown", "Ins", "Del", "Backspace", "Tab", "Return", "Enter",
          "Esc", "Space", *(f"F{number}" for number in range(1, 36)))
_SPELLINGS = {name.lower(): name for name in _NAMED} | {
    "pageup": "PgUp", "page up": "PgUp", "pagedown": "PgDown", "page down": "PgDown", "insert": "Ins", "delete": "Del",
    "escape": "Esc", "comma": ",", "plus": "+", "minus": "-", "period": ".", "slash": "/", "↑": "Up", "↓": "Down", "←": "Left",
    "→": "Right", "backtab": "Tab"}
_MODIFIER = {"ctrl": "Ctrl", "control": "Ctrl", "alt": "Alt", "option": "Alt", "shift": "Shift", "meta": "Meta", "cmd": "Meta",
             "win": "Meta", "super": "Meta"}
_BELONG_TO_CONTROLS = {"Up", "Down", "Left", "Right", "Home", "End", "PgUp", "PgDown", "Tab", "Return", "Enter", "Esc", "Space",
                       "Backspace", "Del", "Ins"}


def spell(text: str) -> str:
    """Keys in the one way they are written here: `ctrl+shift+l` is `Ctrl+Shift+L`. UserError when it is no key."""
    wanted = text.strip()
    body, plus = (wanted[:-1].rstrip("+"), True) if wanted.endswith("+") else (wanted, False)
    parts = [part.strip() for part in body.split("+") if part.strip()]
    if plus:
        parts.append("+")
    if not parts:
        raise UserError("No key was given.", "Write it like Ctrl+Shift+L, F7 or Alt+3.")
    key = _key(parts[-1], wanted)
    held = {_modifier(part, wanted) for part in parts[:-1]}
    if len(key) == 1 and not key.isalnum():
        held.discard("Shift")  # the sign itself says that Shift is held, differently on each keyboard
    return "+".join([*(name for name in MODIFIERS if name in held), key])


def _key(text: str, whole: str) -> str:
    if len(text) == 1 and text.isprintable() and not text.isspace():
        return _SPELLINGS.get(text, text.upper())
    if text.lower() in _SPELLINGS:
        return _SPELLINGS[text.lower()]
    if text.lower() in _MODIFIER:
        raise UserError(f"{whole!r} has no key besides {_MODIFIER[text.lower()]}.", "Add one: Ctrl+L.")
    near = difflib.get_close_matches(text.lower(), _SPELLINGS, 1)
    raise UserError(f"There is no key {text!r}.", f"Did you mean {_SPELLINGS[near[0]]}?" if near
                    else "Write it like Ctrl+Shift+L, F7 or Alt+3.")


def _modifier(text: str, whole: str) -> str:
    if text.lower() not in _MODIFIER:
        raise UserError(f"{text!r} in {whole!r} is not a key that is held.", f"Those are {', '.join(MODIFIERS)}.")
    return _MODIFIER[text.lower()]


def types(keys: str) -> bool:
    """Whether the keys write or edit when a text field has the keyboard: then they never fire there."""
    *held, key = _split(keys)
    return not set(held) & {"Ctrl", "Alt", "Meta"} and not re.fullmatch(r"F\d+|Esc", key)


def _split(keys: str) -> list[str]:
    if keys.endswith("+"):
        return [*keys[:-1].rstrip("+").split("+"), "+"] if len(keys) > 1 else ["+"]
    return keys.split("+")


def check(keys: str, where: Where) -> None:
    """UserError when the keys cannot be a shortcut there."""
    *held, key = _split(keys)
    plain = not set(held) & {"Ctrl", "Alt", "Meta"}
    if plain and (key == "Tab" or (key == "Esc" and where != "window")):
        raise UserError(f"{keys} cannot be taken: it moves the keyboard.", "Hold Ctrl or Alt with it.")
    if where == "window" and plain and key in _BELONG_TO_CONTROLS:
        raise UserError(f"{keys} belongs to the control that has the keyboard.",
                        "Hold Ctrl or Alt with it, or choose another key.")


# ---- which keys are in force ----

class Keys:
    """The shortcuts of one home: the declared ones and the commands the user gave keys to."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def all(self) -> tuple[Shortcut, ...]:
        """Every shortcut with the keys in force."""
        own = self._own()
        found = [replace(shortcut, keys=own[shortcut.id], own=True) if shortcut.id in own else shortcut
                 for shortcut in SHORTCUTS]
        found += [Shortcut(line, line, keys, group="Your own", own=True, command=line)
                  for line, keys in own.items() if line not in DECLARED and keys]
        return tuple(found)

    def find(self, id_: str) -> Shortcut | None:
        """The shortcut called `id_`, or None."""
        return next((shortcut for shortcut in self.all() if shortcut.id == id_), None)

    def of(self, id_: str) -> str:
        """The first key of a shortcut, or nothing."""
        found = self.find(id_)
        return found.keys[0] if found is not None and found.keys else ""

    def clash(self, id_: str, keys: str, where: Where) -> Shortcut | None:
        """Which other shortcut has these keys in the same place."""
        return next((other for other in self.all() if keys in other.keys and other.id != id_
                     and (other.where == where or "window" in (other.where, where))), None)

    def bind(self, id_: str, keys: Sequence[str], *, take: bool = False, title: str = "") -> Shortcut:
        """Give a shortcut these keys instead of its present ones. UserError when one is taken, unless `take`."""
        target = self.find(id_) or DECLARED.get(id_) or Shortcut(id_, title or id_, (), command=id_)
        wanted = tuple(dict.fromkeys(spell(each) for each in keys))
        own = self._own()
        for each in wanted:
            check(each, target.where)
            other = self.clash(id_, each, target.where)
            if other is not None and not take:
                raise UserError(f"{each} already does this: {other.title} ({PLACES[other.where].lower()}).",
                                f"Choose other keys, or take them from it: window bind \"{id_}\" \"{each}\" --take")
            if other is not None:
                own[other.id] = tuple(key for key in own.get(other.id, other.keys) if key != each)
        own[id_] = wanted
        self._keep(own)
        return replace(target, keys=wanted, own=True)

    def unbind(self, id_: str, keys: Iterable[str] = ()) -> Shortcut:
        """Take these keys, or all, from a shortcut."""
        target = self._known(id_)
        gone = {spell(each) for each in keys} or set(target.keys)
        if absent := gone - set(target.keys):
            raise UserError(f"{', '.join(sorted(absent))} is not bound to {target.title!r}.",
                            f"It has {', '.join(target.keys) or 'no keys'}.")
        own = self._own()
        own[id_] = tuple(key for key in target.keys if key not in gone)
        self._keep(own)
        return replace(target, keys=own[id_], own=True)

    def reset(self, id_: str = "") -> None:
        """Back to the standard keys, of one shortcut or of all. UserError when its keys are another's by now."""
        if not id_:
            self._keep({})
            return
        self._known(id_)
        own = self._own()
        own.pop(id_, None)
        standard = DECLARED.get(id_)
        for each in standard.keys if standard else ():
            other = self.clash(id_, each, standard.where if standard else "window")
            if other is not None:
                raise UserError(f"{each} does this now: {other.title}.",
                                f"Free it first: window unbind \"{other.id}\" \"{each}\"")
        self._keep(own)

    def _known(self, id_: str) -> Shortcut:
        found = self.find(id_)
        if found is None:
            near = difflib.get_close_matches(id_, [shortcut.id for shortcut in self.all()], 1)
            raise UserError(f"There is no shortcut {id_!r}.", f"Did you mean {near[0]}?" if near else "See: window keys")
        return found

    def _own(self) -> dict[str, tuple[str, ...]]:
        """What the user changed; what cannot be understood in the file is passed over."""
        held = self._settings.raw(SETTING)
        found: dict[str, tuple[str, ...]] = {}
        for id_, keys in held.items() if isinstance(held, dict) else ():
            words = [keys] if isinstance(keys, str) else keys if isinstance(keys, list) else None
            if words is None:
                continue
            try:
                found[id_] = tuple(spell(str(word)) for word in words)
            except UserError:
                continue
        return found

    def _keep(self, own: Mapping[str, tuple[str, ...]]) -> None:
        kept = {id_: list(keys) for id_, keys in own.items() if id_ not in DECLARED or keys != DECLARED[id_].keys}
        kept = {id_: keys for id_, keys in kept.items() if keys or id_ in DECLARED}
        self._settings.keep(SETTING, kept or None)


def resolve(text: str, panels: Iterable[tuple[str, str, Sequence[str]]], line_of: Callable[[str], str]) -> str:
    """The id of a shortcut from what was typed: an id, a panel (id, title or code), or a command line, which is checked.

    `panels` are (id, title, codes); `line_of` gives the normal form of a command line or raises UserError.
    """
    wanted = " ".join(text.split())
    if wanted in DECLARED:
        return wanted
    for id_, title, codes in panels:
        if wanted.lower() in (id_, title.lower()) or wanted.upper() in codes:
            return f"window open {id_}"
    if " " not in wanted and "." not in wanted:
        near = difflib.get_close_matches(wanted, DECLARED, 1)
        if near:
            raise UserError(f"There is no shortcut {wanted!r}.", f"Did you mean {near[0]}?")
    return line_of(wanted)
