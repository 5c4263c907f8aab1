"""Flow end to end: what is planted in the demo market is found, judged and scored; recorded frames of a real feed; the panel."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from tests.domain.flow.made import frame, settings, trade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from terminal.app import App

SYMBOLS = ("SPY", "IWM")
DAYS = 25


@pytest.fixture(scope="module")
def opened(_demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    import shutil

    from terminal.app import App
    from terminal.paths import Home
    from tests.conftest import Clock

    folder = tmp_path_factory.mktemp("flow-truth") / "home"
    shutil.copytree(_demo_home, folder)
    app = App(Home(folder), demo=True, clock=Clock())
    app.run("options.flow_scan", {"symbols": SYMBOLS, "days": DAYS})
    yield app
    app.close()


@pytest.fixture(scope="module")
def planted(opened: App) -> dict[tuple[str, date], Any]:
    """What was planted in these symbols and sessions: contract and day to the trade and what became of it."""
    from terminal.providers.demo import DemoProvider
    from terminal.providers.demo.option_history import followed

    context = opened.context()
    made = DemoProvider(context.now, keep=context.home.cache(True)).options()
    days = set(made.tape.days[-DAYS:])
    found = (each for each in followed(made, DAYS) if each.flow.symbol in SYMBOLS and each.flow.day in days)
    return {(each.flow.contract, each.flow.day): each for each in found}


@pytest.mark.slow
def test_planted_flow_is_found_with_precision_and_recall(opened: App, planted: dict[tuple[str, date], Any]) -> None:
    table = opened.run("options.flow", {"symbols": SYMBOLS, "days": DAYS})
    flagged = {(contract, at.date()) for contract, at in table.frame.select("contract", "at").iter_rows()}
    worth = {key for key, each in planted.items() if each.flow.kind in ("opened", "passed")}
    decoys = {key for key, each in planted.items() if each.flow.kind == "decoy"}
    assert len(worth) >= 10 and len(decoys) >= 5
    recall, precision = len(flagged & worth) / len(worth), len(flagged & (worth | decoys)) / max(len(flagged), 1)
    exact = len(flagged & worth) / max(len(flagged), 1)
    assert recall == 1.0, f"{worth - flagged} are not found"
    assert exact >= 0.8, f"{flagged - worth} were not planted (with decoys {precision:.2f})"
    for row in table.rows():
        each = planted.get((row["contract"], date.fromisoformat(row["at"][:10])))
        if each is not None and each.flow.kind != "decoy":
            assert row["side"] == ("ask" if each.flow.bought else "bid") and row["size"] == each.flow.volume


@pytest.mark.slow
def test_the_next_morning_tells_what_stayed_open_from_what_was_passed_on(
    opened: App, planted: dict[tuple[str, date], Any]
) -> None:
    table = opened.run("options.flow_verdicts", {"symbols": SYMBOLS, "days": DAYS})
    said = Counter()
    events = opened.store.book.read("select id, contract, day from options.flow_events")
    kept = {row["id"]: (row["contract"], row["day"]) for row in events.to_dicts()}
    for row in table.rows():
        each = planted.get(kept[row["id"]])
        if each is not None and row["verdict"] in ("opened", "closed", "unclear"):
            assert row["after"] == each.next_open_interest
            said[each.flow.kind, row["verdict"]] += 1
    assert said["opened", "opened"] >= 6 and said["passed", "unclear"] >= 1
    wrong = {key: count for key, count in said.items() if key[0] in ("opened", "passed") and key not in (
        ("opened", "opened"), ("passed", "unclear"))}  # fmt: skip
    assert not wrong, wrong


@pytest.mark.slow
def test_the_scorecard_has_n_and_finds_no_edge_where_none_was_planted(opened: App) -> None:
    table = opened.run("options.flow_scorecard", {"symbols": SYMBOLS})
    rows = [row for row in table.rows() if row["n"]]
    assert {row["horizon"] for row in rows} == {1, 5, 20} and any("hindsight" in gap for gap in table.unknown)
    for row in rows:
        assert abs(row["shrunk"]) <= abs(row["beyond"]) and row["hit_low"] - 1e-9 <= row["hit_rate"] <= row["hit_high"] + 1e-9
        assert row["low"] is None or row["low"] <= row["beyond"] <= row["high"]
    assert any(row["option_median"] is not None for row in rows)


@pytest.mark.slow
def test_the_shell_answers_for_one_symbol_and_calls_it_what_it_is(typed: Callable[..., Any]) -> None:
    done = typed("options", "flow", "IWM", "--days", "2", "--recipe", "all", "--min-premium", "100000", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["rows"] and {row["found_in"] for row in answer["rows"]} == {"delayed snapshot anomaly"}
    assert all(source["simulated"] for source in answer["sources"]) and "delayed snapshots" in answer["notes"][0]
    assert "smart money" not in done.stdout.lower()
    assert all(row["premium"] >= 100_000 for row in answer["rows"])


def test_hidden_trades_are_found_among_many() -> None:
    """A feed of 6,000 ordinary prints with sweeps, blocks, spreads and repeated hits in it."""
    import random

    from terminal.domain.flow.detect import Detector

    chance = random.Random(5)
    rows, moment = [], 0.0
    for place in range(6000):
        moment += chance.random() * 20
        strike = chance.randrange(500, 700, 5)
        rows.append(trade(
            moment, id=str(place), contract=f"SPY261218C00{strike}000", strike=float(strike), exchange=chance.choice("ABCDEF"),
            size=chance.choice((1, 1, 1, 2, 3, 5, 8)), price=chance.choice((2.0, 2.05, 2.1)),
        ))  # fmt: skip
    hidden: dict[str, set[str]] = {"sweep": set(), "block": set(), "multileg": set()}
    for number in range(20):
        at, name = 2000 + number * 2500.0, f"SPY270115P00{400 + number * 5}000"
        put = {"contract": name, "expiry": date(2027, 1, 15), "right": "P", "strike": 400.0 + number * 5}
        kind = ("sweep", "block", "multileg")[number % 3]
        hidden[kind].add(name)
        if kind == "sweep":
            rows += [trade(at + n * 3, id=f"s{number}{n}", exchange=each, size=60, **put) for n, each in enumerate("ABCD")]
        elif kind == "block":
            rows.append(trade(at, id=f"b{number}", size=500, exchange="A", **put))
        else:
            other = {**put, "contract": name.replace("P0", "C0"), "right": "C"}
            rows += [trade(at, id=f"m{number}", size=100, **put), trade(at, id=f"n{number}", size=100, price=2.0, **other)]
    prints = frame(*sorted(rows, key=lambda row: row["at"]))
    detector = Detector(settings())
    found = pl.concat([detector.feed(prints), detector.finish()])
    for kind, names in hidden.items():
        told = set(found.filter(pl.col("tags").list.contains(kind))["contract"])
        told = {name.replace("C0", "P0") if name.startswith("SPY270115") else name for name in told}
        assert told >= names, f"{kind}: recall is not 1"
        assert len(names) / len(told) >= 0.85, f"{kind}: {told - names} came together by chance"


@pytest.mark.real
def test_recorded_frames_of_a_real_feed_become_events(shared: Path, home: Any, clock: Any) -> None:
    from terminal.app import App

    app = App(home, False, clock)
    try:
        folder = shared / "payloads" / "unusualwhales"
        trades = dict(app.run("options.flow_import", {"file": folder / "ws_optiontrades_a.jsonl"}).frame.iter_rows())
        assert trades["Trades"] == 9 and trades["New in the archive"] == 9, "the first frame acknowledges the join"
        kept = app.store.archive.trades("TSLA")
        assert kept.height == 9 and kept["bid"].null_count() == 0 and set(kept["conditions"]) <= {"auto", "slan", "mlet", "mlat"}
        app.run("options.flow_recipe_save", {"name": "any-alert", "rule": 'input == "alert"'})
        alerts = dict(app.run("options.flow_import", {"file": folder / "ws_flowalerts_a.jsonl"}).frame.iter_rows())
        assert alerts["Alerts"] == 9 and alerts["Flagged by recipes"] == 9
        rows = app.store.book.read('select * from options.flow_events order by "at"').to_dicts()
        assert {row["rule"] for row in rows} and all(row["input"] == "alert" for row in rows)
        first = rows[0]
        assert (first["symbol"], first["contract"], first["size"], first["premium"]) == ("JD", "JD250523P00034000", 341, 29326)
        assert first["side"] == "mid", "57 % of it at the ask is no side"
        assert rows[1]["side"] == "ask" and rows[1]["symbol"] == "AAPL" and rows[1]["legs_share"] == 0
    finally:
        app.close()
