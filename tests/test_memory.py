"""What was used once goes back to the system, and works again when it is asked for."""

from __future__ import annotations

import sys

import polars as pl
import psutil
import pytest

from terminal import memory


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux is told")
def test_code_of_the_engines_is_unmapped_and_runs_again() -> None:
    frame = pl.DataFrame({"group": [1, 2, 1], "value": [1.0, 2.0, 4.0]})

    def ask() -> list[float]:
        return frame.group_by("group").agg(pl.col("value").mean()).sort("group")["value"].to_list()

    def mapped() -> int:
        return sum(each.rss for each in psutil.Process().memory_maps() if "_polars_runtime" in each.path)

    assert ask() == [2.5, 2.0]
    before = mapped()
    memory.let_go_of_code()
    assert mapped() < before
    assert ask() == [2.5, 2.0]
