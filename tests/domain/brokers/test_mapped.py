"""Any CSV by its columns: what is guessed, what the user says, what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest

from terminal.domain.brokers import Parsed, Unreadable, mapped
from terminal.domain.brokers.mapped import Mapped, guess
from terminal.domain.portfolio.transactions import Kind


def told(parsed: Parsed) -> list[tuple[str, str | None, D | None, D | None, D]]:
    return [(str(one.kind), one.symbol, one.quantity, one.price, one.amount) for one in parsed.transactions]


def test_usual_columns_are_understood_at_once() -> None:
    text = (
        "Trade Date,Action,Ticker,Qty,Price,Commission,Net Amount,Currency,Description\n"
        '2024-01-15 09:30:00,Bought,ACME,"1,000",20.5,1.00,"-20,501.00",USD,a\n'
        "2024-01-16,Sold Short,XYZ240119C00012500,1,0.50,0.65,49.35,USD,b\n"
        "2024-01-17,Cash Dividend,ACME,,,,12.50,USD,c\n"
        "2024-01-18,Fee,,,,,3.00,USD,d\n"
        "2024-01-19,Stock Split,ACME,1000,,,,USD,e\n"
        "2024-01-20,Sell,ACME,5,21,0.5,,USD,f\n"
    )
    parsed = mapped.parse(text, "x.csv")
    assert told(parsed) == [
        ("buy", "ACME", D(1000), D("20.5"), D(-20501)),
        ("short", "XYZ240119C00012500", D(-1), D("0.50"), D("49.35")),
        ("dividend", "ACME", None, None, D("12.50")),
        ("fee", None, None, None, D("-3.00")),
        ("split", "ACME", D(1000), None, D(0)),
        ("sell", "ACME", D(-5), D(21), D("104.5")),
    ]
    first = parsed.transactions[0]
    assert (first.at, first.fees, first.note) == (datetime(2024, 1, 15, 9, 30, tzinfo=UTC), D(1), "a")
    assert parsed.transactions[1].option is not None and parsed.transactions[1].instrument == "option"
    assert not parsed.unknown and "Trade Date = date" in parsed.notes[0]


def test_without_a_word_the_sign_of_the_quantity_decides() -> None:
    parsed = mapped.parse("Date,Symbol,Shares,Price\n2024-01-15,ACME,3,10\n2024-01-16,ACME,-1,12\n", "x")
    assert told(parsed) == [("buy", "ACME", D(3), D(10), D(-30)), ("sell", "ACME", D(-1), D(12), D(12))]


def test_decimal_commas_and_days_first_are_found_out() -> None:
    text = "Datum;Typ;ISIN;Anzahl;Kurs;Betrag;Währung\n15.01.2024;Kauf;DE0001;1,5;20,10;30,15;EUR\n03.02.2024;Verkauf;DE0001;1,5;1.020,10;1.530,15;EUR\n"  # noqa: E501
    parsed = mapped.parse(text, "x")
    assert told(parsed) == [
        ("buy", "DE0001", D("1.5"), D("20.10"), D("-30.15")),
        ("sell", "DE0001", D("-1.5"), D("1020.10"), D("1530.15")),
    ]
    assert parsed.transactions[1].day == date(2024, 2, 3)


def test_dates_that_leave_it_open_are_said_to_and_may_be_settled() -> None:
    text = "Date,Type,Symbol,Quantity,Price\n03/04/2024,Buy,ACME,1,10\n"
    parsed = mapped.parse(text, "x")
    assert parsed.transactions[0].day == date(2024, 3, 4) and any("month" in note for note in parsed.notes)
    assert mapped.parse(text, "x", Mapped(dates="day")).transactions[0].day == date(2024, 4, 3)


def test_what_the_user_says_comes_before_what_is_guessed() -> None:
    assert guess(("Date", "Amount", "Total"), {"Total": "amount", "Amount": ""}) == {"Date": "date", "Total": "amount"}
    text = "Date,Type,Symbol,Quantity,Price,Zone time\n2024-07-15,Gimme,ACME,1,10,09:30\n"
    (one,) = mapped.parse(
        text, "x", Mapped({"Zone time": "time"}, {"gimme": "buy"}, zone="America/New_York", currency="CAD")
    ).transactions
    assert (one.kind, one.at, one.currency) == (Kind.BUY, datetime(2024, 7, 15, 13, 30, tzinfo=UTC), "CAD")


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        (Mapped({"Nothing": "date"}), "names the columns"),
        (Mapped({"Date": "nothing"}), "is no field"),
        (Mapped(words={"x": "nothing"}), "no kind of transaction"),
        (Mapped({"Date": ""}), "no column is its date"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(mapping: Mapped, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        mapped.parse("Date,Type,Symbol,Quantity,Price\n2024-01-15,Buy,ACME,1,10\n", "x", mapping)


def test_lines_that_cannot_be_read_say_why() -> None:
    text = "Date,Type,Symbol,Quantity,Price,Amount\nsoon,Buy,ACME,1,10,\n2024-01-15,Dance,ACME,1,10,\n2024-01-15,Buy,ACME,x,10,\n2024-01-15,Buy,ACME,1,,\n2024-01-15,,,,,\n2024-01-15,Buy,,1,10,\n"  # noqa: E501
    parsed = mapped.parse(text, "x")
    assert not parsed.transactions and [line.number for line in parsed.unknown] == [2, 3, 4, 5, 6, 7]
    assert (
        "'soon' is no date" in parsed.unknown[0].reason
        and "'dance'" in parsed.unknown[1].reason
        and "quantity" in parsed.unknown[2].reason
    )
