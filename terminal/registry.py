"""Finds plugins and their commands, checks them, and sets aside what is broken. Nothing here is fatal.

Three origins: bundled packages in `plugins`, installed distributions (entry points `tapeline.plugins`), and folders in
`<home>/plugins`. The latter two run only after the user approved exactly this content (id, version, hash).
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import importlib
import importlib.util
import logging
import re
import sys
import threading
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from terminal.api import API_VERSION, Panel, Plugin, PluginState, Portable
from terminal.commands import Command, UsageError, commands_of
from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import ModuleType

    from terminal.paths import Home
    from terminal.settings import Settings

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_log = logging.getLogger(__name__)
_ID = re.compile(r"[a-z][a-z0-9_]{1,31}")
_VERB = re.compile(r"[a-z][a-z0-9_]*")
# Command groups that belong to the program itself: group -> module, imported on first use.
CORE: Mapping[str, str] = {"window": "terminal.shell.commands", "workspace": "terminal.shell.exchange_commands"}


class Registry:
    """Every plugin found, with its state, and the commands of those that are ready."""

    def __init__(self, folder: Path | None = None, approved: Callable[[str], str | None] = lambda id_: None, *,
                 bundled: str = "plugins", core: Mapping[str, str] | None = None, entry_points: bool = True) -> None:
        self._approved = approved
        self._core = {group: module for group, module in (CORE if core is None else core).items() if _exists(module)}
        self._lock = threading.RLock()
        self._states: dict[str, PluginState] = {}
        self._refused: list[PluginState] = []
        self._commands: dict[str, dict[str, Command]] = {}
        self._complete = False
        for state in self._find(bundled, folder, entry_points):
            self._admit(state)

    # What there is

    def states(self) -> tuple[PluginState, ...]:
        """Every plugin found, the refused ones too."""
        with self._lock:
            return (*self._states.values(), *self._refused)

    def plugins(self) -> tuple[Plugin, ...]:
        """The manifests of the plugins in order."""
        return tuple(state.plugin for state in self.states() if state.state == "ready" and state.plugin)

    def panels(self) -> tuple[Panel, ...]:
        """The panels of all plugins, in the order of the rail."""
        return tuple(sorted((panel for plugin in self.plugins() for panel in plugin.panels),
                            key=lambda panel: (panel.order, panel.id)))

    def explanations(self) -> tuple[Path, ...]:
        """The plugins' explain.toml files that exist."""
        found = (self._folder(plugin) / plugin.explain for plugin in self.plugins() if plugin.explain)
        return tuple(path for path in found if path.is_file())

    def migrations(self) -> tuple[tuple[str, tuple[Any, ...]], ...]:
        """(plugin id, its migrations in order) for each plugin that owns book tables."""
        found = []
        for plugin in self.plugins():
            if plugin.migrations:
                try:
                    found.append((plugin.id, tuple(self._module(plugin, plugin.migrations).MIGRATIONS)))
                except Exception as problem:
                    self.set_aside(plugin.id, "its migrations cannot be read", problem)
        return tuple(found)

    def portable(self) -> tuple[Portable, ...]:
        """The kinds of things that a workspace file carries, in the order of plugins."""
        found: list[Portable] = []
        for plugin in self.plugins():
            if plugin.portable:
                try:
                    found += self._module(plugin, plugin.portable).PORTABLE
                except Exception as problem:
                    self.set_aside(plugin.id, "what it lets be carried elsewhere cannot be read", problem)
        return tuple(found)

    def widget(self, panel: Panel) -> Any:
        """The class of a panel, imported now."""
        owner = next(plugin for plugin in self.plugins() if panel in plugin.panels)
        module, _, name = panel.widget.partition(":")
        return getattr(self._module(owner, module), name)

    # Commands

    def commands(self) -> dict[str, Command]:
        """Every command by id, in the order of plugins; imports all command modules (none of which loads Qt or polars)."""
        with self._lock:
            if not self._complete:
                for plugin in self.plugins():
                    self._load(plugin.id)
                for group in self._core:
                    self._load(group)
                self._complete = True
            return {id_: command for commands in self._commands.values() for id_, command in commands.items()}

    def command(self, id_: str) -> Command:
        """The command called `id_`; UserError with a suggestion when there is none."""
        found = self._found(id_)
        if found is None:
            raise self.unknown(id_)
        return found

    def has(self, id_: str) -> bool:
        """Whether there is such a command."""
        return self._found(id_) is not None

    def _found(self, id_: str) -> Command | None:
        group = id_.partition(".")[0]
        with self._lock:
            if group not in self._states and group not in self._core:
                return None
            self._load(group)
            return self._commands[group].get(id_)

    def unknown(self, id_: str) -> UserError:
        """The error for a command that does not exist: its plugin is broken, or the nearest one that does exist."""
        words = id_.replace(".", " ").replace("_", "-")
        state = self._states.get(id_.partition(".")[0])
        if state and state.state != "ready":
            return UserError(f"{words!r} is not available: the plugin {state.id} is set aside ({state.reason.splitlines()[0]}).",
                             "See: tapeline preferences plugins")
        near = difflib.get_close_matches(id_, self.commands(), 1, 0.5)
        hint = f"Did you mean {near[0].replace('.', ' ').replace('_', '-')}?" if near else "See: tapeline --help"
        return UsageError(f"There is no command {words!r}.", hint)

    def group(self, name: str) -> dict[str, Command]:
        """The commands of a group by verb; empty when there is no such group."""
        with self._lock:
            if name not in self._states and name not in self._core:
                return {}
            self._load(name)
            return {command.verb: command for command in self._commands[name].values()}

    def _load(self, owner: str) -> None:
        if owner in self._commands:
            return
        self._commands[owner] = {}
        try:
            if owner in self._core:
                found = commands_of(importlib.import_module(self._core[owner]), owner)
            else:
                state = self._states[owner]
                if state.state != "ready" or not state.plugin or not state.plugin.commands:
                    return
                found = commands_of(self._module(state.plugin, state.plugin.commands), owner)
                self._check_commands(state, found)
            self._commands[owner] = {command.id: command for command in found}
        except Exception as problem:
            if owner in self._core:
                _log.exception("the commands of %s cannot be loaded", owner)
            else:
                self.set_aside(owner, "its commands cannot be loaded", problem)

    def _check_commands(self, state: PluginState, found: Iterable[Command]) -> None:
        taken = {id_: owner for owner, commands in self._commands.items() for id_ in commands}
        for command in found:
            if not _ID.fullmatch(command.group) or not _VERB.fullmatch(command.verb):
                raise ValueError(f"{command.id!r} is not a well-formed command id")
            if command.group in self._core or command.id in taken:
                raise ValueError(f"{command.id} already exists (in {taken.get(command.id, 'the program itself')})")

    # Finding and checking

    def _find(self, bundled: str, folder: Path | None, entry_points: bool) -> Iterator[PluginState]:
        package = importlib.import_module(bundled)
        roots = [Path(root) for root in package.__path__]
        for path in sorted({child for root in roots for child in root.iterdir() if (child / "__init__.py").is_file()}):
            yield self._bundled(f"{bundled}.{path.name}", path.name)
        if entry_points:
            from importlib import metadata  # 15 ms that the start of the window can do without

            for entry in sorted(metadata.entry_points(group="tapeline.plugins"), key=lambda entry: entry.name):
                yield self._installed(entry)
        if folder is not None and folder.is_dir():
            for path in sorted(child for child in folder.iterdir() if (child / "__init__.py").is_file()):
                yield self._third_party(PluginState(path.name, path.name, "", "folder"), functools.partial(fingerprint, path),
                                        functools.partial(_import_folder, path))

    def _bundled(self, module: str, name: str) -> PluginState:
        state = PluginState(name, name, "", "bundled", state="ready")
        try:
            return _checked(state, importlib.import_module(module))
        except (Exception, SystemExit) as problem:
            return _broken(state, problem)

    def _installed(self, entry: EntryPoint) -> PluginState:
        version = entry.dist.version if entry.dist else ""

        def content() -> str:
            spec = importlib.util.find_spec(entry.module.partition(".")[0])
            if spec is None or not spec.origin:
                raise ImportError(f"{entry.module} is not installed")
            return fingerprint(Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin))

        return self._third_party(PluginState(entry.name, entry.name, version, "installed"), content,
                                 lambda: importlib.import_module(entry.module))

    def _third_party(self, state: PluginState, content: Callable[[], str], load: Callable[[], ModuleType]) -> PluginState:
        try:
            state = replace(state, fingerprint=content())
            before = self._approved(state.id)
            if before != f"{state.version} {state.fingerprint}".strip():
                changed = before is not None
                return replace(state, state="waiting", reason="its content changed since you approved it" if changed
                               else "you have not approved it yet")
            if state.id in self._states:  # an impostor's code must not even be imported
                return state
            return _checked(replace(state, state="ready"), load())
        except (Exception, SystemExit) as problem:
            return _broken(state, problem)

    def _admit(self, state: PluginState) -> None:
        if not _ID.fullmatch(state.id):
            self._refused.append(replace(state, state="refused", plugin=None, reason=f"{state.id!r} is not a well-formed id"))
        elif state.id in self._states or state.id in self._core:
            self._refused.append(replace(state, state="refused", plugin=None, reason=f"the id {state.id} is taken"))
        elif state.plugin and (clash := {panel.id for panel in state.plugin.panels} & {panel.id for panel in self.panels()}):
            self._states[state.id] = replace(state, state="broken", plugin=None, reason=f"the panel {min(clash)} already exists")
        else:
            self._states[state.id] = state
        last = self.states()[-1] if self._refused and self._refused[-1].id == state.id else self._states.get(state.id, state)
        if last.state in ("broken", "refused"):
            _log.error("plugin %s set aside: %s\n%s", last.id, last.reason, last.traceback)

    def set_aside(self, id_: str, reason: str, problem: BaseException) -> None:
        """Quarantine a plugin: its commands and panels are gone, its state keeps the traceback."""
        told = "".join(traceback.format_exception(problem))
        with self._lock:
            self._states[id_] = replace(self._states[id_], state="broken", plugin=None, reason=f"{reason}: {problem}",
                                        traceback=told)
            self._commands[id_] = {}
        _log.error("plugin %s set aside: %s\n%s", id_, reason, told)

    def _module(self, plugin: Plugin, name: str) -> ModuleType:
        return importlib.import_module(name, _package(self._states[plugin.id]))

    def _folder(self, plugin: Plugin) -> Path:
        return Path(sys.modules[_package(self._states[plugin.id])].__file__ or "").parent


def find_registry(home: Home, settings: Settings, *, bundled: str = "plugins", core: Mapping[str, str] | None = None) -> Registry:
    """The plugins of a home, approvals taken from its settings; declares the plugins' settings."""
    registry = Registry(home.plugins, settings.approved, bundled=bundled, core=core)
    for plugin in registry.plugins():
        try:
            settings.declare(plugin.settings)
        except Exception as problem:
            registry.set_aside(plugin.id, "its settings cannot be used", problem)
    return registry


def fingerprint(path: Path) -> str:
    """SHA-256 over names and content of a file, or of a folder's files without compiled leftovers."""
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file()
                                                 and "__pycache__" not in file.parts)
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(path.parent).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False


def _import_folder(path: Path) -> ModuleType:
    """Import a user's folder as a top-level package of its own name, which must not hide another."""
    name = path.name
    loaded = sys.modules.get(name)
    if loaded is not None and Path(loaded.__file__ or "").parent == path:
        return loaded
    if loaded is not None or _exists(name):
        raise ImportError(f"a module called {name} already exists; rename the folder and the plugin's id")
    spec = importlib.util.spec_from_file_location(name, path / "__init__.py", submodule_search_locations=[str(path)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _checked(state: PluginState, module: ModuleType) -> PluginState:
    plugin = getattr(module, "PLUGIN", None)
    if not isinstance(plugin, Plugin):
        raise TypeError(f"{module.__name__} has no PLUGIN = Plugin(...)")
    if plugin.api != API_VERSION:
        raise ValueError(f"it is made for plugin interface {plugin.api}, this program has {API_VERSION}")
    if plugin.id != state.id:
        raise ValueError(f"it calls itself {plugin.id!r} but its name is {state.id!r}")
    if not plugin.title.strip() or not plugin.summary.strip():
        raise ValueError("it has no title or no summary")
    for panel in plugin.panels:
        if not _ID.fullmatch(panel.id) or ":" not in panel.widget:
            raise ValueError(f"the panel {panel.id!r} is not well-formed")
    if state.origin != "bundled":
        for setting in plugin.settings:
            if not setting.key.startswith(f"{plugin.id}."):
                raise ValueError(f"the setting {setting.key} must begin with {plugin.id}.")
    return replace(state, title=plugin.title, plugin=plugin, module=module.__name__)


def _package(state: PluginState) -> str:
    return state.module


def _broken(state: PluginState, problem: BaseException) -> PluginState:
    return replace(state, state="broken", plugin=None, reason=f"{type(problem).__name__}: {problem}",
                   traceback=traceback.format_exc())
