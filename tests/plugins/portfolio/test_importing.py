"""Brokers' files into the book: booked once, shown first, taken back as a whole, and nothing of them lost."""

from __future__ import annotations

import shutil
from collections import Counter
from decimal import Decimal as D
from typing import TYPE_CHECKING, Any

import pytest

from terminal.errors import UserError
from terminal.paths import Home
from tests.conftest import Clock
from tests.domain.brokers.samples import ACTIVITY, FILES, FLEX, SCHWAB, TRADING212

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.domain.sourced import Table


@pytest.fixture(scope="module")
def _opened(tmp_path_factory: pytest.TempPathFactory, _live_market: Path) -> Iterator[Any]:
    from terminal.app import App

    home = Home(tmp_path_factory.mktemp("importing"))
    shutil.copy(_live_market, home.market(False))
    opened = App(home, demo=False, clock=Clock())
    opened.run("portfolio.accounts")  # the tables are made
    yield opened
    opened.close()


@pytest.fixture
def app(_opened: Any) -> Iterator[Any]:
    """One App for all of them (opening one takes longer than a test), its portfolio empty each time."""
    yield _opened
    _opened.store.book.write(
        lambda tx: [tx.execute(f"DELETE FROM portfolio.{table}") for table in (*TABLES, "file_symbols", "portfolios")]
    )


TABLES = ("accounts", "versions", "keys", "held", "import_runs", "unknown_lines")


class Desk:
    """Files written and imported."""

    def __init__(self, app: Any, folder: Path) -> None:
        self.app, self.folder = app, folder

    def import_(self, content: str | bytes, name: str = "export.csv", **options: Any) -> Table:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        result: Table = self.app.run("portfolio.import", {"file": str(path), **options})
        return result

    def booked(self) -> list[tuple[Any, ...]]:
        rows = self.app.store.book.read(
            "SELECT account_id, day, kind, symbol, quantity, amount, currency, source_id FROM portfolio.transactions ORDER BY ALL"
        )
        return list(rows.rows())

    def rows(self, command: str, **arguments: Any) -> list[dict[str, Any]]:
        return list(self.app.run(f"portfolio.{command}", arguments).rows())

    def everything(self) -> tuple[Any, ...]:
        return tuple(self.app.store.book.read(f"SELECT * FROM portfolio.{table} ORDER BY ALL").rows() for table in TABLES)


@pytest.fixture
def desk(app: Any, tmp_path: Path) -> Desk:
    return Desk(app, tmp_path)


def states(table: Table) -> Counter[str]:
    return Counter(row["state"] for row in table.rows())


def test_imported_twice_is_imported_once_whatever_the_broker(desk: Desk) -> None:
    for broker, text in FILES.items():
        desk.import_(text, f"{broker}.txt", account=broker)
    before = desk.everything()
    assert len(desk.booked()) > 50
    for broker, text in FILES.items():
        table = desk.import_(text, f"again-{broker}.txt", account=broker)
        assert set(states(table)) <= {"known already", "not read"}, broker
    assert desk.everything() == before


def test_a_preview_says_the_same_and_books_nothing(desk: Desk) -> None:
    shown = desk.import_(SCHWAB, account="Mine", preview=True)
    assert desk.booked() == [] and desk.rows("accounts") == []
    assert states(shown) == {"would be booked": 7, "not read": 1}
    unknown = shown.rows()[0]
    assert unknown["line"] == 10 and "Something New" in unknown["note"] and "Something New" in unknown["reason"]
    assert any("which will be made: 7 to be booked" in note for note in shown.notes)
    done = desk.import_(SCHWAB, account="Mine")
    assert states(done) == {"booked": 7, "not read": 1} and len(desk.booked()) == 7
    assert [row["amount"] for row in done.rows()[1:]] == [row["amount"] for row in shown.rows()[1:]]


def test_files_that_overlap_in_time_book_each_line_once_and_equal_trades_stay_two(desk: Desk) -> None:
    header, *lines = SCHWAB.splitlines()
    twin = lines[1]
    desk.import_("\n".join([header, twin, twin, lines[3]]), account="A")
    assert len(desk.booked()) == 3
    desk.import_("\n".join([header, lines[0], twin, twin]), account="A")
    assert len(desk.booked()) == 4
    assert Counter(row[4] for row in desk.booked())[D("-10.065")] == 2
    desk.import_("\n".join([header, twin, twin, lines[3]]), account="B")  # another account is another matter
    assert len(desk.booked()) == 7


def test_an_import_is_taken_back_as_a_whole_and_can_be_had_again(desk: Desk) -> None:
    table = desk.import_(TRADING212, account="T")
    booked = desk.booked()
    assert table.undo is not None and table.undo.command == "portfolio.import_undo"
    desk.app.run(table.undo.command, dict(table.undo.arguments))
    assert desk.booked() == [] and desk.rows("imports")[0]["undone_at"] is not None
    with pytest.raises(UserError, match="taken back already"):
        desk.rows("import_undo", run=table.undo.arguments["run"])
    assert states(desk.import_(TRADING212, account="T")) == {"booked": 6}
    assert desk.booked() == booked
    desk.rows("import_undo", run=table.undo.arguments["run"] + 1)
    assert desk.booked() == []
    with pytest.raises(UserError, match="no import"):
        desk.rows("import_undo", run=10_000)


def test_what_the_user_took_out_does_not_come_back_with_the_file(desk: Desk) -> None:
    desk.import_(SCHWAB, account="Mine")
    number = desk.app.store.book.read("SELECT min(id) AS id FROM portfolio.transactions")["id"][0]
    desk.app.run("portfolio.remove", {"number": number})
    left = desk.booked()
    desk.import_(SCHWAB, account="Mine")
    assert desk.booked() == left and len(left) == 6


def test_unknown_lines_are_kept_once_with_text_and_reason(desk: Desk) -> None:
    desk.import_(SCHWAB, account="Mine")
    desk.import_(SCHWAB.replace("04/27/2023", "04/28/2023"), "longer.csv", account="Mine")
    (line,) = desk.rows("unknown_lines")
    assert (line["line"], line["account"], line["file"]) == (10, "Mine", "export.csv")
    assert line["text"].startswith('"01/05/2023","Something New"') and "Something New" in line["reason"]
    first, second = sorted(row["run"] for row in desk.rows("imports"))
    assert desk.rows("unknown_lines", account="Mine", run=first) and not desk.rows("unknown_lines", run=second)
    desk.rows("import_undo", run=first)
    assert desk.rows("unknown_lines") == []


def test_totals_of_the_file_are_compared_with_what_is_booked(desk: Desk) -> None:
    agreed = desk.import_(ACTIVITY)
    assert any("2 of 2 totals that the file states agree" in note for note in agreed.notes)
    assert desk.rows("accounts")[0]["account"] == "U55" and desk.rows("accounts")[0]["broker"] == "Interactive Brokers"
    wrong = desk.import_(
        ACTIVITY.replace("Ending Cash,USD,308.5", "Ending Cash,USD,310").replace("ACME,10,1,20.1", "ACME,12,1,20.1")
    )
    told = " ".join(wrong.notes)
    assert "cash USD on 2024-03-31: the file states 310, booked are 308.5, a difference of -1.5." in told
    assert "shares ACME on 2024-03-31: the file states 12, booked are 10, a difference of -2." in told


def test_what_is_there_from_elsewhere_is_held_back_and_can_be_booked_all_the_same(desk: Desk) -> None:
    desk.app.run("portfolio.account_create", {"name": "IB"})
    typed = {"account": "IB", "kind": "buy", "symbol": "ACME", "quantity": "10", "price": "20", "fees": "1", "day": "2024-01-15"}
    desk.app.run("portfolio.add", typed)
    held = desk.import_(FLEX, "f.xml", account="IB")
    assert states(held) == {"not read": 1} and ", made by hand, is the same" in held.rows()[0]["reason"]
    assert len(desk.booked()) == 1 and len(desk.rows("unknown_lines")) == 1
    assert states(desk.import_(FLEX, "f.xml", account="IB", doubles=True)) == {"booked": 1}
    assert len(desk.booked()) == 2 and desk.rows("unknown_lines") == []


def test_symbols_of_a_file_are_renamed_and_the_names_remembered(desk: Desk) -> None:
    text = FILES["parqet"]
    desk.import_(text, account="P", symbols=["DE1=ALV.DE"])
    assert {row[3] for row in desk.booked()} == {"ALV.DE", "IL1", "US1"}
    desk.import_(text.replace("2024-06-04", "2024-06-05"), account="P")
    assert Counter(row[3] for row in desk.booked())["ALV.DE"] == 2
    with pytest.raises(UserError, match="does not say what is what"):
        desk.import_(text, account="P", symbols=["DE1"])


def test_a_file_of_several_accounts_makes_each_and_does_not_fit_into_one(desk: Desk) -> None:
    second = (
        FLEX.replace("U1", "U2")
        .replace("<FlexQueryResponse><FlexStatements>", "")
        .replace("</FlexStatements></FlexQueryResponse>", "")
    )
    both = FLEX.replace("</FlexStatements>", second + "</FlexStatements>")
    with pytest.raises(UserError, match=r"2 accounts \(U1, U2\)"):
        desk.import_(both, "f.xml", account="One")
    desk.import_(both, "f.xml")
    assert [row["account"] for row in desk.rows("accounts")] == ["U1", "U2"] and len(desk.booked()) == 2


def test_any_csv_is_read_by_its_columns_when_they_are_named(desk: Desk) -> None:
    text = "When;What;Paper;Pieces;Cost\n03.02.2024;Rein;ACME;1,5;30,00\n04.02.2024;Raus;ACME;-0,5;11,00\n"
    with pytest.raises(UserError, match="does not look like the export"):
        desk.import_(text)
    with pytest.raises(UserError, match="no column is its date"):
        desk.import_(text, broker="csv")
    columns = ["When=date", "What=kind", "Paper=symbol", "Pieces=quantity", "Cost=amount"]
    options = {"broker": "csv", "columns": columns, "words": ["Rein=buy"], "dates": "day", "currency": "eur", "account": "C"}
    shown = desk.import_(text, preview=True, **options)
    assert states(shown) == {"would be booked": 1, "not read": 1} and "'raus' is no kind" in shown.rows()[0]["reason"]
    assert any("When = date" in note for note in shown.notes)
    desk.import_(text, **options | {"words": ["Rein=buy", "Raus=sell"]})
    assert [(row[2], row[4], row[5], row[6]) for row in desk.booked()] == [
        ("buy", D("1.5"), D(-30), "EUR"),
        ("sell", D("-0.5"), D(11), "EUR"),
    ]


def test_a_long_file_is_booked_whole_and_shown_in_part(desk: Desk) -> None:
    header, _, sale, *_ = SCHWAB.splitlines()
    text = "\n".join([header, *(sale.replace("10.065", f"{size}") for size in range(10, 560))])
    table = desk.import_(text, account="L")
    assert len(desk.booked()) == 550 and states(table) == {"booked": 500}
    assert any(note.startswith("50 more bookings") for note in table.notes)
    assert states(desk.import_(text, account="L", full=True)) == {"known already": 550}


@pytest.mark.parametrize(
    "content",
    [b"", b"   \n", b"\0\1", b"PK\x03\x04", b"<html>", b"Date,Action\n", b'<!DOCTYPE a [<!ENTITY b "c">]><FlexStatement/>'],
)
def test_a_file_that_is_none_is_refused_in_one_sentence_and_leaves_nothing(desk: Desk, content: bytes) -> None:
    before = desk.everything()
    with pytest.raises(UserError) as refused:
        desk.import_(content, "strange.csv")
    assert "strange.csv" in refused.value.message and refused.value.hint and desk.everything() == before


def test_a_folder_a_missing_file_an_unknown_reader_and_an_odd_account_are_refused(desk: Desk, tmp_path: Path) -> None:
    for wrong in (tmp_path, tmp_path / "nothing.csv"):
        with pytest.raises(UserError):
            desk.app.run("portfolio.import", {"file": str(wrong)})
    with pytest.raises(UserError, match="no reader"):
        desk.import_(SCHWAB, broker="nobody")
    with pytest.raises(UserError, match="cannot be the name"):
        desk.import_(SCHWAB, account="a,b")
    with pytest.raises(UserError, match="time zone"):
        desk.import_(SCHWAB, zone="Mars/North")


def test_text_of_a_hostile_file_is_shown_without_its_control_signs(desk: Desk) -> None:
    evil = SCHWAB.replace("Something New", "\x1b[2J\u202eSomething").replace("TFR A BANK", "=cmd|'/c calc'!A0\x07")
    table = desk.import_(evil, account="E")
    shown = " ".join(str(value) for row in (*table.rows(), *desk.rows("unknown_lines")) for value in row.values())
    assert "\x1b" not in shown and "\u202e" not in shown and "\x07" not in shown
    from terminal.output import to_csv

    kept = desk.import_(SCHWAB.replace("Something New", "X").replace('"01/05/2023"', '=HYPERLINK("http://x")'), account="G")
    cells = [cell for line in to_csv(kept).splitlines() for cell in line.split(",")]
    assert any("HYPERLINK" in cell for cell in cells) and not any(cell.strip('"').startswith("=") for cell in cells)
    bad = desk.import_(SCHWAB.replace('"BND"', '"=1+1"'), account="F")
    huge = desk.import_(SCHWAB.replace("$738.81", "$" + "9" * 25), account="H")
    assert states(huge) == {"booked": 6, "not read": 2} and any("too large" in str(row["reason"]) for row in huge.rows())
    assert states(bad)["not read"] == 3 and any("is no symbol" in str(row["reason"]) for row in bad.rows())


@pytest.mark.real
@pytest.mark.slow
def test_every_real_export_is_imported_once(desk: Desk, shared: Path) -> None:
    files = sorted([*(shared / "payloads" / "market").glob("broker_*"), *(shared / "payloads" / "ibkr").glob("flex_*")])
    for file in files:
        one_account = {} if file.suffix == ".xml" else {"account": file.stem.replace(",", " ")[:50]}
        desk.app.run("portfolio.import", {"file": str(file), **one_account})
    before = desk.everything()
    assert len(desk.booked()) > 330
    for file in files:
        one_account = {} if file.suffix == ".xml" else {"account": file.stem.replace(",", " ")[:50]}
        desk.app.run("portfolio.import", {"file": str(file), **one_account})
    assert desk.everything() == before
