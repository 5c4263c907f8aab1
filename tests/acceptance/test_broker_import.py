"""A broker's export into the book from the command line: seen first, booked once, its odd line kept, taken back again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.domain.brokers.samples import SCHWAB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_an_export_is_previewed_imported_imported_again_and_taken_back(type_in: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "schwab.csv").write_text(SCHWAB, encoding="utf-8")

    def ask(*arguments: str) -> dict[str, Any]:
        done = type_in("--home", str(tmp_path / "home"), "--live", "portfolio", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def states(answer: dict[str, Any]) -> list[str]:
        return [row["state"] for row in answer["rows"]]

    shown = ask("import", "schwab.csv", "--account", "Mine", "--preview")
    assert states(shown).count("would be booked") == 7 and shown["rows"][0]["state"] == "not read"
    assert ask("accounts")["rows"] == []
    assert states(ask("import", "schwab.csv", "--account", "Mine")).count("booked") == 7
    again = ask("import", "schwab.csv", "--account", "Mine")
    assert states(again) == ["not read"] + ["known already"] * 7
    assert ask("accounts")["rows"][0]["bookings"] == 7
    (line,) = ask("unknown-lines")["rows"]
    assert line["line"] == 10 and "Something New" in line["text"]
    (run,) = ask("imports")["rows"]
    assert (run["booked"], run["unknown"], run["broker"]) == (7, 1, "schwab")
    ask("import-undo", str(run["run"]))
    assert ask("accounts")["rows"][0]["bookings"] == 0
    strange = type_in("--home", str(tmp_path / "home"), "--live", "portfolio", "import", "nothing.csv")
    assert strange.returncode == 1 and "nothing.csv" in strange.stderr and "Traceback" not in strange.stderr
