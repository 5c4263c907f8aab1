"""One demo market for all tests of the chain; they only read it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from terminal.paths import Home
from tests.conftest import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="package")
def app(_demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from terminal.app import App

    place = tmp_path_factory.mktemp("chain") / "home"
    shutil.copytree(_demo_home, place)
    opened = App(Home(place), demo=True, clock=Clock())
    # All of its threads now: one that came with a test would look as if that test had left it behind.
    for running in [opened.start("options.expiries", {"symbol": "SPY"}) for _ in range(8)]:
        running.result(60)
    yield opened
    opened.close()
