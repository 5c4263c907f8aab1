"""The window over a long day: what it holds in memory, and that it answers while everything is refreshed.

How much and how fast is measured by `python3 -m tests.perf memory gap`; here it is only whether memory keeps growing, and
whether the window takes turns at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.perf import gap, memory

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(320)]


def test_looking_at_more_companies_does_not_cost_more_memory(tmp_path: Path) -> None:
    found = memory.day(tmp_path, rounds=2)
    first, last = found["rounds"]
    assert last - first < 40, f"two equal rounds took {found['rounds']} MB"
    assert found["settled"] < 600, "far beyond what we allow ourselves: see the bench"


def test_the_window_takes_turns_while_everything_is_refreshed() -> None:
    found = gap.watch(symbols=10)
    assert found["rows"] > 1000
    assert found["beats"] > 100
    assert found["p99"] < 1000
