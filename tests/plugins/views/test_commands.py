"""Saved views by command: kept, replaced, used, deleted and restored; each table has its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.paths import Home


@pytest.fixture
def live(home: Home, clock: Any) -> Iterator[Any]:
    from terminal.app import App

    app = App(home, demo=False, clock=clock)
    yield app
    app.close()


def run(app: Any, verb: str, **arguments: Any) -> Any:
    return app.run(f"views.{verb}", arguments)


def names(table: Any) -> list[str]:
    return [row["name"] for row in table.rows()]


def test_views_are_kept_used_deleted_and_restored(live: Any) -> None:
    assert "None yet" in run(live, "list").notes[0]
    run(live, "save", name="Cheap  and growing", table="screener", columns=("symbol,pe_ttm",), sort=("-roe", "symbol"),
        filters=("pe_ttm: <20",), group="sector", colours=("roe: heat",))
    run(live, "save", name="Other", table="earnings.reports")
    shown = run(live, "list", table="screener").rows()
    assert shown[0]["name"] == "Cheap and growing"
    assert (shown[0]["columns"], shown[0]["sort"], shown[0]["filters"], shown[0]["group"]) == (
        "symbol, pe_ttm", "-roe, symbol", "pe_ttm: <20", "sector")
    assert len(shown) == 1
    assert names(run(live, "list")) == ["Other", "Cheap and growing"]

    heard: list[Any] = []
    live.events.subscribe("views.screener", heard.append)
    run(live, "use", name="cheap AND growing", table="screener")
    assert heard[0]["state"] == {"columns": ["symbol", "pe_ttm"], "sort": [["roe", True], ["symbol", False]],
                                 "filters": {"pe_ttm": "<20"}, "group": "sector", "colours": {"roe": "heat"}}

    run(live, "save", name="cheap and growing", table="screener", sort=("price",))
    replaced = run(live, "list", table="screener").rows()
    assert [(row["name"], row["sort"]) for row in replaced] == [("cheap and growing", "price")]
    run(live, "delete", name="Cheap and growing", table="screener")
    assert names(run(live, "list", table="screener")) == []
    assert names(run(live, "list", deleted=True)) == ["cheap and growing"]
    run(live, "restore", name="Cheap and growing", table="screener")
    assert names(run(live, "list", table="screener")) == ["cheap and growing"]


def test_they_outlive_the_program(home: Home, clock: Any) -> None:
    from terminal.app import App

    for verb in ("save", "use"):
        app = App(home, demo=False, clock=clock)
        assert names(run(app, verb, name="Mine", table="screener")) == ["Mine"]
        app.close()


@pytest.mark.parametrize(("verb", "arguments", "told"), [
    ("use", {"name": "Nine"}, "has no saved view 'Nine'"), ("delete", {"name": "Nine"}, "has no saved view"),
    ("restore", {"name": "Nine"}, "has no deleted view"), ("save", {"name": " "}, "needs a name"),
    ("save", {"name": "x", "filters": ("pe <3",)}, "is not a filter"), ("save", {"name": "x", "sort": ("a b",)}, "to sort by"),
    ("save", {"name": "x", "colours": ("pe: pink",)}, "is not a colour rule")])
def test_what_cannot_be_is_said(live: Any, verb: str, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        run(live, verb, table="screener", **arguments)
