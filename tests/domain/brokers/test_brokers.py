"""Whose file it is; every broker's small file; hostile files; the real exports."""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal as D
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain import brokers
from terminal.domain.brokers import READERS, Parsed, Unreadable, detect, parse, reader
from terminal.domain.portfolio.transactions import Kind, problems
from tests.conftest import examples
from tests.domain.brokers.samples import (
    ACTIVITY,
    ALPACA,
    COINBASE,
    DEGIRO,
    DEGIRO_NEW,
    DEGIRO_TRANSACTIONS,
    FIDELITY,
    FILES,
    PARQET,
    REVOLUT,
    ROBINHOOD,
    SAXO,
    SCHWAB,
    TRADING212,
    TRADOVATE,
)

if TYPE_CHECKING:
    from pathlib import Path

# What of each file cannot be read, and why in a word.
UNKNOWN = {
    "schwab": "Something New",
    "robinhood": "ZZZ",
    "fidelity": "terms",
    "degiro": "Iets onbekends",
    "degiro-transactions": "quantity",
    "coinbase": "same id",
    "alpaca": "WHAT",
}


def told(parsed: Parsed) -> list[tuple[str, str | None, D | None, D]]:
    """Kind, symbol, quantity and amount of what is booked, in order."""
    return [(str(one.kind), one.symbol, one.quantity, one.amount) for one in parsed.transactions]


@pytest.mark.parametrize("broker", READERS)
def test_each_file_is_recognised_read_and_accounted_for(broker: str) -> None:
    text = FILES[broker]
    assert detect(text.encode(), "export") == broker
    parsed = parse(text.encode(), "export")
    assert parsed.broker == broker and parsed.transactions
    assert [line.reason for line in parsed.unknown if UNKNOWN.get(broker, "") not in line.reason] == []
    assert bool(parsed.unknown) == (broker in UNKNOWN)
    assert not [problem for one in parsed.transactions for problem in problems(one)]
    assert len({one.id for one in parsed.transactions}) == len(parsed.transactions)
    assert [one.at for one in parsed.transactions] == sorted(one.at for one in parsed.transactions)
    booked = {line for lines in parsed.lines.values() for line in lines}
    rest = {line.number for line in (*parsed.passed, *parsed.unknown)}
    assert set(parsed.lines) == {one.id for one in parsed.transactions}
    assert not booked & rest


@pytest.mark.parametrize("broker", READERS)
def test_a_file_that_breaks_off_anywhere_is_read_as_far_as_it_goes(broker: str) -> None:
    whole = {one.source_id: one for one in parse(FILES[broker], "x").transactions}
    for cut in range(0, len(FILES[broker]), max(1, len(FILES[broker]) // 25)):
        try:
            part = parse(FILES[broker][:cut], "x", broker)
        except Unreadable:
            continue
        assert sum(one.source_id not in whole for one in part.transactions) <= 3  # at most what the cut line told otherwise


@pytest.mark.parametrize("broker", READERS)
def test_the_wrong_brokers_file_is_refused_or_kept_as_unknown(broker: str) -> None:
    for other, text in FILES.items():
        if other == broker:
            continue
        with suppress(Unreadable):
            assert not parse(text, "x", broker).transactions


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"\0\1\2\3", b"PK\x03\x04", b"hello", b"a,b\n1,2\n", b"<html></html>", b"{}", b"[]"]
)
def test_what_is_nobodys_file_is_said_to_be_so(content: bytes) -> None:
    assert detect(content, "x.csv") is None
    with pytest.raises(Unreadable):
        parse(content, "x.csv")
    for broker in READERS:
        with suppress(Unreadable):
            assert not parse(content, "x", broker).transactions


@settings(max_examples=examples(150))
@given(st.sampled_from(READERS), st.data())
def test_a_file_with_a_cell_spoilt_is_read_without_a_fault(broker: str, data: st.DataObject) -> None:
    text = FILES[broker]
    at = data.draw(st.integers(0, len(text)))
    noise = data.draw(st.text(max_size=6))
    try:
        parsed = parse(text[:at] + noise + text[at + len(noise) :], "x", broker)
    except Unreadable:
        return
    assert not [problem for one in parsed.transactions for problem in problems(one)]


def test_schwab() -> None:
    parsed = parse(SCHWAB, "x")
    assert told(parsed) == [
        ("split", "AVG", D(9), D(0)),
        ("split", "TNX", D(-310), D(0)),
        ("deposit", None, None, D("980.65")),
        ("cover", "TSLA230317P00180000", D(2), D("-621.30")),
        ("interest", None, None, D("0.03")),
        ("sell", "BND", D("-10.065"), D("738.81")),
        ("buy", "BND", D(1045), D("-77098.95")),
    ]
    assert parsed.transactions[4].day.isoformat() == "2023-04-15"
    assert parsed.transactions[5].fees == D("0.01") and parsed.stated[0].value == D("-75999.46")


def test_schwab_checking() -> None:
    text = (
        '"Date","Status","Type","CheckNumber","Description","Withdrawal","Deposit","RunningBalance"\n'
        '"07/31/2022","Posted","INTADJUST","","Interest Paid","","$1.00","$2.00"\n'
        '"02/03/2022","Posted","ACH","","Electronic Withdrawal","$2.00","","$3.00"\n'
        '"02/04/2022","Pending","ACH","","Later","$2.00","","$3.00"\n'
    )
    parsed = parse(text, "Checking.csv")
    assert told(parsed) == [("withdrawal", None, None, D(-2)), ("interest", None, None, D(1))]
    assert [line.reason for line in parsed.passed] == ["not posted yet"]


def test_robinhood() -> None:
    assert told(parse(ROBINHOOD, "x")) == [
        ("dividend", "AAA", None, D("1.25")),
        ("deposit", None, None, D(500)),
        ("cover", "APL250627C00010000", D(3), D("-69.13")),
        ("expire", "APL250627C00010000", D(-2), D(0)),
        ("sell", "DNT", D(-111), D("475.33")),
    ]


def test_fidelity() -> None:
    parsed = parse(FIDELITY, "History_for_Account_X12.csv")
    assert told(parsed) == [
        ("deposit", None, None, D(1000)),
        ("dividend", "ACME", None, D("12.5")),
        ("short", "ACME240216C00025000", D(-1), D("49.32")),
        ("buy", "ACME", D(10), D("-201.02")),
    ]
    assert parsed.account == "X12" and parsed.transactions[-1].fees == D("1.02")
    assert [(each.key, each.value) for each in parsed.stated] == [("USD", D("798.98"))]


def test_trading212() -> None:
    parsed = parse(TRADING212, "x")
    assert told(parsed) == [
        ("deposit", None, None, D(31)),
        ("buy", "ACME", D("0.5"), D("-20.03")),
        ("sell", "LON", D(-2), D(10)),
        ("dividend", "ACME", None, D("0.10")),
        ("other", "PAL", D("11.05"), D(0)),
        ("split", "ISO", D(-30), D(0)),
    ]
    bought, sold = parsed.transactions[1:3]
    assert (bought.price, bought.fees, bought.currency) == (D(40), D("0.03"), "EUR")  # 50 USD at 1.25
    assert (sold.price, sold.currency) == (D(5), "GBP")  # 500 pence
    assert parsed.transactions[3].taxes == D("0.02") and parsed.transactions[5].ratio == D("0.25")


def test_degiros_list_of_transactions() -> None:
    first, second = parse(DEGIRO_TRANSACTIONS, "x").transactions
    assert (first.kind, first.symbol, first.quantity, first.price, first.amount, first.fees, first.currency) == (
        Kind.BUY, "US0000000001", 10, 47, -471, 1, "EUR")  # fmt: skip
    assert first.at.isoformat() == "2022-12-16T09:00:00+00:00"
    assert (second.kind, second.quantity, second.price, second.amount, second.fees) == (Kind.SELL, -3, D("20.5"), D("59.5"), 2)
    (new,) = parse(DEGIRO_NEW, "x").transactions
    assert (new.quantity, new.price, new.amount, new.fees, new.currency) == (10, 47, D("-473.18"), D("3.18"), "EUR")


def test_degiro() -> None:
    parsed = parse(DEGIRO, "x")
    assert sorted(told(parsed), key=str) == sorted(
        [
            ("tax", "US0000000001", None, D("-0.07")),
            ("deposit", None, None, D("27.80")),
            ("merger", "US4", D(-500), D(0)),
            ("sell", "GB0000000003", D(-4), D("19.84")),
            ("buy", "NL0000000002", D(1000), D("-2007.00")),
            ("fx", None, None, D("33.90")),
            ("fx", None, None, D("-31.91")),
            ("fee", "US0000000001", None, D("-1.00")),
            ("buy", "US0000000001", D(1), D("-33.90")),
        ],
        key=str,
    )
    found = {one.symbol: one for one in parsed.transactions if one.kind in {Kind.SELL, Kind.MERGER} or one.fees}
    assert found["GB0000000003"].price == D("4.96") and found["NL0000000002"].fees == D(2)
    assert found["NL0000000002"].price == D("2.005") and (found["US4"].other, found["US4"].ratio) == ("US5", D("0.5"))


def test_coinbase() -> None:
    parsed = parse(COINBASE, "x")
    assert told(parsed) == [
        ("buy", "BTC-USD", D("0.0016"), D("-70.00")),
        ("sell", "BTC-USD", D("-0.0036"), D("338.92")),
        ("buy", "XRP-USD", D("156.1"), D("-338.92")),
        ("transfer_out", "ETH-USD", D("-0.18"), D(0)),
        ("staking", "ETH-USD", D("0.000037835729"), D(0)),
    ]
    assert sum(one.amount for one in parsed.transactions) == D(-70)
    assert parsed.unknown[0].number == 8


def test_alpaca_takes_new_yorks_day_and_reads_csv_too() -> None:
    parsed = parse(ALPACA, "x")
    assert told(parsed) == [
        ("deposit", None, None, D(1000)),
        ("buy", "ACME", D(2), D("-41.0")),
        ("dividend", "ACME", None, D("1.02")),
    ]
    assert parsed.transactions[1].day.isoformat() == "2024-01-02" and parsed.unknown[0].number == 4
    text = "id,activity_type,transaction_time,price,qty,side,symbol\n1,FILL,2024-01-02T15:30:00Z,0.5,1,sell_short,ACME240119P00018000\n"  # noqa: E501
    assert told(parse(text, "x")) == [("short", "ACME240119P00018000", D(-1), D("50.0"))]


def test_saxo_parqet_revolut_tradovate() -> None:
    saxo = parse(SAXO, "x")
    assert [(one.symbol, one.amount, one.fees) for one in saxo.transactions if one.symbol] == [
        ("VWRA.L", D("-422.99"), D("3.77")),
        ("VUSA.AS", D("-220.02"), D(0)),
    ]
    assert told(parse(PARQET, "x")) == [
        ("dividend", "US1", None, D("7.09")),
        ("sell", "IL1", D(-14), D("331.96")),
        ("sell", "DE1", D(-6), D("1562.17")),
    ]
    revolut = parse(REVOLUT, "x")
    assert told(revolut) == [
        ("deposit", None, None, D("5.22")),
        ("split", "TSLA", D("0.16431924"), D(0)),
        ("buy", "MSFT", D("0.76672417"), D(-20)),
    ]
    assert len(revolut.passed) == 1
    (future,) = parse(TRADOVATE, "x").transactions
    assert (future.kind, future.amount, future.account) == (Kind.OTHER, D("-12.50"), "ACC1")


def test_the_activity_statement_follows_the_flex_statements_rules_and_states_its_totals() -> None:
    parsed = parse(ACTIVITY, "x")
    assert told(parsed) == [
        ("deposit", None, None, D(1000)),
        ("buy", "ACME", D(10), D(-201)),
        ("short", "ACME240119P00018000", D(-1), D("48.95")),
        ("fee", None, None, D("-548.95")),
        ("dividend", "ACME", None, D("9.5")),
    ]
    assert {(each.what, each.key, each.value) for each in parsed.stated} == {
        ("cash", "USD", D("308.5")),
        ("position", "ACME", D(10)),
    }
    assert (parsed.account, parsed.currency) == ("U55", "USD")
    assert sum(one.amount for one in parsed.transactions) == D("308.5")


def test_two_equal_trades_of_one_file_are_two_and_a_longer_file_repeats_them() -> None:
    header, *lines = SCHWAB.splitlines()
    trade, later = lines[1], lines[0]
    once, twice = (parse("\n".join([header, *[trade] * count]), "x").transactions for count in (1, 2))
    assert once[0].source_id in {one.source_id for one in twice}
    assert len({one.source_id for one in twice}) == 2
    longer = parse("\n".join([header, later, trade, trade]), "x").transactions
    assert {one.source_id for one in twice} < {one.source_id for one in longer}


@settings(max_examples=examples(60))
@given(st.sampled_from(["saxo", "parqet", "revolut", "tradovate"]), st.data())
def test_any_windows_of_a_history_together_are_the_history(broker: str, data: st.DataObject) -> None:
    header, *lines = FILES[broker].splitlines()
    whole = {one.source_id: one for one in parse(FILES[broker], "x").transactions}
    cut, overlap = data.draw(st.integers(0, len(lines))), data.draw(st.integers(0, len(lines)))
    late, early = lines[: cut + overlap], lines[cut:]
    parts = [parse("\n".join([header, *part]), "x", broker).transactions for part in (late, early)]
    assert {one.source_id for part in parts for one in part} == set(whole)
    shuffled = data.draw(st.permutations(lines))
    assert {one.source_id for one in parse("\n".join([header, *shuffled]), "x", broker).transactions} == set(whole)


def test_readers_are_named() -> None:
    assert {reader(broker).ID for broker in READERS} == set(READERS) and all(reader(broker).TITLE for broker in READERS)
    with pytest.raises(KeyError):
        brokers.parse("x", "x", "nobody")


@pytest.mark.real
def test_every_real_export_is_booked_or_says_which_line_it_cannot_read(shared: Path) -> None:
    files = [*(shared / "payloads" / "market").glob("broker_*"), *(shared / "payloads" / "ibkr").glob("flex_*")]
    assert len(files) >= 27
    refused: dict[str, list[int]] = {}
    for file in files:
        parsed = parse(file.read_bytes(), file.name)
        assert parsed.transactions or parsed.unknown, file.name
        assert all(line.number > 0 and line.reason for line in parsed.unknown), file.name
        assert not [problem for one in parsed.transactions for problem in problems(one)], file.name
        if parsed.unknown:
            refused[file.name] = [line.number for line in parsed.unknown]
        again = parse(file.read_bytes(), file.name)
        assert again == parsed, file.name
    assert refused == {
        "broker_coinbase-export.csv": [9],  # the id of the line before, with other contents
        "broker_ibkr-trades-export.csv": [10, 11, 12],  # currencies that are not named
        "flex_testIBFlexStatementFile13.xml": [6],  # a contract for difference
    }


@pytest.mark.real
def test_real_flex_trades_add_up_to_the_brokers_net_cash(shared: Path) -> None:
    for file in (shared / "payloads" / "ibkr").glob("flex_*"):
        stated = [
            D(found)
            for tag in re.findall(r"<Trade [^>]*>", file.read_text("utf-8"))
            if 'assetCategory="CASH"' not in tag and 'assetCategory="CFD"' not in tag
            for found in re.findall(r' netCash="([^"]+)"', tag)
        ]
        booked = [
            one.amount
            for one in parse(file.read_bytes(), file.name).transactions
            if one.quantity is not None and one.kind in {Kind.BUY, Kind.SELL, Kind.SHORT, Kind.COVER, Kind.ASSIGN}
        ]
        if stated and len(stated) == len(booked):
            assert sum(stated) == sum(booked), file.name


@pytest.mark.real
def test_a_real_account_comes_to_the_gain_its_broker_states(shared: Path) -> None:
    """Eleven purchases, a tender one for one and a cash merger: the broker's fifoPnlRealized of the last is 2358 CAD."""
    from terminal.domain.portfolio.lots import replay

    content = (shared / "payloads" / "ibkr" / "flex_testIBFlexStatementFile01.xml").read_bytes()
    assert b'fifoPnlRealized="2358"' in content
    positions = replay(parse(content, "f.xml").transactions)
    assert sum(closing.gain or 0 for closing in positions.closings if closing.symbol == "UUU.TEN2") == 2358
    assert next(quantity for (_, symbol), quantity in positions.quantities().items() if symbol == "GCM") == 480
