"""`tearsheet show AAPL` against recorded answers of the real service: every number is the payload's, nothing is invented."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest

from terminal.paths import Home
from terminal.settings import Settings

pytestmark = pytest.mark.real
QUOTE_FIELDS = {"previous_close": "regularMarketPreviousClose", "open": "regularMarketOpen", "high": "regularMarketDayHigh",
                "low": "regularMarketDayLow", "volume": "regularMarketVolume", "price": "regularMarketPrice"}


@pytest.fixture(autouse=True)
def _chains_from_one(tmp_path: Any) -> None:
    """Yahoo's chains take a request an expiry, at its pace: they are proved elsewhere."""
    (tmp_path / "H").mkdir()
    Settings(Home(tmp_path / "H")).set("providers.order.chains", "cboe")


def numbers(value: Any) -> set[float]:
    """Every number anywhere in a payload."""
    if isinstance(value, dict):
        return set().union(*(numbers(inner) for inner in value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*(numbers(inner) for inner in value)) if value else set()
    return {float(value)} if isinstance(value, (int, float)) and not isinstance(value, bool) else set()


def test_show_and_export_of_a_real_company(run_cli: Any, replay: Any, shared: Any, tmp_path: Any) -> None:
    surroundings = {"TAPELINE_YAHOO_URL": f"{replay.url}/yahoo"}
    shown = run_cli("--home", "H", "tearsheet", "show", "AAPL", "--json", env=surroundings)
    assert shown.returncode == 0, shown.stderr
    answer = json.loads(shown.stdout)
    assert answer["title"] == "AAPL · Apple Inc."
    files = {line["file"] for line in replay.log() if line["file"]}
    recorded: set[float] = set()
    for name in files:
        path = shared / name if (shared / name).is_file() else next(shared.rglob(str(name).rpartition("/")[2]))
        if path.suffix == ".json":
            recorded |= numbers(json.loads(path.read_text(encoding="utf-8")))
    stated = [row for row in answer["rows"] if row["formula"] == "as stated by the source" and row["value"] is not None]
    assert len(stated) >= 40
    for row in stated:
        assert row["provider"] == "yahoo"
        assert answer["sources"][row["source"]]["provider"] == "yahoo"
        value = row["value"]
        known = {value, -value, value * 100}  # outlays are positive with us; debt to equity comes in per cent
        assert any(abs(one - other) <= 1e-9 * max(1.0, abs(other)) for one in known for other in recorded), row
    for row in answer["rows"]:
        assert (row["value"] is None) or row["source"] is not None, row
    assert not any(source["simulated"] for source in answer["sources"])
    by_term = {row["term"]: row for row in answer["rows"] if row["section"] in ("core", "decision", "valuation")}
    for term in ("revenue_ttm", "free_cash_flow_ttm", "roic", "operating_margin", "revenue_growth_1y", "net_debt_ebitda"):
        assert by_term[term]["as_of"] == "2024-12-31", "the end of the newest statement, not the day of the look"
    for term in ("verdict", "score", "dcf_value", "dcf_gap"):
        assert by_term[term]["as_of"] in (None, "2025-02-21"), "our own figures speak about the day of the price"
    low, value, high = (by_term[term]["value"] for term in ("dcf_low", "dcf_value", "dcf_high"))
    assert 80 < low < value < high < 300, "a sober value of a company that traded at 246"

    exported = run_cli("--home", "H", "tearsheet", "export", "AAPL", "--pdf", "a.pdf", "--csv", "a.csv", env=surroundings)
    assert exported.returncode == 0, exported.stderr
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        lines = {(line["section"], line["term"]): line for line in csv.DictReader(file)}
    for row in stated:
        assert float(lines[row["section"], row["term"]]["value"]) == row["value"]
        assert lines[row["section"], row["term"]]["as_of"] == (row["as_of"] or "")
        assert lines[row["section"], row["term"]]["provider"] == "yahoo"


def test_an_unknown_symbol_is_one_sentence(run_cli: Any, replay: Any) -> None:
    found = run_cli("--home", "H", "tearsheet", "show", "ZZZZQ", "--json", env={"TAPELINE_YAHOO_URL": f"{replay.url}/yahoo"})
    assert found.returncode == 1
    assert "Nothing is known about ZZZZQ" in found.stderr
    assert "Traceback" not in found.stderr
    assert found.stdout == ""


def test_a_service_that_fails_is_told_and_nothing_is_made_up(run_cli: Any, replay: Any) -> None:
    replay.fault(provider="yahoo", kind="html", times=1000)
    found = run_cli("--home", "H", "tearsheet", "show", "AAPL", "--json", env={"TAPELINE_YAHOO_URL": f"{replay.url}/yahoo"})
    assert found.returncode == 1
    assert "AAPL" in found.stderr and "Traceback" not in found.stderr


def test_a_file_of_real_companies_gets_verdicts_with_reasons(run_cli: Any, shared: Any) -> None:
    """Sixteen columns of some 300 companies: most are judged, none is a Strong Buy, what lacks is named."""
    file = next(shared.rglob("sp500_fundamentals.csv"))
    assert run_cli("--home", "H", "market", "import", str(file), "--as", "fundamentals").returncode == 0
    found = run_cli("--home", "H", "screener", "run", "--preset", "all", "--json")
    assert found.returncode == 0, found.stderr
    rows = {row["symbol"]: row for row in json.loads(found.stdout)["rows"]}
    assert len(rows) >= 300
    verdicts = [row["verdict"] for row in rows.values()]
    share = {name: verdicts.count(name) / len(verdicts) for name in set(verdicts)}
    assert set(share) == {"Buy", "Hold", "Avoid", "Unknown"}, "never a Strong Buy on so little"
    assert share["Unknown"] < 0.10 and 0.08 < share["Buy"] < 0.30 and 0.10 < share["Avoid"] < 0.35
    for row in rows.values():
        judged = row["verdict"] != "Unknown"
        assert ("Few inputs known" in row["flags"]) == judged, row
        assert 0 <= row["coverage"] < 0.6
        assert ("nothing on" in row["why"] and "growth" in row["why"]) or "must be known" in row["why"], row
    assert rows["TSLA"]["verdict"] == "Avoid" and "Earnings yield 0.3" in rows["TSLA"]["why"]
    assert rows["AES"]["verdict"] == "Hold", "nobody knows the debt of a utility here"
    assert {"JPM", "AAPL", "DUK"} <= {symbol for symbol, row in rows.items() if row["verdict"] in ("Hold", "Buy")}
