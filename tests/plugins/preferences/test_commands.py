"""Settings, keys and plugins as commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from terminal.app import App
from terminal.domain.data_services import SERVICES
from terminal.errors import UserError
from terminal.registry import find_registry
from terminal.settings import CORE, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.paths import Home
    from tests.conftest import Clock



@pytest.fixture
def preferences(home: Home, clock: Clock) -> Iterator[App]:
    settings = Settings(home, CORE, environment={})
    (home.plugins / "mine_y").mkdir(parents=True)
    (home.plugins / "mine_y" / "__init__.py").write_text(
        "from terminal.api import Plugin\nPLUGIN = Plugin(id='mine_y', title='Mine', summary='Mine.')\n")
    app = App(home, clock=clock, settings=settings, registry=find_registry(home, settings, bundled="tests.contract",
                                                                           core={"preferences": "plugins.preferences.commands"}))
    yield app
    app.close()


def row(app: App, command: str, **arguments: Any) -> dict[str, Any]:
    return dict(app.run(f"preferences.{command}", arguments).rows()[0])


def test_settings_are_shown_changed_and_reset(preferences: App) -> None:
    table = preferences.run("preferences.show")
    assert {"mode", "theme", "market.source"} <= {one["key"] for one in table.rows()}
    assert "providers.finnhub.key" not in {one["key"] for one in table.rows()}
    assert row(preferences, "set", key="font_size", value="15")["value"] == "15"
    assert row(preferences, "show", key="font_size")["origin"] == "file"
    assert row(preferences, "reset", key="font_size")["value"] == "13"
    with pytest.raises(UserError, match="font_size cannot be '99'"):
        preferences.run("preferences.set", {"key": "font_size", "value": "99"})


def test_the_meaning_follows_the_mode(preferences: App) -> None:
    newbie = row(preferences, "show", key="theme")["meaning"]
    preferences.run("preferences.set", {"key": "mode", "value": "pro"})
    assert row(preferences, "show", key="theme")["meaning"] != newbie


def test_keys_are_kept_but_never_shown(preferences: App, home: Home) -> None:
    keys = preferences.run("preferences.keys").rows()
    services = {service.id for service in SERVICES if service.needs_key}
    assert {one["provider"] for one in keys} == services | {"simplefin"}
    assert {"provider": "finnhub", "present": False, "place": "nowhere"} in keys
    assert row(preferences, "key_set", provider="finnhub", key="abc12345")["place"].startswith("memory")
    table = preferences.run("preferences.keys")
    assert [one["provider"] for one in table.rows() if one["present"]] == ["finnhub"]
    assert "abc12345" not in str(table.to_json())
    assert row(preferences, "key_forget", provider="finnhub")["place"] == "nowhere"
    for command in ("key_forget", "key_set"):
        with pytest.raises(UserError):
            preferences.run(f"preferences.{command}", {"provider": "finnhub" if command == "key_forget" else "nobody",
                                                       **({"key": "x"} if command == "key_set" else {})})
    assert not any(b"abc12345" in path.read_bytes() for path in home.path.rglob("*") if path.is_file())


def test_a_plugin_is_approved_by_its_content(preferences: App, home: Home) -> None:
    table = preferences.run("preferences.plugins")
    assert [(one["id"], one["state"]) for one in table.rows()] == [("mine_y", "waiting")]
    assert table.notes == ("To let one run: tapeline preferences approve mine_y",)
    assert row(preferences, "approve", plugin="mine_y")["id"] == "mine_y"
    assert next(state.state for state in find_registry(home, Settings(home)).states() if state.id == "mine_y") == "ready"
    with pytest.raises(UserError, match="no added plugin"):
        preferences.run("preferences.approve", {"plugin": "doctor"})
