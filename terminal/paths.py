"""Where files are: the user's home folder, and the data and resources shipped with the program."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The folder with everything the user has. Demo data has its own subfolder and never mixes with the real."""

    path: Path

    def _root(self, demo: bool) -> Path:
        return self.path / "demo" if demo else self.path

    def market(self, demo: bool) -> Path:
        """Public data; may be deleted and fetched again."""
        return self._root(demo) / "market.duckdb"

    def book(self, demo: bool) -> Path:
        """What the user owns, decided and wrote."""
        return self._root(demo) / "book.duckdb"

    def archive(self, demo: bool) -> Path:
        """Option chains day by day, which no service gives a second time."""
        return self._root(demo) / "archive.duckdb"

    def backups(self, demo: bool) -> Path:
        """Copies of the book."""
        return self._root(demo) / "backups"

    def cache(self, demo: bool) -> Path:
        """What was computed from the market; may be deleted at any time."""
        return self._root(demo) / "cache"

    @property
    def settings(self) -> Path:
        """The settings file, which people may edit."""
        return self.path / "settings.toml"

    @property
    def logs(self) -> Path:
        """Rotated log files and the crash file."""
        return self.path / "logs"

    @property
    def exports(self) -> Path:
        """Where exported files go unless told otherwise."""
        return self.path / "exports"

    @property
    def plugins(self) -> Path:
        """Plugins the user added, a folder each."""
        return self.path / "plugins"

    @property
    def run(self) -> Path:
        """Lock and channel files of the process that owns this home."""
        return self.path / "run"


def default_home() -> Path:
    """The platform's folder for user data."""
    import platformdirs

    return Path(platformdirs.user_data_dir("tapeline", appauthor=False, roaming=False))


def data_file(*parts: str) -> Path:
    """A file of the shipped reference data (scoring rules, sessions, demo recipe)."""
    return _shipped("data").joinpath(*parts)


def resource(*parts: str) -> Path:
    """A file of the shipped resources (theme tokens, explanations, page template)."""
    return _shipped("resources").joinpath(*parts)


def _shipped(folder: str) -> Path:
    # A wheel and a frozen build carry the folder inside the package; a source tree has it beside the package.
    frozen = getattr(sys, "_MEIPASS", None)
    package = Path(frozen) / "terminal" if frozen else Path(__file__).resolve().parent
    inside = package / folder
    return inside if inside.is_dir() else package.parent / folder
