"""A workspace as one readable text file: layouts, what plugins let be carried (screens, views, lists), keys and appearance.

The file is TOML in a stable order, so that two of them can be compared line by line. It never holds a secret: settings
are taken by a list of what may go, and keys of services are in none of them. What it brings in is compared first, written
in one transaction, and can be taken back as a whole as long as nothing of it was changed since.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from terminal.errors import StoreError, TerminalError, UserError
from terminal.settings import to_toml
from terminal.shell.layouts import Layout, Layouts, from_plain, name_of, plain, unplain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from terminal.api import Context, Portable

FORMAT = 1
KIND = "workspace"
LAYOUTS, KEYS, SETTINGS = "layouts", "keys", "settings"
# Appearance, and what a panel begins with. Never providers, addresses, the schedule or anything secret.
CARRIED = ("mode", "theme", "palette", "font_size", "reduced_motion", "density", "appearance.", "dips.", "earnings.",
           "screener.", "tearsheet.", "chart.", "market.live_seconds")
TITLES = {LAYOUTS: "Layouts", KEYS: "Keys", SETTINGS: "Settings"}
State = Literal["new", "changed", "same", "unknown", "wrong"]


@dataclass(frozen=True)
class Change:
    """One thing in a file, compared with what is here. `why` says what is wrong with it."""

    section: str
    name: str
    state: State
    before: Any = None
    after: Any = None
    why: str = ""


class Exchange:
    """Reads, compares and writes everything a workspace file may hold. Not on the UI thread."""

    def __init__(self, ctx: Context, portable: Iterable[Portable]) -> None:
        self._ctx = ctx
        self._layouts = Layouts(ctx.home.path)
        self.portable = {each.section: each for each in portable}

    # ---- out ----

    def present(self, more: Iterable[str] = ()) -> dict[str, Any]:
        """What a file would hold now; `more` are sections that are not exported without being asked for."""
        wanted = {section for section, each in self.portable.items() if each.standard} | set(more)
        content: dict[str, Any] = {LAYOUTS: {name: layout.to_plain() for name, layout in self._layouts.all().items()}}
        for section in self.portable:
            if section in wanted:
                content[section] = {name: plain(each) for name, each in self._read(section).items()}
        content[KEYS] = self._keys()
        content[SETTINGS] = self._settings()
        return {section: things for section, things in content.items() if things}

    def to_text(self, content: Mapping[str, Any]) -> str:
        """The file."""
        return to_toml({"format": FORMAT, "program": "tapeline", **content})

    def _read(self, section: str) -> dict[str, Any]:
        return {name: dict(each) for name, each in self.portable[section].read(self._ctx.store.book.read).items()}

    def _keys(self) -> dict[str, Any]:
        held = self._ctx.settings.raw(KEYS)
        return dict(sorted(held.items())) if isinstance(held, dict) else {}

    def _settings(self) -> dict[str, Any]:
        keys = [setting.key for setting in self._declared()]
        return {key: value for key in keys if (value := self._ctx.settings.raw(key)) is not None}

    def _declared(self) -> list[Any]:
        return [setting for setting, _ in self._ctx.settings.items() if not setting.secret
                and any(setting.key == each or (each.endswith(".") and setting.key.startswith(each)) for each in CARRIED)]

    # ---- in ----

    def read(self, text: str) -> dict[str, Any]:
        """A file's sections. UserError when it is not one."""
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as problem:
            raise UserError(f"The file cannot be read: {problem}.", "It must be TOML, as `workspace export` writes it.") from None
        if content.get("program") != "tapeline" or not isinstance(content.get("format"), int):
            raise UserError("This is no workspace file.", "It begins with: format = 1 and program = \"tapeline\"")
        if content["format"] > FORMAT:
            raise UserError(f"The file is of a newer version ({content['format']}).", "Update the program.")
        return {section: things for section, things in content.items() if isinstance(things, Mapping)}

    def compare(self, content: Mapping[str, Any]) -> list[Change]:
        """Each thing of a file beside what is here; sections and things that are not understood are named, never an error."""
        here = {**{section: self._read(section) for section in self.portable if section in content}, KEYS: self._keys(),
                SETTINGS: self._settings(), LAYOUTS: {name: each.to_plain() for name, each in self._layouts.all().items()}}
        changes: list[Change] = []
        for section, things in content.items():
            if section not in here:
                changes += [Change(section, str(name), "unknown", why="no plugin here knows this") for name in things]
                continue
            known = {str(name).casefold(): (str(name), value) for name, value in here[section].items()}
            for name, value in things.items():
                changes.append(self._compared(section, str(name), value, *known.get(str(name).casefold(), (str(name), None))))
        return changes

    def _compared(self, section: str, name: str, value: Any, kept: str, before: Any) -> Change:
        try:
            after = self._checked(section, name, value)
        except (TerminalError, ValueError, TypeError) as problem:
            why = problem.sentence() if isinstance(problem, TerminalError) else str(problem)
            return Change(section, name, "wrong", why=why)
        state: State = "new" if before is None else "same" if plain(before) == plain(after) else "changed"
        return Change(section, kept, state, before, after)

    def _checked(self, section: str, name: str, value: Any) -> Any:
        if section == LAYOUTS:
            return from_plain(name_of(name), value).to_plain()
        if section == KEYS:
            from terminal.shell.keys import spell

            words = [value] if isinstance(value, str) else list(value)
            return [spell(str(word)) for word in words]
        if section == SETTINGS:
            if name not in {setting.key for setting in self._declared()}:
                raise UserError("This setting is not carried from one computer to another.", "Set it in the preferences.")
            return self._ctx.settings.declared(name).convert(value)
        if not isinstance(value, Mapping):
            raise UserError("This is no table.", "See an exported one.")
        return dict(self.portable[section].check(name, unplain(value)))

    def apply(self, changes: Iterable[Change], title: str) -> None:
        """Write the new and the changed ones in one transaction, with what is needed to take them back."""
        wanted = [each for each in changes if each.state in ("new", "changed")]
        record = [{"section": each.section, "name": each.name, "before": plain(each.before) if each.before is not None else None,
                   "after": plain(each.after)} for each in wanted]

        def also(tx: Any) -> None:
            number = int(tx.query("SELECT coalesce(max(id) + 1, 1) AS n FROM deleted")["n"][0])
            tx.execute("INSERT INTO deleted VALUES (?, ?, ?, ?, ?, NULL)",
                       (number, self._ctx.now(), KIND, title, json.dumps(record, ensure_ascii=False)))

        self._write([(each.section, each.name, each.after) for each in wanted], also)

    def last(self) -> tuple[int, str, list[dict[str, Any]]]:
        """Number, title and content of the newest import that was not taken back. UserError when there is none."""
        rows = self._ctx.store.book.read("SELECT id, title, payload FROM deleted WHERE kind = ? AND restored_at IS NULL "
                                         "ORDER BY id DESC LIMIT 1", (KIND,))
        if rows.is_empty():
            raise UserError("No workspace file was imported.", "`workspace import FILE` brings one in.")
        return int(rows["id"][0]), str(rows["title"][0]), list(json.loads(rows["payload"][0]))

    def undo(self) -> tuple[str, list[str], list[str]]:
        """Take the newest import back: its title, what was put back, and what was left because it was changed since."""
        number, title, record = self.last()
        here = {section: self._read(section) for section in self.portable}
        here |= {KEYS: self._keys(), SETTINGS: self._settings(),
                 LAYOUTS: {name: each.to_plain() for name, each in self._layouts.all().items()}}
        back = [each for each in record if plain(here.get(each["section"], {}).get(each["name"])) == each["after"]]
        left = [f"{each['section']} {each['name']}" for each in record if each not in back]

        def also(tx: Any) -> None:
            tx.execute("UPDATE deleted SET restored_at = ? WHERE id = ?", (self._ctx.now(), number))

        self._write([(each["section"], each["name"], unplain(each["before"])) for each in back], also)
        return title, [f"{each['section']} {each['name']}" for each in back], left

    def _write(self, things: list[tuple[str, str, Any]], also: Callable[[Any], None]) -> None:
        """All or nothing: the book's part is a transaction, and what is in files is put back when it fails."""
        layouts_before = self._layouts.content()
        settings_before = {name: self._ctx.settings.raw(name) for section, name, _ in things if section == SETTINGS}
        keys_before = self._keys()

        def work(tx: Any) -> None:
            now = self._ctx.now()
            for section, name, content in things:
                if section in self.portable:
                    self.portable[section].write(tx, name, content, now)
            also(tx)
            self._write_files(things)

        try:
            self._ctx.store.book.write(work)
        except BaseException:
            try:
                self._layouts.put_back(layouts_before)
                self._put_settings(settings_before, keys_before)
            except OSError as problem:
                raise StoreError("The import failed, and the layouts could not be put back.",
                                 "Restore layouts.toml from a backup.", problem) from None
            raise
        for table in sorted({self.portable[section].table for section, _, _ in things if section in self.portable}):
            self._ctx.publish("book.changed", {"table": table})

    def _write_files(self, things: list[tuple[str, str, Any]]) -> None:
        for section, name, content in things:
            if section == LAYOUTS and content is None:
                self._layouts.delete(name)
            elif section == LAYOUTS:
                self._layouts.save(_layout(name, content))
        settings = {name: content for section, name, content in things if section == SETTINGS}
        keys = {name: content for section, name, content in things if section == KEYS}
        merged = {**self._keys(), **keys}
        self._put_settings(settings, {name: words for name, words in merged.items() if words is not None} if keys else None)

    def _put_settings(self, settings: Mapping[str, Any], keys: Mapping[str, Any] | None) -> None:
        for name, value in settings.items():
            if value is None:
                self._ctx.settings.reset(name)
            elif self._ctx.settings.raw(name) != value:
                self._ctx.settings.set(name, value)
        if keys is not None and keys != self._keys():
            self._ctx.settings.keep(KEYS, dict(keys) or None)


def _layout(name: str, content: Mapping[str, Any]) -> Layout:
    return from_plain(name, content)
