"""Where files are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from terminal import paths
from terminal.paths import Home, data_file, default_home, resource

if TYPE_CHECKING:
    import pytest


def test_demo_and_real_files_never_share_a_folder() -> None:
    home = Home(Path("h"))
    assert home.market(False) == Path("h/market.duckdb")
    assert home.book(True) == Path("h/demo/book.duckdb")
    assert {home.market(True).parent, home.book(True).parent, home.backups(True).parent} == {Path("h/demo")}
    assert home.backups(False) == Path("h/backups")


def test_shipped_files_are_found_in_the_source_tree() -> None:
    assert data_file("sessions.csv").is_file()
    assert resource("theme").is_dir()


def test_shipped_files_inside_the_package_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "terminal" / "data").mkdir(parents=True)
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "terminal" / "paths.py"))
    assert data_file("x.csv") == tmp_path / "terminal" / "data" / "x.csv"
    monkeypatch.setattr("sys._MEIPASS", str(tmp_path), raising=False)
    assert data_file("x.csv") == tmp_path / "terminal" / "data" / "x.csv"


def test_the_standard_home_is_the_platforms_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_home().name == "tapeline"
