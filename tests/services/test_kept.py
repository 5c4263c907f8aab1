"""What one process computed is what the next one finds, as long as nothing changed; anything doubtful is computed again."""

from __future__ import annotations

import os
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from terminal.app import App
from terminal.domain.fetch import Fetch
from terminal.services import kept, own_fields
from tests.conftest import NOW

PARTS = ("frame", "origin", "origin_kind", "reasons")


@pytest.fixture(autouse=True)
def same_program(monkeypatch):
    """Nobody may edit the program while a test runs."""
    monkeypatch.setattr("terminal.services.market.seal", lambda rules: "seal")


@pytest.fixture
def again(clock, app):
    """Closes the program and opens it again on the same home."""
    opened = [app]

    def start(at=clock):
        opened[-1].close()
        opened.append(App(app.home, demo=True, clock=at))
        return opened[-1]

    yield start
    opened[-1].close()


@pytest.fixture
def worked(monkeypatch):
    """The symbols that were worked through."""
    found = set()
    real = own_fields.own_fields
    monkeypatch.setattr(own_fields, "own_fields", lambda inputs, day: found.update(inputs.symbols) or real(inputs, day))
    return found


def same(ours, theirs):
    for part in PARTS:
        assert_frame_equal(getattr(ours, part), getattr(theirs, part))
    assert ours.unknown == theirs.unknown


def save(app, dataset, frame, symbol):
    app.store.market.save(dataset, frame, Fetch("test", "x", dataset, symbol, NOW, NOW, "ok", simulated=True))


def quote(app, symbol, price):
    save(app, "quotes", pl.DataFrame({"symbol": [symbol], "at": [NOW], "price": [price]},
                                     schema_overrides={"at": pl.Datetime("us", "UTC")}), symbol)


def test_the_next_start_finds_what_was_computed(app, again, worked):
    before, regime = app.market.scored(), app.market.regime()
    assert worked
    worked.clear()
    later = again()
    same(later.market.scored(), before)
    assert later.market.regime() == regime
    assert regime.parts and later.market.regime().parts == regime.parts
    assert not worked


def test_after_a_write_only_what_it_was_about_is_computed(app, again, worked):
    app.market.scored()
    chosen = app.market.symbols()[3]
    quote(app, chosen, 77.25)  # and the program ends before anybody looked
    worked.clear()
    later = again()
    found = later.market.scored()
    assert worked == {chosen}
    assert found.frame.row(found.index[chosen], named=True)["price"] == 77.25
    worked.clear()
    home = later.home
    later.close()
    for path in home.cache(True).iterdir():
        path.unlink()
    fresh = again().market.scored()
    assert chosen in worked and len(worked) > 100
    same(fresh, found)


@pytest.mark.slow  # that all are worked through again is shown in test_own_fields, too
def test_the_benchmark_concerns_everybody(app, again, worked):
    app.market.scored()
    save(app, "bars", pl.DataFrame({"symbol": ["SPY"], "date": [date(2026, 11, 19)], "close": [1.0]}), "SPY")
    worked.clear()
    later = again()
    later.market.scored()
    assert worked == set(later.market.symbols())


def test_an_expected_report_that_went_away_counts_as_a_change(app):
    store = app.store.market
    names = {"symbol": ["ZZZ"], "eps_estimate": [1.0]}
    save(app, "earnings", pl.DataFrame({**names, "date": [date(2026, 12, 1)]}), "ZZZ")
    save(app, "earnings", pl.DataFrame({**names, "date": [date(2026, 12, 8)]}), "ZZZ")
    version = store.version
    both = pl.DataFrame({"symbol": ["ZZZ"] * 2, "date": [date(2026, 12, 1), date(2026, 12, 8)], "eps_estimate": [1.0, 1.0]})
    save(app, "earnings", both, "ZZZ")
    assert store.written_since(version, ("earnings",)) == {"ZZZ"}
    assert store.written_since(store.version, ("earnings",)) == frozenset()
    assert store.written_since(version, ("bars",)) == frozenset()


DAY = date(2026, 11, 20)


@pytest.fixture
def disk(tmp_path, app):
    return kept.Kept(tmp_path / "cache", app.store, lambda: "seal")


def number(disk, value, day=DAY, datasets=("quotes",)):
    """The number kept, else `value`, through the way everything goes."""
    return disk.get("x", day, datasets, lambda: value,
                    lambda made: ({"frame": pl.DataFrame({"n": [made]})}, {"made": made}),
                    lambda frames, notes: frames["frame"]["n"].item() if notes["made"] == frames["frame"]["n"].item() else None)


def test_what_is_kept_holds_until_the_day_ends_or_what_it_was_made_from_is_written(app, disk):
    assert number(disk, 1) == 1
    assert number(disk, 2) == 1
    assert number(disk, 2, datasets=("bars",)) == 1
    quote(app, app.market.symbols()[0], 1.5)
    assert number(disk, 2, datasets=("bars",)) == 1
    assert number(disk, 3) == 3
    disk.close()
    assert number(disk, 4) == 3
    assert number(disk, 5, DAY + timedelta(days=1)) == 5


def test_another_program_does_not_take_it_over(app, disk, tmp_path):
    number(disk, 1)
    assert number(kept.Kept(tmp_path / "cache", app.store, lambda: "other"), 2) == 2


@pytest.mark.parametrize("harm", ["cut", "flip", "text", "empty", "folder"])
def test_a_damaged_file_is_ignored(disk, tmp_path, harm):
    number(disk, 1)
    path = tmp_path / "cache" / "x.arrow"
    content = path.read_bytes()
    match harm:
        case "cut":
            path.write_bytes(content[: len(content) - 20])
        case "flip":
            path.write_bytes(content[:-100] + bytes(255 - each for each in content[-100:]))
        case "text":
            path.write_text("[1, 2]\n")
        case "empty":
            path.write_bytes(b"")
        case "folder":
            path.unlink()
            path.mkdir()
    assert number(disk, 2) == 2


def test_a_folder_that_cannot_be_written_is_no_error(disk, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert number(disk, 1) == 1
    disk.close()
    assert number(disk, 2) == 2


def test_another_program_or_other_rules_are_computed_anew(tmp_path, monkeypatch):
    (tmp_path / "stock.toml").write_text("a = 1")
    first = kept.seal(tmp_path)
    assert kept.seal(tmp_path) == first
    os.utime(tmp_path / "stock.toml", (1, 1))
    second = kept.seal(tmp_path)
    assert second != first
    monkeypatch.setattr("terminal.__version__", "99")
    assert kept.seal(tmp_path) != second


def test_a_market_fetched_anew_does_not_take_over_the_old_ones_figures(app, again, disk):
    number(disk, 1)
    version, mark = app.store.market.version, app.store.market.mark(app.store.market.version)
    app.close()
    app.home.market(True).unlink()
    later = again(lambda: NOW + timedelta(hours=1))  # as many fetches, at another time
    assert later.store.market.version == version
    assert later.store.market.mark(version) != mark
    assert number(kept.Kept(disk._folder, later.store, lambda: "seal"), 2) == 2


def test_states_in_quick_succession_are_written_once_and_at_the_end(disk, app, monkeypatch):
    store = app.store.market
    writes = []
    real = kept.Kept._write
    monkeypatch.setattr(kept.Kept, "_write", lambda self, name, *rest: writes.append(name) or real(self, name, *rest))
    for value in range(5):
        disk.save("x", DAY, store, store.version, {"frame": pl.DataFrame({"n": [value]})})
    assert disk.load("x", DAY).frames["frame"]["n"].item() == 0
    disk.close()
    assert writes == ["x", "x"]
    assert disk.load("x", DAY).frames["frame"]["n"].item() == 4
    assert [path.name for path in disk._folder.iterdir()] == ["x.arrow"]
