"""What is kept with a chart: drawings that can be moved, erased and brought back, and studies by symbol and in general."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.paths import Home

TWO = ("2026-01-02,100", "2026-03-02T15:30,120.5")


@pytest.fixture
def live(home: Home, clock: Any) -> Iterator[Any]:
    from terminal.app import App

    app = App(home, demo=False, clock=clock)
    yield app
    app.close()


def run(app: Any, verb: str, **arguments: Any) -> Any:
    return app.run(f"chart.{verb}", arguments)


def test_a_drawing_is_kept_with_its_symbol(live: Any) -> None:
    assert "Nothing is drawn on KO" in run(live, "drawings", symbol="ko").notes[0]
    made = run(live, "draw", symbol="ko", tool="trend", point=TWO, text=" support ")
    drawing = made.detail["drawing"]
    assert (drawing.tool, drawing.text, drawing.role, drawing.width) == ("trend", "support", "accent", 1.5)
    assert drawing.points == ((datetime(2026, 1, 2, tzinfo=UTC), 100.0), (datetime(2026, 3, 2, 15, 30, tzinfo=UTC), 120.5))
    run(live, "draw", symbol="PEP", tool="horizontal", point=("2026-01-02,55",), role="warn", width=3)
    typed = run(live, "draw", symbol="PEP", tool="horizontal", point="2026-01-02,55").detail["drawing"]
    assert typed.points == ((datetime(2026, 1, 2, tzinfo=UTC), 55.0),), "as one --point of the command line arrives"
    listed = run(live, "drawings", symbol="KO")
    assert listed.detail["drawings"] == (drawing,) and listed.frame["id"].to_list() == [drawing.id]
    assert "2026-01-02" in listed.frame["points"][0] and "120.5" in listed.frame["points"][0]
    assert run(live, "drawings", symbol="PEP").detail["drawings"][0].width == 3


def test_drawings_outlive_the_program(home: Home, clock: Any) -> None:
    from terminal.app import App

    app = App(home, demo=False, clock=clock)
    drawing = run(app, "draw", symbol="KO", point=TWO).detail["drawing"]
    app.close()
    again = App(home, demo=False, clock=clock)
    assert run(again, "drawings", symbol="KO").detail["drawings"] == (drawing,)
    again.close()


def test_changes_can_be_taken_back_one_by_one(live: Any, clock: Any) -> None:
    first = run(live, "draw", symbol="KO", point=TWO, text="a").detail["drawing"]
    clock.now += timedelta(minutes=1)
    second = run(live, "move", id=first.id, point=("2026-01-05,90", "2026-02-02,95")).detail["drawing"]
    third = run(live, "move", id=first.id, text="b", role="warn", width=2.5).detail["drawing"]
    assert second.points != first.points and second.text == "a"
    assert (third.points, third.text, third.role, third.width) == (second.points, "b", "warn", 2.5)
    assert run(live, "move", id=first.id, text="b").detail["drawing"] == third, "nothing changed, nothing to take back"
    assert run(live, "undo", id=first.id).detail["drawing"] == second
    assert run(live, "undo", id=first.id).detail["drawing"] == first
    with pytest.raises(UserError, match="never changed"):
        run(live, "undo", id=first.id)
    changed = run(live, "drawings", symbol="KO").frame
    assert changed["changed_at"][0] > changed["created_at"][0]


def test_an_erased_drawing_comes_back(live: Any) -> None:
    drawing = run(live, "draw", symbol="KO", point=TWO).detail["drawing"]
    told = run(live, "erase", id=drawing.id)
    assert told.detail["drawings"] == () and f"restore {drawing.id}" in told.notes[0]
    assert run(live, "drawings", symbol="KO", erased=True).detail["drawings"] == (drawing,)
    for verb in ("erase", "move", "undo"):
        with pytest.raises(UserError, match="was erased"):
            run(live, verb, id=drawing.id)
    assert run(live, "restore", id=drawing.id).detail["drawing"] == drawing
    with pytest.raises(UserError, match="is on the chart"):
        run(live, "restore", id=drawing.id)


def test_what_cannot_be_drawn(live: Any) -> None:
    for arguments, words in (
        ({"point": ("2026-01-02,100",)}, "needs 2 points"),
        ({}, "needs 2 points"),
        ({"point": ("yesterday,100", "2026-01-02,1")}, "not a point"),
        ({"tool": "text", "point": ("2026-01-02,100",)}, "needs words"),
        ({"symbol": "not a symbol", "point": TWO}, "not a symbol"),
        ({"tool": "circle", "point": TWO}, "circle"),
    ):
        with pytest.raises(UserError, match=words):
            run(live, "draw", **{"symbol": "KO", **arguments})
    for id_ in ("99", "-1", "x", "1e3"):
        with pytest.raises(UserError, match="no drawing"):
            run(live, "erase", id=id_)
    assert run(live, "drawings", symbol="KO").frame.is_empty()


def test_studies_of_a_symbol_and_in_general(live: Any) -> None:
    def now(symbol: str = "") -> tuple[tuple[str, ...], str]:
        table = run(live, "studies", symbol=symbol)
        assert tuple(table.frame["study"]) == table.detail["studies"]
        return table.detail["studies"], table.detail["origin"]

    assert now("KO") == now() == (("sma(50)", "sma(200)"), "built-in")
    run(live, "save_studies", study=("ema(21)", "RSI"))
    assert now("KO") == now() == (("ema(21)", "rsi(14)"), "general")
    run(live, "save_studies", symbol="ko", study=("macd", "avwap(2026-01-02)", "avwap"))
    assert now("KO") == (("macd(12, 26, 9)", "avwap(2026-01-02)", "avwap()"), "KO") and now("PEP")[1] == "general"
    run(live, "save_studies", symbol="KO")
    assert now("KO") == ((), "KO"), "an empty chart is a choice"
    run(live, "undo_studies", symbol="KO")
    assert now("KO")[0][0] == "macd(12, 26, 9)"
    run(live, "forget_studies", symbol="KO")
    assert now("KO") == (("ema(21)", "rsi(14)"), "general")
    run(live, "undo_studies", symbol="KO")
    run(live, "undo_studies")
    assert now("KO")[1] == "KO" and now() == (("sma(50)", "sma(200)"), "built-in")
    with pytest.raises(UserError, match="Nothing was kept"):
        run(live, "undo_studies", symbol="PEP")
    with pytest.raises(UserError, match="no indicator"):
        run(live, "save_studies", symbol="KO", study=("magic(3)",))
