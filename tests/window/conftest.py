"""The screen that the real-window tests work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.window.desk import Screen, missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    made = Screen(tmp_path)
    yield made
    made.close()
