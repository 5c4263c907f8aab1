"""Databento's files of option trades: written here by their own library, broken in several ways, and as recorded."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.flow.prints import OPTION_TRADES
from terminal.errors import UserError
from terminal.providers import databento

if TYPE_CHECKING:
    from pathlib import Path

dbn = pytest.importorskip("databento_dbn")

AT = int(datetime(2026, 11, 20, 15, 0, tzinfo=UTC).timestamp()) * 10**9
CALL, PUT = "ACME  261218C00012500", "SPXW  261218P06000000"


class Mapping:
    """What their library takes for one contract's number."""

    def __init__(self, raw: str, number: int, first: date = date(2026, 11, 20), last: date = date(2026, 11, 21)) -> None:
        self.raw_symbol = raw
        self.intervals = [type("Interval", (), {"start_date": first, "end_date": last, "symbol": str(number)})()]


def trade(number: int, sequence: int, price: float = 1.25, *, after: int = 0, **more: Any) -> bytes:
    fields = {
        "publisher_id": 23,
        "instrument_id": number,
        "ts_event": AT + after,
        "price": round(price * 10**9),
        "size": 3,
        "action": dbn.Action.TRADE,
        "side": dbn.Side.NONE,
        "depth": 0,
        "ts_recv": AT + after + 5,
        "sequence": sequence,
    }
    return bytes(dbn.TradeMsg(**{**fields, **more}))


def written(path: Path, *records: bytes, mappings: Any = None, dataset: str = "OPRA.PILLAR", schema: Any = None) -> Path:
    mappings = [Mapping(CALL, 7), Mapping(PUT, 8), Mapping("ACME1 261218C00012500", 9)] if mappings is None else mappings
    head = dbn.Metadata(
        dataset=dataset,
        start=AT,
        stype_in=dbn.SType.RAW_SYMBOL,
        stype_out=dbn.SType.INSTRUMENT_ID,
        schema=schema or dbn.Schema.TRADES,
        symbols=[each.raw_symbol for each in mappings],
        mappings=mappings,
    )
    path.write_bytes(bytes(head) + b"".join(records))
    return path


def read(path: Path) -> pl.DataFrame:
    found = databento.read_trades(path)
    assert OPTION_TRADES.validate(found).refused.is_empty()
    return found


def test_trades_are_read_with_their_contracts(tmp_path: Path) -> None:
    file = written(
        tmp_path / "a.dbn",
        trade(7, 1),
        trade(8, 2, 40.05, after=1_500_000),
        trade(9, 3),
        trade(99, 4),
        trade(7, 5, action=dbn.Action.CANCEL),
        trade(7, 6, price=-1.0),
    )
    first, second = read(file).to_dicts()
    assert first == {
        "id": f"23.7.{AT}.1",
        "source": "databento",
        "symbol": "ACME",
        "contract": "ACME261218C00012500",
        "expiry": date(2026, 12, 18),
        "strike": 12.5,
        "right": "C",
        "at": datetime(2026, 11, 20, 15, 0, tzinfo=UTC),
        "price": 1.25,
        "size": 3,
        "bid": None,
        "ask": None,
        "exchange": "EMLD",
        "conditions": None,
        "underlying_price": None,
        "iv": None,
        "delta": None,
        "volume": None,
        "open_interest": None,
    }
    assert (second["symbol"], second["contract"], second["strike"], second["price"]) == (
        "^SPX",
        "SPXW261218P06000000",
        6000,
        40.05,
    )
    assert second["at"] == datetime(2026, 11, 20, 15, 0, 0, 1500, tzinfo=UTC)


def test_two_trades_of_one_message_are_two(tmp_path: Path) -> None:
    found = read(written(tmp_path / "a.dbn", trade(7, 1), trade(7, 1), trade(7, 1)))
    assert found["id"].to_list() == [f"23.7.{AT}.1", f"23.7.{AT}.1.1", f"23.7.{AT}.1.2"]


def test_the_quote_beside_a_trade_is_taken_where_there_is_one(tmp_path: Path) -> None:
    def quoted(bid: int, ask: int) -> bytes:
        return bytes(
            dbn.MBP1Msg(
                23, 7, AT, 10**9, 3, dbn.Action.TRADE, dbn.Side.NONE, 0, AT, 0, 0, 1, dbn.BidAskPair(bid, ask, 1, 4, 0, 0)
            )
        )

    file = written(tmp_path / "a.dbn", quoted(950_000_000, 1_050_000_000), quoted(2**63 - 1, 2**63 - 1), schema=dbn.Schema.TBBO)
    assert read(file).select("bid", "ask").rows() == [(0.95, 1.05), (None, None)]


def test_a_number_may_stand_for_another_contract_on_another_day(tmp_path: Path) -> None:
    mappings = [Mapping(CALL, 7, date(2026, 11, 19), date(2026, 11, 20)), Mapping(PUT, 7)]
    day = 86_400 * 10**9
    file = written(tmp_path / "a.dbn", trade(7, 1, after=-day), trade(7, 2), trade(7, 3, after=day), mappings=mappings)
    assert read(file)["contract"].to_list() == ["ACME261218C00012500", "SPXW261218P06000000"]


def test_a_time_that_is_not_stated_is_that_of_receipt(tmp_path: Path) -> None:
    file = written(tmp_path / "a.dbn", trade(7, 1, ts_event=2**64 - 1), trade(7, 2, ts_event=2**64 - 1, ts_recv=2**64 - 1))
    assert read(file)["at"].to_list() == [datetime(2026, 11, 20, 15, 0, tzinfo=UTC)]


def test_a_large_file_comes_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databento, "PART", 1000)
    file = written(tmp_path / "a.dbn", *(trade(7, number, 1 + number / 100) for number in range(200)))
    parts = list(databento.option_trades(file))
    assert len(parts) > 5
    assert pl.concat(parts)["price"].to_list() == [pytest.approx(1 + number / 100) for number in range(200)]


def test_what_is_no_such_file_is_one_sentence(tmp_path: Path) -> None:
    good = written(tmp_path / "good.dbn", trade(7, 1), trade(7, 2)).read_bytes()
    broken = {
        "empty": b"",
        "text": b"symbol,price\nACME,1\n",
        "cut": good[:-20],
        "head alone": good[:40],
        "zstd": b"\x28\xb5\x2f\xfdxx",
    }
    for name, body in broken.items():
        (tmp_path / name).write_bytes(body)
        with pytest.raises(UserError, match="no whole file") as caught:
            pytest.fail(f"{name} was read: {read(tmp_path / name)}")
        assert caught.value.hint
    for other in ({"dataset": "XNAS.ITCH"}, {"schema": dbn.Schema.OHLCV_1D}):
        with pytest.raises(UserError, match="not option trades"):
            read(written(tmp_path / "other.dbn", **other))
    with pytest.raises(UserError, match="does not name the contracts"):
        read(written(tmp_path / "nameless.dbn", trade(7, 1), mappings=[]))
    for path in (tmp_path / "absent.dbn", tmp_path):
        with pytest.raises(UserError, match="cannot be read"):
            read(path)


def test_without_its_reader_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path / "a.dbn")
    monkeypatch.setitem(sys.modules, "databento_dbn", None)
    with pytest.raises(UserError, match="not installed") as caught:
        read(file)
    assert "tapeline[databento]" in caught.value.hint


@pytest.mark.real
def test_the_recorded_files_are_read(shared: Path) -> None:
    folder = shared / "payloads" / "databento"
    trades, quoted = (read(folder / f"OPRA.PILLAR_test_data.{name}.dbn.zst") for name in ("trades", "tbbo"))
    assert trades.height == quoted.height == 4
    assert trades.drop("bid", "ask").equals(quoted.drop("bid", "ask"))
    row = quoted.row(0, named=True)
    assert (row["contract"], row["price"], row["size"], row["bid"], row["ask"], row["exchange"]) == (
        "AAPL250221C00250000",
        0.24,
        1,
        0.24,
        0.25,
        "EMLD",
    )
    assert row["at"] == datetime(2025, 2, 20, 14, 30, 0, 817657, tzinfo=UTC)
    assert read(folder / "OPRA.PILLAR_test_data.mbp-1.dbn.zst").is_empty()  # changes of quotes before the opening
    for file in folder.glob("*.dbn.zst"):
        if file.name.partition("_")[0] != "OPRA.PILLAR" or "ohlcv" in file.name or "cbbo" in file.name:
            with pytest.raises(UserError, match="not option trades"):
                read(file)
