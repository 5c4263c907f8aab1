"""Watchlists by command: named, ordered, restored, imported, exported, used as a universe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.paths import Home


@pytest.fixture
def live(home: Home, clock: Any) -> Iterator[Any]:
    from terminal.app import App

    app = App(home, demo=False, clock=clock)
    yield app
    app.close()


def run(app: Any, verb: str, **arguments: Any) -> Any:
    return app.run(f"watchlist.{verb}", arguments)


def names(app: Any) -> list[str]:
    return [row["name"] for row in run(app, "list").rows()]


def symbols(app: Any, name: str) -> list[str]:
    return [row["symbol"] for row in run(app, "show", name=name).rows()]


def test_lists_are_created_renamed_ordered_deleted_and_restored(live: Any) -> None:
    assert "no watchlist yet" in run(live, "list").notes[0]
    for name in ("One", "Two", "Three"):
        run(live, "create", name=name, symbols=("KO", "PEP"))
    run(live, "rename", name="Two", new_name="Second")
    run(live, "reorder", names=("Three", "One"))
    assert names(live) == ["Three", "One", "Second"]
    run(live, "delete", name="One")
    assert names(live) == ["Three", "Second"]
    assert [row["name"] for row in run(live, "list", deleted=True).rows()] == ["One"]
    run(live, "restore", name="One")
    assert symbols(live, "One") == ["KO", "PEP"]
    with pytest.raises(UserError, match="already a watchlist"):
        run(live, "create", name="one")
    with pytest.raises(UserError, match="no watchlist called"):
        run(live, "show", name="Nine")


def test_symbols_are_added_removed_ordered_and_noted(live: Any) -> None:
    run(live, "create", name="Mine", symbols=("ko",))
    assert "Added PEP" in run(live, "add", name="mine", symbols=("PEP", "KO")).notes[0]
    run(live, "add", name="Mine", symbols=("AAPL",))
    run(live, "reorder", names=("AAPL",), within="Mine")
    assert symbols(live, "Mine") == ["AAPL", "KO", "PEP"]
    assert "Removed KO" in run(live, "remove", name="Mine", symbols=("KO", "XOM")).notes[0]
    table = run(live, "note", name="Mine", symbol="PEP", text="wait for 120")
    assert table.rows()[1]["note"] == "wait for 120"
    assert "no price is stored of AAPL, PEP" in table.unknown[0]
    assert live.market.universe("watchlist:Mine").symbols == ("AAPL", "PEP")
    with pytest.raises(UserError, match="is not a symbol"):
        run(live, "add", name="Mine", symbols=("not a symbol",))


@pytest.mark.parametrize(
    ("text", "expected", "refused"),
    [
        ("Company,Ticker\nCoke,KO\nPepsi,PEP\nBad,a b c\n", ["KO", "PEP"], 1),
        ("KO\nPEP\n\nKO\n", ["KO", "PEP"], 0),
        ("KO, PEP; AAPL", ["KO", "PEP", "AAPL"], 0),
    ],
)
def test_lists_come_from_files(text: str, expected: list[str], refused: int, live: Any, tmp_path: Path) -> None:
    path = tmp_path / "from broker.csv"
    path.write_text(text)
    table = run(live, "import", file=path)
    assert symbols(live, "from broker") == expected
    assert len([line for line in table.unknown if line.startswith("line")]) == refused
    run(live, "import", file=path, name="from broker")
    assert symbols(live, "from broker") == expected


def test_an_exported_list_can_be_imported_again(live: Any, tmp_path: Path) -> None:
    run(live, "create", name="Mine", symbols=("KO", "BRK-B"))
    run(live, "export", name="Mine", file=tmp_path / "mine.csv")
    run(live, "import", file=tmp_path / "mine.csv", name="Again")
    assert symbols(live, "Again") == ["KO", "BRK-B"]
    with pytest.raises(UserError, match="cannot be read"):
        run(live, "import", file=tmp_path / "none.csv")
    with pytest.raises(UserError, match="cannot be written"):
        run(live, "export", name="Mine", file=tmp_path)
    (tmp_path / "empty.csv").write_text("\n")
    with pytest.raises(UserError, match="No symbol"):
        run(live, "import", file=tmp_path / "empty.csv")


def test_the_demo_keeps_its_own_lists(app: Any) -> None:
    first, second = app.market.universe("demo").symbols[:2]
    app.run("watchlist.create", {"name": "Mine", "symbols": (first, second)})
    table = app.run("watchlist.show", {"name": "Mine"})
    assert [row["symbol"] for row in table.rows()] == [first, second]
