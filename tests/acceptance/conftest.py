"""What the promises are proved with: real processes on a home of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import once

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).resolve().parents[2]


def surroundings(**more: str) -> dict[str, str]:
    """The environment of a program under test: no keyring, no desktop, nothing of the user's."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen", "DBUS_SESSION_BUS_ADDRESS": "disabled:",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", **more}


@pytest.fixture(scope="session")
def _made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        done = subprocess.run([sys.executable, "-m", "terminal", "--home", str(folder), "--demo", "screener", "run", "--json"],
                              env=surroundings(), capture_output=True, text=True, timeout=110, check=False)
        assert done.returncode == 0, done.stderr

    return once(tmp_path_factory, "made-home", make)


@pytest.fixture
def filled(_made_home: Path, tmp_path: Path) -> Path:
    """A home whose demo market the program itself has made, for this test alone."""
    return Path(shutil.copytree(_made_home, tmp_path / "filled"))


@pytest.fixture
def tapeline(run_cli: Run, filled: Path) -> Run:
    """Run one command line on the filled demo, as a process of its own."""
    def run(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
        return run_cli("--home", str(filled), "--demo", *arguments, **more)

    return run


@pytest.fixture
def typed(type_in: Run, filled: Path) -> Run:
    """Run one command line on the filled demo, without a process of its own."""
    def run(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
        return type_in("--home", str(filled), "--demo", *arguments, **more)

    return run
