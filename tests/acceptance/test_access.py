"""A machine set to another place writes its numbers there for people, and the same as everywhere for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

GERMAN = {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}
NEUTRAL = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}


@pytest.mark.slow
def test_programs_read_the_same_everywhere_and_people_read_their_own(tapeline: Run) -> None:
    line = ("screener", "run", "--rule", "price > 100.5", "--limit", "3")
    told = {}
    for name, env in (("german", GERMAN), ("neutral", NEUTRAL)):
        for kind in ("--json", "--csv", ""):
            done = tapeline(*line, *((kind,) if kind else ()), env=env)
            assert done.returncode == 0, done.stderr
            told[name, kind] = done.stdout
    rows = [[{key: value for key, value in row.items() if isinstance(value, (int, float))}
             for row in json.loads(told[name, "--json"])["rows"]] for name in ("german", "neutral")]
    assert rows[0] == rows[1] and len(rows[0]) == 3
    price = rows[0][0]["price"]
    assert f"{price:.2f}".replace(".", ",") in told["german", ""]
    assert f"{price:.2f}" in told["neutral", ""]
    assert f"{price}" in told["german", "--csv"]
