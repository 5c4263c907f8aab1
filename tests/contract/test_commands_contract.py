"""What every command, plugin and setting must bring with it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from terminal import paths
from terminal.registry import Registry
from terminal.services.explain import Explain
from terminal.settings import CORE

if TYPE_CHECKING:
    from terminal.api import Plugin
    from terminal.commands import Command, Parameter

REGISTRY = Registry()
COMMANDS = REGISTRY.commands()
PLUGINS = REGISTRY.plugins()
SETTINGS = [*CORE, *(setting for plugin in PLUGINS for setting in plugin.settings)]


def test_no_bundled_plugin_is_set_aside() -> None:
    assert [(state.id, state.reason) for state in REGISTRY.states() if state.state != "ready"] == []


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_every_command_explains_itself(command: Command) -> None:
    assert command.title.strip()
    assert command.title[0].isupper()
    assert not command.title.endswith(".")
    assert len(command.summary) >= 15
    assert "Args:" not in command.doc
    helpless = [parameter.name for parameter in command.parameters if len(parameter.help.strip()) < 5]
    assert helpless == []


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_every_command_can_be_called_with_json(command: Command) -> None:
    arguments = {parameter.name: _sample(parameter) for parameter in command.parameters}
    portable = command.to_json(command.bind(arguments))
    assert command.to_json(command.bind(json.loads(json.dumps(portable)))) == portable
    optional = {parameter.name: parameter.default for parameter in command.parameters if not parameter.required}
    required = {parameter.name: arguments[parameter.name] for parameter in command.parameters if parameter.required}
    bound = command.bind({**command.to_json(optional), **required})  # a default must be a value that the parameter takes
    assert {name: bound[name] for name in optional if optional[name] is not None} == {
        name: value for name, value in optional.items() if value is not None}


def _sample(parameter: Parameter) -> Any:
    values: dict[type, Any] = {str: "x", int: 3, float: 1.5, bool: True, date: "2026-01-31", Path: "/tmp/x"}
    one = parameter.choices[0] if parameter.choices else values[parameter.type]
    return [one] if parameter.many else one


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.id)
def test_every_manifest_is_whole(plugin: Plugin) -> None:
    assert plugin.title[0].isupper()
    assert plugin.summary.endswith(".")
    assert any(command.group == plugin.id or command.function.__module__.startswith(f"plugins.{plugin.id}.")
               for command in COMMANDS.values())
    for panel in plugin.panels:
        module = panel.widget.partition(":")[0]
        assert module.startswith(f"plugins.{plugin.id}.")
        assert Path(*module.split(".")).with_suffix(".py").name == "panel.py"
        assert panel.code
    for job in plugin.jobs:
        assert job.command in COMMANDS
        assert bool(job.every) != bool(job.at)
        COMMANDS[job.command].bind(job.arguments)


def test_panels_and_codes_are_unique() -> None:
    panels = REGISTRY.panels()
    for names in ([panel.id for panel in panels], [panel.code for panel in panels]):
        assert len(names) == len(set(names))
    assert all(not command.panel or command.panel in {panel.id for panel in panels} for command in COMMANDS.values())


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_every_setting_has_words_for_both_modes_and_a_default_it_takes(setting: Any) -> None:
    assert setting.title.strip()
    assert len(setting.newbie) > 10
    assert len(setting.pro) > 10
    assert setting.newbie != setting.pro
    if not setting.secret:
        assert setting.convert(setting.default) == setting.default


def test_every_field_is_explained_for_both_modes() -> None:
    from terminal.domain.fields import FIELDS

    explain = Explain(paths.resource("explain.toml"), REGISTRY.explanations)
    missing = [f"{name} ({mode})" for name in FIELDS for mode in ("newbie", "pro") if len(explain.text(name, mode).text) < 10]
    assert missing == []
