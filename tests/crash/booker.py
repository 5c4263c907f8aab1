"""Books, imports and writes in the journal for ever; says on standard output what is acknowledged. Its test kills it."""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from plugins.journal.decisions import recording
from terminal.app import App
from terminal.domain.journal.decisions import Terms
from terminal.paths import Home

LINES = 40
"""Of each imported file; all of them are booked or none."""
HEAD = '"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"'
NOW = datetime(2026, 11, 20, 22, tzinfo=UTC)


def export(number: int) -> str:
    """A broker's file whose every line is of this number."""
    day = date(2024, 1, 2) + timedelta(days=number % 700)
    lines = (f'"{day:%m/%d/%Y}","Buy","T{number:05d}","LINE {line}","{line + 1}","$10.00","","-${(line + 1) * 10}.00"'
             for line in range(LINES))  # fmt: skip
    return "\n".join([HEAD, *lines]) + "\n"


def main(folder: Path, first: int) -> None:
    app = App(Home(folder), demo=False, clock=lambda: NOW)
    if not app.run("portfolio.accounts").rows():
        app.run("portfolio.account_create", {"name": "Main"})

    def say(what: str, number: object) -> None:
        os.write(1, f"{what} {number}\n".encode())

    say("ready", first)
    number = first
    while True:
        number += 1
        asked: dict[str, Any] = {"account": "Main", "kind": "deposit", "amount": str(number), "day": date(2024, 1, 2),
                                 "key": f"deposit {number}"}  # fmt: skip
        app.run("portfolio.add", asked)
        say("deposit", number)
        if number % 3 == 0:
            file = folder / f"{number}.csv"
            file.write_text(export(number), encoding="utf-8")
            app.run("portfolio.import", {"file": file, "account": "Main"})
            say("import", number)
        terms = Terms("buy", f"Reason {number}", probability=0.6, until=date(2027, 1, 4), review_on=date(2026, 12, 20))
        context = {"price": 10.0, "market_price": 20.0, "currency": "USD", "figures": [], "sources": []}
        recording.write(app.context(), "decision", f"T{number:05d}", terms, context)
        say("decision", number)
        app.run("journal.playbook_save", {"name": f"Book {number}", "step": ["One", "Two"]})
        say("playbook", number)
        if number % 5 == 0:
            app.run("portfolio.tag", {"symbol": f"T{number:05d}", "tags": ["core"]})
            say("tag", number)
        if number % 7 == 0:
            app.run("store.backup")
            say("backup", number)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
