"""The commands over a filled demo market: what they answer, what they refuse, what they remember."""

from __future__ import annotations

from datetime import date

import pytest

from terminal.api import UserError


def test_the_tearsheet_of_the_demo_market(app) -> None:  # one market for all: opening it takes a second
    table = app.run("tearsheet.show", {"symbol": "spy"})
    assert table.simulated
    assert table.title.startswith("SPY · ")
    assert table.detail["sheet"].kind == "etf"
    stock = app.market.scored().frame.filter(kind="stock").sort("market_cap", descending=True)["symbol"][0]
    sheet = app.run("tearsheet.show", {"symbol": stock}).detail["sheet"]
    screened = app.market.scored().frame.filter(symbol=stock).row(0, named=True)
    for figure in sheet.figures:
        if figure.section in ("price", "core") and figure.value is not None:
            assert figure.value == screened[figure.term], "the same number as in the screener"
            assert figure.source is not None
    assert sheet.explanation.verdict == screened["verdict"]

    gates = app.run("tearsheet.gates", {"symbol": stock}).frame
    assert set(gates["part"].str.split(":").list.first()) <= {"gate", "check", "flag"}
    assert app.run("tearsheet.risks", {"symbol": stock}).frame["impact"].drop_nulls().is_sorted(descending=True)
    peers = app.run("tearsheet.peers", {"symbol": stock}).frame
    assert peers["symbol"][0] == stock and peers["symbol"][-1] == "median"

    first = app.run("tearsheet.changes", {"symbol": stock})
    assert "Last look" in " ".join(first.notes)
    assert first.frame.is_empty()
    never = app.run("tearsheet.changes", {"symbol": "QQQ"})
    assert "not looked at QQQ" in " ".join(never.notes)

    dcf = {row["title"]: row for row in app.run("tearsheet.dcf", {"symbol": stock, "wacc": 0.1, "growth": 0.05}).rows()}
    if dcf["Value per share"]["value"] is not None:
        assert (dcf["wacc"]["value"], dcf["wacc"]["origin"]) == (0.1, "provided")
        assert dcf["WACC 0.1000, growth 0.0500"]["value"] == pytest.approx(dcf["Value per share"]["value"])

    past = app.run("tearsheet.show", {"symbol": stock}, as_of=date(2026, 6, 1))
    assert past.detail["sheet"].as_of == date(2026, 6, 1)
    assert all(row["as_of"] is None or row["as_of"] <= "2026-06-01" for row in past.rows())

    key = next(each.key for each in sheet.thresholds if each.flips_at is not None)
    flip = next(each for each in sheet.thresholds if each.key == key)
    tried = app.run("tearsheet.sensitivity", {"symbol": stock, "set": (f"{key}={flip.flips_at}",)})
    assert tried.detail["explanation"].verdict == flip.verdict

    for arguments, words in (
        ({"symbol": "NOPE"}, "Nothing is known about NOPE"),
        ({"symbol": "a b"}, "not a symbol"),
        ({"symbol": stock, "section": ("rsk",)}, "no section called 'rsk'"),
    ):
        with pytest.raises(UserError, match=words):
            app.run("tearsheet.show", arguments)
    for bad, words in (
        ("stock.gates.nothing=1", "no threshold"),
        ("stock.gates.roe", "not KEY=NUMBER"),
        ("a=b", "not KEY=NUMBER"),
    ):
        with pytest.raises(UserError, match=words):
            app.run("tearsheet.sensitivity", {"symbol": stock, "set": (bad,)})
    with pytest.raises(UserError, match="ears"):
        app.run("tearsheet.dcf", {"symbol": stock, "years": 3, "fade_years": 9})
    with pytest.raises(UserError, match="Nothing was asked for"):
        app.run("tearsheet.export", {"symbol": stock})


@pytest.mark.slow
def test_a_command_by_itself_does_not_count_as_a_look(app) -> None:
    app.run("tearsheet.show", {"symbol": "SPY"}, by_hand=False)
    app.run("tearsheet.show", {"symbol": "SPY"}, as_of=date(2026, 6, 1))
    app.run("tearsheet.show", {"symbol": "SPY", "remember": False})
    assert app.store.book.last_look("SPY") is None
    app.run("tearsheet.show", {"symbol": "SPY"})
    assert app.store.book.last_look("SPY") is not None


def test_exports_are_the_same_bytes_again(app, tmp_path) -> None:
    files = [tmp_path / name for name in ("a.pdf", "a.csv", "b.pdf", "b.csv")]
    app.run("tearsheet.export", {"symbol": "SPY", "pdf": files[0], "csv": files[1]})
    app.run("tearsheet.show", {"symbol": "SPY"})
    app.run("tearsheet.export", {"symbol": "SPY", "pdf": files[2], "csv": files[3]})
    assert files[0].read_bytes() == files[2].read_bytes()
    assert files[1].read_bytes() == files[3].read_bytes()
    assert files[0].read_bytes().startswith(b"%PDF")
