"""Interactive Brokers' Flex statements, on statements of the same shape."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest

from terminal.domain.brokers import Parsed, Unreadable, flex
from terminal.domain.portfolio.transactions import Kind


def statement(*elements: str, account: str = "U77", currency: str = "EUR") -> str:
    body = "\n".join(elements)
    return (
        f'<FlexQueryResponse queryName="q" type="AF">\n<FlexStatements count="1">\n<FlexStatement accountId="{account}">\n'
        f'<AccountInformation currency="{currency}" />\n{body}\n</FlexStatement>\n</FlexStatements>\n</FlexQueryResponse>\n'
    )


def trade(**given: str) -> str:
    cells = {
        "assetCategory": "STK",
        "symbol": "ACME",
        "currency": "USD",
        "fxRateToBase": "0.9",
        "dateTime": "20240115;093000",
        "tradeDate": "20240115",
        "quantity": "10",
        "tradePrice": "20",
        "proceeds": "-200",
        "ibCommission": "-1",
        "taxes": "0",
        "ibCommissionCurrency": "USD",
        "netCash": "-201",
        "buySell": "BUY",
        "transactionID": "1",
        "levelOfDetail": "EXECUTION",
        "multiplier": "1",
        **given,
    }
    return "<Trade " + " ".join(f'{key}="{value}"' for key, value in cells.items() if value) + " />"


def read(*elements: str, **more: str) -> Parsed:
    return flex.parse(statement(*elements, **more), "f.xml")


def test_a_purchase_with_its_commission_in_new_yorks_time() -> None:
    parsed = read(trade())
    (one,) = parsed.transactions
    assert (one.kind, one.symbol, one.quantity, one.price, one.amount, one.fees) == (
        Kind.BUY,
        "ACME",
        D(10),
        D(20),
        D(-201),
        D(1),
    )
    assert (one.at, one.day, one.fx_rate) == (datetime(2024, 1, 15, 14, 30, tzinfo=UTC), date(2024, 1, 15), D("0.9"))
    assert (one.source_id, parsed.account, parsed.currency, parsed.lines[one.id]) == ("ibkr-flex:T1", "U77", "EUR", (5,))


def test_a_commission_in_another_currency_is_a_booking_of_its_own() -> None:
    parsed = read(trade(ibCommissionCurrency="EUR", netCash=""))
    assert [(one.kind, one.amount, one.currency) for one in parsed.transactions] == [
        (Kind.BUY, D(-200), "USD"),
        (Kind.FEE, D(-1), "EUR"),
    ]


def test_where_the_query_left_out_price_and_proceeds_the_cost_gives_them() -> None:
    (one,) = read(trade(tradePrice="", proceeds="", netCash="", cost="201")).transactions
    assert (one.amount, one.price) == (D(-201), D(20))


def test_an_option_is_opened_short_and_assigned() -> None:
    option = {
        "assetCategory": "OPT",
        "symbol": "ACME  240119P00018000",
        "underlyingSymbol": "ACME",
        "multiplier": "100",
        "strike": "18",
        "expiry": "20240119",
        "putCall": "P",
    }
    parsed = read(
        trade(**option, quantity="-1", tradePrice="0.5", proceeds="50", netCash="49", openCloseIndicator="O", buySell="SELL"),
        trade(
            **option,
            quantity="1",
            tradePrice="0",
            proceeds="-0",
            netCash="0",
            ibCommission="0",
            openCloseIndicator="C",
            notes="A;P",
            transactionType="BookTrade",
            transactionID="2",
            dateTime="20240119;162000",
            tradeDate="20240119",
        ),
        trade(
            quantity="100",
            tradePrice="18",
            proceeds="-1800",
            netCash="-1800",
            ibCommission="0",
            notes="A",
            transactionID="3",
            transactionType="BookTrade",
            dateTime="20240119;162000",
            tradeDate="20240119",
        ),
    )
    short, assigned, shares = parsed.transactions
    assert (short.kind, short.quantity, short.amount, short.symbol) == (Kind.SHORT, D(-1), D(49), "ACME240119P00018000")
    assert short.option and short.option.multiplier == 100
    assert (assigned.kind, assigned.quantity, assigned.amount, assigned.price) == (Kind.ASSIGN, D(1), D(0), None)
    assert (shares.kind, shares.quantity, shares.amount) == (Kind.BUY, D(100), D(-1800)) and "assignment" in shares.note


def test_currencies_are_two_bookings_and_a_cancelled_trade_none() -> None:
    fx = {
        "assetCategory": "CASH",
        "symbol": "EUR.USD",
        "quantity": "-100",
        "tradePrice": "1.1",
        "proceeds": "110",
        "netCash": "0",
    }
    parsed = read(
        trade(**fx, transactionID="1"),
        trade(
            **fx | {"quantity": "100", "proceeds": "-110"},
            buySell="SELL (Ca.)",
            transactionType="TradeCancel",
            origTransactionID="1",
            transactionID="2",
        ),
        trade(**fx | {"quantity": "-101", "proceeds": "111.1"}, transactionID="3", ibCommission="-2"),
    )
    assert [(one.kind, one.amount, one.currency) for one in parsed.transactions] == [
        (Kind.FX, D(-101), "EUR"),
        (Kind.FX, D("111.1"), "USD"),
        (Kind.FEE, D(-2), "USD"),
    ]
    assert len(parsed.passed) == 2 and all("cancel" in line.reason for line in parsed.passed)
    (lost,) = read(trade(transactionType="TradeCancel", origTransactionID="9")).unknown
    assert "cancels the trade 9" in lost.reason


def test_corporate_actions_are_put_together_again() -> None:
    def action(symbol: str, quantity: str, described: str, proceeds: str = "0") -> str:
        return (
            f'<CorporateAction assetCategory="STK" currency="CAD" symbol="{symbol}" quantity="{quantity}" proceeds="{proceeds}" '
            f'dateTime="2013-06-17, 20:25:00" reportDate="2013-06-18" description="{described} ({symbol}, X, CA000)" />'
        )

    parsed = read(
        action("GC", "480", "GC(CA1) SPLIT 1 FOR 25"),
        action("GC.OLD", "-12000", "GC(CA1) SPLIT 1 FOR 25"),
        action("UU", "-10", "UU(CA2) TENDERED TO CA3 1 FOR 1"),
        action("UU.TEN", "10", "UU(CA2) TENDERED TO CA3 1 FOR 1"),
        action("UU.TEN", "-10", "UU.TEN(CA3) MERGED FOR CAD 2.86 PER SHARE", "28.6"),
        action("NEW", "5", "BIG(US1) SPINOFF 1 FOR 4"),
    )
    found = {(one.kind, one.symbol): one for one in parsed.transactions}
    assert found[Kind.SPLIT, "GC"].quantity == -11520 and found[Kind.SPLIT, "GC"].ratio == D("0.04")
    assert (found[Kind.MERGER, "UU"].other, found[Kind.MERGER, "UU"].ratio) == ("UU.TEN", 1)
    assert found[Kind.MERGER, "UU.TEN"].amount == D("28.6")
    assert found[Kind.SPINOFF, "NEW"].other == "BIG" and not parsed.unknown


def test_cash_totals_and_sections_that_tell_it_again() -> None:
    parsed = read(
        '<CashTransaction type="Dividends" amount="9.5" currency="USD" symbol="ACME" dateTime="20240301;202000" transactionID="7" '  # noqa: E501
        'levelOfDetail="DETAIL" />',
        '<CashTransaction type="Dividends" amount="9.5" currency="USD" symbol="ACME" dateTime="20240301" levelOfDetail="SUMMARY" />',  # noqa: E501
        '<CashTransaction type="Withholding Tax" amount="-1.4" currency="USD" symbol="ACME" dateTime="20240301" transactionID="8" />',  # noqa: E501
        '<CashTransaction type="Deposits/Withdrawals" amount="1000" currency="EUR" dateTime="20240102" transactionID="9" />',
        '<CashTransaction type="Something New" amount="1" currency="EUR" dateTime="20240102" transactionID="10" />',
        '<SalesTax date="20240302" salesTax="-0.3" currency="USD" taxType="VAT" transactionID="11" />',
        '<OpenPosition symbol="ACME" assetCategory="STK" position="10" reportDate="20240331" levelOfDetail="SUMMARY" />',
        '<CashReportCurrency currency="USD" endingCash="7.8" startingCash="0" fromDate="20240101" toDate="20240331" />',
        '<StatementOfFundsLine amount="9.5" activityCode="DIV" />',
        '<Mystery value="1" />',
    )
    assert {(one.kind, one.amount) for one in parsed.transactions} == {
        (Kind.DEPOSIT, D(1000)),
        (Kind.DIVIDEND, D("9.5")),
        (Kind.TAX, D("-1.4")),
        (Kind.TAX, D("-0.3")),
    }
    assert [line.reason for line in parsed.unknown] == [
        "nothing is known of cash of the type 'Something New'",
        "nothing is known of the section Mystery",
    ]
    assert {(each.what, each.key, each.value) for each in parsed.stated} == {
        ("position", "ACME", D(10)),
        ("cash", "USD", D("7.8")),
    }
    assert len(parsed.passed) == 4


def test_two_equal_lines_without_an_id_are_two_and_the_same_file_gives_the_same_ids() -> None:
    fee = '<CashTransaction type="Other Fees" amount="-1.34" currency="EUR" dateTime="20200103;175942" description="X" />'
    first, second = read(fee, fee).transactions
    assert first.source_id != second.source_id
    assert [one.source_id for one in read(fee, fee).transactions] == [first.source_id, second.source_id]
    assert read(trade(), fee).transactions[0].source_id == first.source_id


def test_what_is_settled_by_margin_is_said_and_not_booked() -> None:
    parsed = read(trade(assetCategory="FUT", symbol="ESZ4"), trade(assetCategory="CFD", transactionID="2"))
    assert not parsed.transactions and ["margin" in line.reason for line in parsed.unknown] == [True, True]
    assert 'symbol="ESZ4"' in parsed.unknown[0].text and parsed.unknown[0].number == 5


@pytest.mark.parametrize(
    "hostile",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><FlexQueryResponse><FlexStatement accountId="&a;"/></FlexQueryResponse>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><FlexQueryResponse/>',
        "<FlexQueryResponse>" + "<a>" * 100 + "</a>" * 100 + "</FlexQueryResponse>",
        "<FlexQueryResponse",
        "<FlexQueryResponse></FlexQueryResponse>",
    ],
)
def test_xml_that_declares_anything_or_is_none_is_refused(hostile: str) -> None:
    with pytest.raises(Unreadable):
        flex.parse(hostile, "f.xml")


def test_a_file_that_breaks_off_gives_what_is_whole_and_says_where_it_ends() -> None:
    whole = statement(trade(), trade(transactionID="2"))
    parsed = flex.parse(whole[: whole.index('transactionID="2"')], "f.xml")
    assert [one.source_id for one in parsed.transactions] == ["ibkr-flex:T1"]
    assert "breaks off" in parsed.unknown[0].reason and parsed.unknown[0].number >= 6


def test_trades_as_csv_follow_the_same_rules_and_a_trade_without_a_name_is_unknown() -> None:
    text = (
        '"Buy/Sell","TradeDate","ISIN","Quantity","TradePrice","TradeMoney","CurrencyPrimary","IBCommission","IBCommissionCurrency"\n'
        '"BUY","20230522","US0000000001","95","93.78","8909.1","USD","-1","USD"\n'
        '"SELL","20230522","","-8000","1.1173","-8938.4","USD","-1.8","CHF"\n'
    )
    parsed = flex.parse(text, "t.csv")
    assert [(one.symbol, one.amount, one.fees) for one in parsed.transactions] == [("US0000000001", D("-8910.1"), D(1))]
    assert parsed.unknown[0].number == 3 and "neither symbol nor ISIN" in parsed.unknown[0].reason
