"""Plugins: found, checked, quarantined; third-party code runs only after approval."""

from __future__ import annotations

import importlib.metadata
import sys
from typing import TYPE_CHECKING, Any

import pytest

from terminal.commands import UsageError
from terminal.errors import UserError
from terminal.registry import Registry, find_registry, fingerprint
from terminal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.paths import Home
    from tests.conftest import Expected

MANIFEST = """
from terminal.api import Panel, Plugin, Setting
PLUGIN = Plugin(id="{id}", title="Mine", summary="It is mine.", commands=".commands", api={api}{more})
"""
COMMANDS = """
from terminal.api import command
@command(title="Hello"{marks})
def hello(ctx, name: str = "you"):
    '''Say hello.

    Args:
        name: To whom.
    '''
"""


@pytest.fixture(autouse=True)
def _forget_imports() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.partition(".")[0].startswith(("mine", "yours", "doctor")):
            del sys.modules[name]


def plant(folder: Path, name: str, *, id: str = "", api: int = 1, more: str = "", marks: str = "", manifest: str = "") -> Path:
    path = folder / name
    path.mkdir(parents=True, exist_ok=True)
    (path / "__init__.py").write_text(manifest or MANIFEST.format(id=id or name, api=api, more=more), "utf-8")
    (path / "commands.py").write_text(COMMANDS.format(marks=marks), "utf-8")
    return path


def state_of(registry: Registry, id: str, origin: str = "folder") -> tuple[str, str]:
    return next((state.state, state.reason) for state in registry.states() if state.id == id and state.origin == origin)


def approving(folder: Path) -> Registry:
    """A registry in which the user has approved everything as it is now."""
    return Registry(folder, lambda id_: fingerprint(folder / id_))


def test_bundled_plugins_are_ready_and_have_commands() -> None:
    registry = Registry()
    assert {"doctor", "preferences"} <= {plugin.id for plugin in registry.plugins()}
    assert registry.command("doctor.run").title
    assert {"preferences.show", "window.shot"} <= registry.commands().keys()


def test_a_folder_waits_for_approval_and_is_not_imported(tmp_path: Path, home: Home) -> None:
    plant(home.plugins, "mine_a",
          manifest=f"open({str(tmp_path / 'ran')!r}, 'w').close()\n" + MANIFEST.format(id="mine_a", api=1, more=""))
    settings = Settings(home)
    registry = find_registry(home, settings)
    assert state_of(registry, "mine_a") == ("waiting", "you have not approved it yet")
    assert not (tmp_path / "ran").exists()
    with pytest.raises(UserError, match="set aside"):
        registry.command("mine_a.hello")

    waiting = next(state for state in registry.states() if state.id == "mine_a")
    settings.approve(waiting.id, waiting.version, waiting.fingerprint)
    again = find_registry(home, Settings(home))
    assert state_of(again, "mine_a") == ("ready", "")
    assert (tmp_path / "ran").exists()
    assert again.command("mine_a.hello").parameter("name").help == "To whom."


def test_an_installed_plugin_waits_for_approval_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = plant(tmp_path, "mine_o")
    monkeypatch.syspath_prepend(tmp_path)
    entry = importlib.metadata.EntryPoint("mine_o", "mine_o", "tapeline.plugins")
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [entry])
    assert state_of(Registry(), "mine_o", "installed")[0] == "waiting"
    assert "mine_o" not in sys.modules
    registry = Registry(approved=lambda id_: fingerprint(path))
    assert state_of(registry, "mine_o", "installed") == ("ready", "")
    assert registry.command("mine_o.hello").id == "mine_o.hello"


def test_changed_content_waits_again(home: Home) -> None:
    path = plant(home.plugins, "mine_b")
    settings = Settings(home)
    settings.approve("mine_b", "", fingerprint(path))
    (path / "data.txt").write_text("new")
    assert state_of(find_registry(home, settings), "mine_b") == ("waiting", "its content changed since you approved it")


def test_an_impostor_of_a_bundled_plugin_is_refused_and_never_imported(tmp_path: Path, expect_warning: Expected) -> None:
    expect_warning("set aside")
    plant(tmp_path / "p", "doctor", manifest=f"open({str(tmp_path / 'ran')!r}, 'w').close()")
    registry = approving(tmp_path / "p")
    assert state_of(registry, "doctor") == ("refused", "the id doctor is taken")
    assert registry.command("doctor.run").function.__module__ == "plugins.doctor.commands"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(("name", "change", "told"), [
    ("mine_c", {"manifest": "1/0"}, "ZeroDivisionError"),
    ("mine_d", {"manifest": "x = 1"}, "has no PLUGIN"),
    ("mine_e", {"api": 2}, "made for plugin interface 2"),
    ("mine_f", {"id": "other"}, "it calls itself 'other'"),
    ("mine_g", {"more": ", settings=(Setting('mode.x', str, '', 'T', 'n', 'p'),)"}, "must begin with mine_g."),
    ("mine_h", {"more": ", panels=(Panel(id='Bad Id', title='T', widget='a:B'),)"}, "is not well-formed"),
    ("mine_i", {"more": ", panels=(Panel(id='mine_i', title='T', widget='nowhere'),)"}, "is not well-formed"),
    ("mine_j", {"manifest": "import sys; sys.exit(3)"}, "SystemExit"),
])
def test_a_broken_manifest_is_quarantined_with_its_traceback(tmp_path: Path, expect_warning: Expected, name: str,
                                                               change: dict[str, Any], told: str) -> None:
    expect_warning("set aside")
    plant(tmp_path, name, **change)
    registry = approving(tmp_path)
    state, reason = state_of(registry, name)
    assert state == "broken"
    assert told in reason
    assert "Traceback" in next(one.traceback for one in registry.states() if one.id == name)
    assert registry.command("doctor.run")


@pytest.mark.parametrize(("name", "marks", "told"), [
    ("mine_k", ", group='doctor'", "unexpected keyword"),
    ("mine_l", ", nonsense=1", "unexpected keyword"),
])
def test_broken_commands_quarantine_their_plugin_only(tmp_path: Path, expect_warning: Expected, name: str, marks: str,
                                                      told: str) -> None:
    expect_warning("set aside")
    plant(tmp_path, name, marks=marks)
    registry = approving(tmp_path)
    assert state_of(registry, name)[0] == "ready"
    assert f"{name}.hello" not in registry.commands()
    state, reason = state_of(registry, name)
    assert state == "broken"
    assert told in reason
    assert "doctor.run" in registry.commands()


def test_a_folder_may_not_hide_another_module(tmp_path: Path, expect_warning: Expected) -> None:
    expect_warning("set aside")
    plant(tmp_path, "colorsys")
    assert "already exists" in state_of(approving(tmp_path), "colorsys")[1]


def test_odd_names_are_refused(tmp_path: Path, expect_warning: Expected) -> None:
    expect_warning("set aside")
    plant(tmp_path, "Mine-X")
    registry = Registry(tmp_path)
    assert state_of(registry, "Mine-X")[0] == "refused"


def test_a_plugin_whose_settings_clash_is_set_aside(home: Home, expect_warning: Expected) -> None:
    expect_warning("set aside")
    path = plant(home.plugins, "mine_m",
                 more=", settings=(Setting('mine_m.x', str, '', 'T', 'n', 'p'), Setting('mine_m.x', int, 1, 'T', 'n', 'p'))")
    settings = Settings(home)
    settings.approve("mine_m", "", fingerprint(path))
    assert state_of(find_registry(home, settings), "mine_m")[0] == "broken"


def test_fingerprint_sees_names_and_content_but_no_compiled_leftovers(tmp_path: Path) -> None:
    path = plant(tmp_path, "mine_n")
    first = fingerprint(path)
    (path / "__pycache__").mkdir()
    (path / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert fingerprint(path) == first
    (path / "commands.py").rename(path / "orders.py")
    assert fingerprint(path) != first


def test_an_unknown_command_names_the_nearest() -> None:
    with pytest.raises(UsageError) as problem:
        Registry().command("docter.run")
    assert problem.value.sentence() == "There is no command 'docter run'. Did you mean doctor run?"
