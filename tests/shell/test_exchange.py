"""A workspace as one text file: readable, without secrets, compared before it is brought in, taken back as a whole."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from terminal.errors import TerminalError, UserError
from terminal.shell.layouts import Layout, Layouts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.app import App

ARRANGEMENT = "row 1000 600\n  tabs screener*\n  tabs tearsheet*\n"


@pytest.fixture
def market(home: Any, clock: Any) -> Iterator[App]:
    from terminal.app import App

    opened = App(home, False, clock)
    yield opened
    opened.close()


def fill(app: App) -> None:
    Layouts(app.home.path).save(Layout("Mine", ARRANGEMENT, {"tearsheet": "B"}, {"screener": {"ranges": {"pe": [None, 5]}}}))
    app.run("screener.save", {"name": "Cheap", "rule": "pe_ttm < 12"})
    app.run("views.save", {"name": "Short", "table": "screener", "columns": ["price"], "sort": ["-price"]})
    app.run("watchlist.create", {"name": "Core", "symbols": ["SPY", "QQQ"]})
    app.settings.set("theme", "light")
    app.settings.set("providers.sec.contact", "somebody@example.org")
    app.settings.set_secret("finnhub", "very-secret-key")
    app.run("window.bind", {"shortcut": "theme", "keys": ["Ctrl+Shift+K"]})


def everything(app: App) -> dict[str, Any]:
    from terminal.shell.exchange import Exchange

    return Exchange(app.context(), app.registry.portable()).present(("watchlists",))


def states(table: Any) -> dict[str, str]:
    return {row["name"]: row["state"] for row in table.rows()}


def test_the_file_is_readable_stable_and_holds_no_secret(market: App, tmp_path: Path) -> None:
    fill(market)
    told = market.run("workspace.export", {"file": tmp_path / "a.toml"})
    assert {row["what"]: row["count"] for row in told.rows()} == {
        "Layouts": 1, "Saved screens": 1, "Views of tables": 1, "Keys": 1, "Settings": 1}
    text = (tmp_path / "a.toml").read_text()
    assert ARRANGEMENT in text and 'rule = "pe_ttm < 12"' in text and 'theme = "light"' in text
    for secret in ("very-secret-key", "somebody@example.org", "providers", "Core"):
        assert secret not in text
    market.run("workspace.export", {"file": tmp_path / "b.toml", "watchlists": True})
    more = tomllib.loads((tmp_path / "b.toml").read_text())
    assert more["watchlists"]["Core"] == {"symbols": ["SPY", "QQQ"]}
    market.run("workspace.export", {"file": tmp_path / "c.toml"})
    assert (tmp_path / "c.toml").read_text() == text


def test_a_whole_workspace_moves_to_another_home_and_back_out(market: App, tmp_path: Path, clock: Any) -> None:
    from terminal.app import App
    from terminal.paths import Home

    fill(market)
    market.run("workspace.export", {"file": tmp_path / "w.toml", "watchlists": True})
    (tmp_path / "other").mkdir()
    other = App(Home(tmp_path / "other"), False, clock)
    try:
        before = everything(other)
        preview = other.run("workspace.import", {"file": tmp_path / "w.toml", "preview": True})
        assert set(states(preview).values()) == {"new"} and everything(other) == before
        told = other.run("workspace.import", {"file": tmp_path / "w.toml"})
        assert told.title == "6 of 6 brought in from w.toml"
        assert everything(other) == everything(market)
        again = other.run("workspace.import", {"file": tmp_path / "w.toml"})
        assert set(states(again).values()) == {"the same already"}
        taken = other.run("workspace.undo")
        assert {row["done"] for row in taken.rows()} == {"put back"}
        assert everything(other) == before
        with pytest.raises(UserError, match="No workspace file was imported"):
            other.run("workspace.undo")
    finally:
        other.close()


def test_what_differs_is_asked_about_then_replaced_or_kept(market: App, tmp_path: Path) -> None:
    fill(market)
    file = tmp_path / "w.toml"
    market.run("workspace.export", {"file": file})
    file.write_text(file.read_text().replace("pe_ttm < 12", "pe_ttm < 9") + '\n[screens.Fresh]\nrule = "roe > 20%"\n')
    before = everything(market)
    with pytest.raises(UserError, match=r"1 of these are different here \(saved screens: Cheap\); nothing was written"):
        market.run("workspace.import", {"file": file})
    assert everything(market) == before
    market.run("workspace.import", {"file": file, "keep": True})
    assert set(everything(market)["screens"]) == {"Cheap", "Fresh"}
    assert everything(market)["screens"]["Cheap"] == before["screens"]["Cheap"]
    market.run("workspace.import", {"file": file, "replace": True})
    assert everything(market)["screens"]["Cheap"]["rule"] == "pe_ttm < 9"
    market.run("workspace.undo")
    assert everything(market)["screens"]["Cheap"] == before["screens"]["Cheap"] and "Fresh" in everything(market)["screens"]
    market.run("workspace.undo")
    assert everything(market) == before


def test_what_was_changed_since_is_left_alone_by_an_undo(market: App, tmp_path: Path) -> None:
    file = tmp_path / "w.toml"
    file.write_text('format = 1\nprogram = "tapeline"\n[screens.One]\nrule = "roe > 20%"\n[screens.Two]\nrule = "roe > 30%"\n')
    market.run("workspace.import", {"file": file})
    market.run("screener.save", {"name": "Two", "rule": "roe > 40%"})
    taken = {row["what"]: row["done"] for row in market.run("workspace.undo").rows()}
    assert taken == {"screens One": "put back", "screens Two": "left: changed since"}
    assert set(everything(market)["screens"]) == {"Two"}


def test_what_is_not_understood_is_named_and_left_out(market: App, tmp_path: Path) -> None:
    file = tmp_path / "w.toml"
    file.write_text('''format = 1
program = "tapeline"
[layouts.Good]
arrangement = """
row 1 1
  tabs screener*
  tabs no_such_panel*
"""
[layouts.Bad]
arrangement = "nonsense"
[screens.Wrong]
rule = "nonsense <"
[portfolios.Mine]
cash = 1
[settings]
theme = "light"
"providers.finnhub.base_url" = "https://example.org"
mode = "expert"
[keys]
theme = ["Ctrl+Nothing"]
''')
    found = market.run("workspace.import", {"file": file}).rows()
    told = {row["name"]: (row["state"], row["why"]) for row in found if row["what"] != "Keys"}
    assert told["Good"][0] == told["theme"][0] == "new"
    assert [row["state"] for row in found if row["what"] == "Keys"] == ["cannot be used"]
    assert {name for name, (state, _) in told.items() if state == "cannot be used"} >= {"Bad", "Wrong", "mode",
                                                                                      "providers.finnhub.base_url"}
    assert told["Mine"] == ("not known here", "no plugin here knows this")
    assert market.settings.get("theme") == "light"
    assert "example.org" not in market.settings.get("providers.finnhub.base_url")
    assert list(Layouts(market.home.path).all()) == ["Good"]


@pytest.mark.parametrize(("content", "told"), [
    ("", "no workspace file"), ("[layouts", "cannot be read"), ('format = 99\nprogram = "tapeline"\n', "newer version")])
def test_another_file_is_refused_in_a_sentence(market: App, tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "x.toml").write_text(content)
    with pytest.raises(UserError, match=told):
        market.run("workspace.import", {"file": tmp_path / "x.toml"})
    with pytest.raises(UserError, match="cannot be read"):
        market.run("workspace.import", {"file": tmp_path / "absent.toml"})
    with pytest.raises(UserError, match="does not exist"):
        market.run("workspace.export", {"file": tmp_path / "nowhere" / "x.toml"})


def test_a_failure_in_the_middle_leaves_everything_as_it_was(market: App, tmp_path: Path,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    from terminal.shell.exchange import Exchange

    fill(market)
    market.run("workspace.export", {"file": tmp_path / "w.toml"})
    text = (tmp_path / "w.toml").read_text().replace("pe_ttm < 12", "pe_ttm < 9").replace("1000 600", "900 700")
    (tmp_path / "w.toml").write_text(text.replace('theme = "light"', 'theme = "dark"'))
    before = everything(market)

    real = Exchange._put_settings

    def then_fail(self: Exchange, settings: Any, keys: Any) -> None:
        real(self, settings, keys)
        if keys is None:  # not when everything is put back
            raise TerminalError("The disk is full.", "Make room.")

    monkeypatch.setattr(Exchange, "_put_settings", then_fail)
    with pytest.raises(TerminalError, match="disk is full"):
        market.run("workspace.import", {"file": tmp_path / "w.toml", "replace": True})
    monkeypatch.undo()
    assert everything(market) == before
