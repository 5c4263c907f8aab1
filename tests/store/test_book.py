from __future__ import annotations

from datetime import date, timedelta

import pytest

from terminal.errors import UserError


def names(store):
    return store.book.watchlists()["name"].to_list()


def items(store, name):
    return store.book.watchlist(name)["symbol"].to_list()


def test_lists_are_made_filled_ordered_and_renamed(store, place):
    book = store.book
    assert book.create_watchlist("  Big   tech ", ["aapl", "MSFT", "AAPL"]) == "Big tech"
    book.create_watchlist("Energy")
    assert place.events[-1] == ("book.changed", {"table": "watchlists"})
    assert book.add_to_watchlist("big TECH", ["nvda", "msft"]) == ["NVDA"]
    assert items(store, "Big tech") == ["AAPL", "MSFT", "NVDA"]
    book.reorder_watchlist("Big tech", ["nvda"])
    assert items(store, "Big tech") == ["NVDA", "AAPL", "MSFT"]
    assert book.remove_from_watchlist("Big tech", ["AAPL", "XOM"]) == ["AAPL"]
    book.note_on_watchlist("Big tech", "NVDA", "watch margins")
    assert book.watchlist("Big tech").select("symbol", "note").rows() == [("NVDA", "watch margins"), ("MSFT", "")]
    book.reorder_watchlists(["Energy"])
    assert names(store) == ["Energy", "Big tech"]
    assert book.rename_watchlist("Energy", "Oil") == "Oil"
    assert book.watchlists().select("name", "count").rows() == [("Oil", 0), ("Big tech", 2)]


@pytest.mark.parametrize("call", [
    lambda book: book.create_watchlist("mine"), lambda book: book.rename_watchlist("Other", "MINE"),
    lambda book: book.create_watchlist("  "), lambda book: book.create_watchlist("a,b"),
    lambda book: book.create_watchlist("x" * 61),
    lambda book: book.create_watchlist("New", ["not a symbol"]), lambda book: book.add_to_watchlist("Nothing", ["A"]),
    lambda book: book.watchlist("Nothing"), lambda book: book.delete_watchlist("Nothing"),
    lambda book: book.undelete_watchlist("Mine"),
    lambda book: book.reorder_watchlist("Mine", ["ZZZ"]), lambda book: book.note_on_watchlist("Mine", "ZZZ", ""),
    lambda book: book.restore_deleted(7), lambda book: book.delete_universe("Nothing")])
def test_what_cannot_be_done_is_said_and_changes_nothing(store, call):
    store.book.create_watchlist("Mine", ["AAPL"])
    store.book.create_watchlist("Other")
    with pytest.raises(UserError) as error:
        call(store.book)
    assert error.value.hint
    assert names(store) == ["Mine", "Other"] and items(store, "Mine") == ["AAPL"]


def test_a_deleted_list_comes_back_with_its_items(store):
    book = store.book
    book.create_watchlist("Mine", ["AAPL", "MSFT"])
    book.delete_watchlist("mine")
    assert names(store) == []
    assert book.deleted_watchlists().select("name", "count").rows() == [("Mine", 2)]
    book.create_watchlist("Mine", ["XOM"])
    assert book.undelete_watchlist("Mine") == "Mine (2)"
    assert items(store, "Mine (2)") == ["AAPL", "MSFT"] and items(store, "Mine") == ["XOM"]


def test_a_removed_symbol_comes_back_with_its_note(store, place):
    book = store.book
    book.create_watchlist("Mine", ["AAPL", "MSFT", "XOM"])
    book.note_on_watchlist("Mine", "MSFT", "it's \"fine\"")
    before = book.watchlist("Mine")
    place.time.now += timedelta(hours=1)
    book.remove_from_watchlist("Mine", ["MSFT"])
    gone = book.deleted().row(0, named=True)
    assert gone["title"] == "MSFT from Mine"
    assert book.restore_deleted(gone["id"]) == "MSFT from Mine"
    assert book.watchlist("Mine").equals(before)
    assert book.deleted().is_empty()
    with pytest.raises(UserError):
        book.restore_deleted(gone["id"])


def test_imported_lists(store):
    book = store.book
    book.save_universe("Own", ["b", "a"], title="My list", as_of=date(2026, 1, 2), source="own.csv")
    first = book.universes()
    assert first.select("name", "title", "symbols", "as_of", "source").row(0) == (
        "Own", "My list", ["B", "A"], date(2026, 1, 2), "own.csv")
    book.save_universe("own", ["C"])
    assert book.universes().select("name", "symbols").rows() == [("own", ["C"])]
    book.restore_deleted(book.deleted()["id"][0])
    assert book.universes().equals(first)
    book.delete_universe("OWN")
    assert book.universes().is_empty()
    book.restore_deleted(book.deleted()["id"][0])
    assert book.universes().equals(first)


def test_looks(store, place):
    assert store.book.last_look("AAPL") is None
    for number in range(25):
        place.time.now += timedelta(minutes=1)
        store.book.save_look("AAPL", {"price": number, "note": None})
    assert store.book.last_look("AAPL") == (place.time.now, {"price": 24, "note": None})
    assert store.book.read("select count(*) as n from looks")["n"][0] == 20
    with pytest.raises(ValueError, match="JSON"):
        store.book.save_look("AAPL", {"price": float("nan")})
