"""The SEC: versions of figures, quarters worked out of years, clocks that lie, and the days of past results."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import stamina

from terminal.domain.schemas import DATASETS
from terminal.errors import BadPayload, ProviderError, Unavailable
from terminal.providers import sec_facts, sec_forms, sec_json, sec_parse, sec_tags
from terminal.providers.base import Answer, Request, quiet
from terminal.providers.sec import SecProvider
from terminal.providers.service import Surroundings
from terminal.store import Store
from tests.providers.loopback import Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.store.market import MarketStore

PAYLOADS = Path(__file__).parent / "payloads" / "sec"
LONG_AGO = date(2000, 1, 1)


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_bytes())


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture(autouse=True)
def _once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture
def make(server: Loopback, clock: Any, tmp_path: Path) -> Iterator[Any]:
    server.clear()
    made: list[SecProvider] = []

    def build(contact: str = "", base: str = server.url) -> SecProvider:
        around = Surroundings(lambda: base, lambda: None, clock, tmp_path, 1.0, lambda name: contact if name == "contact" else "")
        made.append(SecProvider(around))
        return made[-1]

    yield build
    for each in made:
        each.close()


@pytest.fixture
def told(server: Loopback) -> Loopback:
    """The SEC with two companies."""
    names = ("company_tickers", "submissions_CIK0001234567", "submissions_CIK0007654321", "companyfacts_CIK0001234567")
    server.say({f"/{name.replace('submissions_', 'submissions/').replace('companyfacts_', 'companyfacts/')}.json": payload(name)
                for name in names})  # fmt: skip
    return server


def ask(provider: SecProvider, dataset: str, *symbols: str, start: date | None = None) -> list[Answer]:
    answers = list(provider.fetch(Request(dataset, symbols, start), quiet))
    for answer in answers:
        assert DATASETS[answer.dataset].validate(answer.frame).refused.is_empty()
    return answers


def facts(since: date | None = None) -> list[pl.DataFrame]:
    return sec_facts.parse_facts(payload("companyfacts_CIK0001234567"), "ACME", since=since)


def of(frame: pl.DataFrame, item: str, period: str) -> list[tuple[Any, ...]]:
    rows = frame.filter((pl.col("item") == item) & (pl.col("period") == period)).sort("period_end")
    return rows.select("period_end", "value", "form").rows()


# -- company facts -------------------------------------------------------------------------------------------------


def test_quarters_that_are_not_filed_are_the_year_to_date_less_what_was_before() -> None:
    first = facts()[0]
    assert of(first, "revenue", "Q") == [
        (date(2025, 3, 31), 200, "10-Q"), (date(2025, 6, 30), 250, "10-Q"), (date(2025, 9, 30), 270, "10-Q"),
        (date(2025, 12, 31), 280, "10-K derived"), (date(2026, 3, 31), 300, "10-Q")]  # fmt: skip
    assert of(first, "operating_cash_flow", "Q") == [
        (date(2025, 3, 31), 20, "10-Q"), (date(2025, 6, 30), 35, "10-Q derived"), (date(2025, 9, 30), 40, "10-Q derived"),
        (date(2025, 12, 31), 55, "10-K derived")]  # fmt: skip
    assert of(first, "revenue", "A") == [(date(2024, 12, 31), 900, "10-K"), (date(2025, 12, 31), 1000, "10-K")]


def test_a_quarters_profit_per_share_is_its_profit_over_its_own_mean_of_shares() -> None:
    first = facts()[0]
    # 100 less 60 over four times 9.9 million less three times 10; plain subtraction would say 4.10.
    assert of(first, "eps_basic", "Q") == [(date(2025, 12, 31), 4.17, "10-K derived")]
    assert first.filter(pl.col("item") == "eps_basic")["unit"].unique().to_list() == ["USD"]


def test_earnings_per_share_are_not_derived_over_a_split_or_from_what_does_not_fit() -> None:
    fourth = date(2025, 12, 31)
    assert fourth not in [row[0] for row in of(facts()[0], "eps_diluted", "Q")]  # ten for one in between
    for broken in ({"val": 12.0}, {"val": 0}):
        whole = payload("companyfacts_CIK0001234567")
        means = whole["facts"]["us-gaap"]["WeightedAverageNumberOfSharesOutstandingBasic"]["units"]["shares"]
        means[-1].update(broken)
        assert not of(sec_facts.parse_facts(whole, "ACME")[0], "eps_basic", "Q")


def test_a_restated_figure_is_a_later_version_and_a_rounded_one_is_none() -> None:
    first, later = facts()
    assert later.select("item", "period", "period_end", "value").sort("period_end", "period").rows() == [
        ("revenue", "A", date(2024, 12, 31), 880.0), ("revenue", "Q", date(2025, 3, 31), 190.0)]  # fmt: skip
    assert later["filed_at"].sort().to_list() == [utc(2026, 2, 20, 22, 30), utc(2026, 5, 1, 21, 30)]
    assert of(first, "total_assets", "Q") == [
        (date(2024, 12, 31), 5000, "10-K"), (date(2025, 12, 31), 6000, "10-K"), (date(2026, 3, 31), 6100, "10-Q")]  # fmt: skip


def test_a_balance_of_a_fiscal_year_end_is_also_the_years() -> None:
    first = facts()[0]
    assert of(first, "total_assets", "A") == [(date(2024, 12, 31), 5000, "10-K"), (date(2025, 12, 31), 6000, "10-K")]


def test_a_sum_counts_only_where_one_filing_states_every_part() -> None:
    assert of(facts()[0], "total_debt", "Q") == [(date(2025, 12, 31), 750, "10-K")]


def test_shares_come_from_the_cover_page_where_the_balance_sheet_has_none() -> None:
    first = facts()[0]
    assert of(first, "shares_outstanding", "Q") == [
        (date(2025, 12, 31), 100, "10-K cover"),
        (date(2026, 3, 31), 99, "10-Q cover"),
    ]
    assert of(first, "shares_outstanding_now", "P") == [(date(2026, 2, 10), 100, "10-K"), (date(2026, 4, 25), 99, "10-Q")]


def test_a_figure_has_its_own_fiscal_year_not_that_of_the_filing() -> None:
    first = facts()[0].filter(pl.col("item") == "revenue").sort("period", "period_end")
    assert first.select("period", "fiscal_year", "fiscal_quarter").rows() == [
        ("A", 2024, None), ("A", 2025, None), ("Q", 2025, 1), ("Q", 2025, 2), ("Q", 2025, 3), ("Q", 2025, 4),
        ("Q", 2026, 1)]  # fmt: skip


def test_versions_before_a_day_are_left_out_unless_they_are_the_newest() -> None:
    (only,) = facts(date(2026, 3, 1))
    assert of(only, "revenue", "A") == [(date(2024, 12, 31), 880, "10-K"), (date(2025, 12, 31), 1000, "10-K")]
    assert of(only, "revenue", "Q")[0] == (date(2025, 3, 31), 190, "10-Q")


def test_facts_of_somebody_else_are_refused() -> None:
    with pytest.raises(BadPayload, match="Acme Corp under the number kept for APPLE"):
        sec_facts.parse_facts(payload("companyfacts_CIK0001234567"), "APPLE", "APPLE")


def test_every_item_belongs_to_the_schema() -> None:
    from terminal.domain.schemas import BALANCE_ITEMS, FLOW_ITEMS, POINT_ITEMS

    assert set(sec_tags.FLOWS) <= set(FLOW_ITEMS)
    assert set(sec_tags.BALANCES) <= set(BALANCE_ITEMS)
    assert set(sec_tags.ITEMS) <= {*FLOW_ITEMS, *BALANCE_ITEMS, *POINT_ITEMS}


# -- the past as it was known --------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path, clock: Any) -> Iterator[MarketStore]:
    opened = Store(
        tmp_path / "market.duckdb", tmp_path / "book.duckdb", tmp_path / "backups", clock=clock, publish=lambda *_: None
    )
    yield opened.market
    opened.close()


def known(store: MarketStore, symbol: str, item: str, period: str, end: date, day: date | None = None) -> float | None:
    rows = store.read("facts", [symbol], as_of=day).filter(
        (pl.col("item") == item) & (pl.col("period") == period) & (pl.col("period_end") == end)
    )
    return None if rows.is_empty() else rows["value"].item()


def test_each_day_sees_what_was_filed_by_then_also_after_asking_again(told: Loopback, make: Any, store: MarketStore) -> None:
    provider = make()
    for _ in range(2):
        for answer in ask(provider, "facts", "ACME"):
            store.save("facts", answer.frame, answer.fetch)
        quarter = ("ACME", "revenue", "Q", date(2025, 3, 31))
        assert known(store, *quarter, date(2025, 4, 30)) is None
        assert known(store, *quarter, date(2025, 5, 1)) == 200
        assert known(store, *quarter, date(2026, 4, 30)) == 200
        assert known(store, *quarter, date(2026, 5, 1)) == 190
        assert known(store, *quarter) == 190
        assert known(store, "ACME", "revenue", "Q", date(2025, 12, 31), date(2026, 2, 19)) is None
        assert known(store, "ACME", "revenue", "Q", date(2025, 12, 31), date(2026, 2, 20)) == 280
    versions = store.database.read("select count(*) as n from facts_superseded where item = 'revenue'")
    assert versions["n"].item() == 2


# -- submissions ---------------------------------------------------------------------------------------------------


def test_an_answer_on_new_yorks_clock() -> None:
    found = sec_parse.parse_submissions(payload("submissions_CIK0001234567"), "ACME", 1234567, LONG_AGO)
    rows = {row["accession"][-2:]: row for row in found.filings.to_dicts()}
    assert rows["13"]["filed_at"] == utc(2026, 11, 5, 21, 5, 12)
    assert rows["09"]["filed_at"] == utc(2026, 8, 6, 13, 15)
    assert rows["13"]["items"] == "2.02,9.01"
    assert rows["13"]["url"] == "https://www.sec.gov/Archives/edgar/data/1234567/000123456726000013/acme-20261105.htm"
    assert rows["14"]["period_end"] == date(2026, 9, 30)
    assert rows["14"]["items"] is None
    assert rows["07"]["title"] == "Results"


def test_the_last_of_several_before_the_report_is_the_result_and_a_late_filing_has_no_hour() -> None:
    found = sec_parse.parse_submissions(payload("submissions_CIK0001234567"), "ACME", 1234567, LONG_AGO)
    assert found.earnings.sort("date").select("date", "time_of_day", "period_end", "confirmed").rows() == [
        (date(2026, 5, 7), "bmo", date(2026, 3, 31), True),  # its event day, the period's end, is a mistake
        (date(2026, 8, 4), None, date(2026, 6, 30), True),  # filed two days after the release
        (date(2026, 11, 5), "amc", date(2026, 9, 30), True)]  # fmt: skip


def test_an_answer_on_utc() -> None:
    found = sec_parse.parse_submissions(payload("submissions_CIK0007654321"), "BIG-B", 7654321, LONG_AGO)
    rows = {row["accession"][-2:]: row["filed_at"] for row in found.filings.to_dicts()}
    assert rows["05"] == utc(2026, 11, 19, 1, 10)  # 20:10 of the day before in New York
    assert found.earnings.sort("date").select("date", "time_of_day").rows() == [
        (date(2026, 1, 28), "amc"), (date(2026, 10, 28), "amc")]  # fmt: skip
    (instrument,) = found.instrument.to_dicts()
    assert (instrument["kind"], instrument["exchange"], instrument["country"]) == ("stock", "NYSE", "United States")


def rows(*filings: tuple[str, str, str]) -> dict[str, list[str]]:
    return {name: [each[at] for each in filings] for at, name in enumerate(("acceptanceDateTime", "filingDate", "form"))}


@pytest.mark.parametrize(("filings", "former", "clock"), [
    ([("2026-06-01T15:00:00.000Z", "2026-06-01", "8-K")], [], "unknown"),
    ([("2026-06-01T15:00:00.000Z", "2026-06-01", "8-K")], [{"from": "2001-01-05T05:00:00.000Z"}], "utc"),
    ([("2026-06-01T15:00:00.000Z", "2026-06-01", "8-K")], [{"from": "2001-01-05T00:00:00.000Z", "to": None}], "new york"),
    ([("2026-06-01T20:15:00.000Z", "2026-06-01", "8-K")], [], "utc"),
    ([("2026-06-01T18:15:00.000Z", "2026-06-02", "8-K")], [], "new york"),
    ([("2026-06-01T07:15:00.000Z", "2026-06-01", "10-Q")], [], "new york"),
    ([("2026-06-02T00:15:00.000Z", "2026-06-01", "4")], [], "utc"),
    ([("1999-06-02T00:00:00.000Z", "1999-06-02", "10-Q")], [], "unknown"),
    ([], [], "unknown"),
])  # fmt: skip
def test_which_clock_an_answer_uses(filings: list[tuple[str, str, str]], former: list[dict[str, str]], clock: str) -> None:
    assert sec_parse.clock_of(rows(*filings), former) == clock


def test_an_undecided_clock_takes_the_later_moment_and_tells_no_hour() -> None:
    whole = payload("submissions_CIK0007654321")
    recent = whole["filings"]["recent"]
    whole["filings"]["recent"] = {name: [recent[name][1], recent[name][3]] for name in recent}
    whole["filings"]["recent"]["acceptanceDateTime"] = ["2026-10-29T12:00:00.000Z", "2026-01-28T15:05:00.000Z"]
    found = sec_parse.parse_submissions(whole, "BIG-B", 7654321, LONG_AGO)
    assert found.filings["filed_at"].to_list() == [utc(2026, 10, 29, 16), utc(2026, 1, 28, 20, 5)]
    assert found.earnings["time_of_day"].null_count() == found.earnings.height


def test_filings_of_somebody_else_or_of_columns_that_differ_in_length_are_refused() -> None:
    whole = payload("submissions_CIK0001234567")
    for cik, name in ((1, ""), (1234567, "APPLE")):
        with pytest.raises(BadPayload, match="Acme Corp when asked for AAPL"):
            sec_parse.parse_submissions(whole, "AAPL", cik, LONG_AGO, name)
    whole["filings"]["recent"]["items"].pop()
    with pytest.raises(ValueError, match="shorter"):
        sec_parse.parse_submissions(whole, "ACME", 1234567, LONG_AGO)


@pytest.mark.parametrize(("form", "items", "said", "title"), [
    ("8-K", "2.02,5.02,9.01", "8-K", "Results; change among directors or officers"), ("8-K", "9.01", "8-K", "Report of an event"),
    ("8-K/A", "4.02", None, "Earlier statements are not reliable, amended"), ("10-Q/A", "", "", "Quarterly report, amended"),
    ("4", "", "FORM 4", "Trade of an insider"), ("N-PX", "", "Votes", "Votes"), ("N-PX/A", "", None, "N-PX/A"),
])  # fmt: skip
def test_a_filing_has_a_title_in_words(form: str, items: str, said: str | None, title: str) -> None:
    assert sec_forms.title(form, items, said) == title


# -- large answers -------------------------------------------------------------------------------------------------


def large() -> bytes:
    return (
        b" " * sec_json.SMALL
        + json.dumps({"a": {'b\\"': {"c": {"d": [1, 2.5, None]}, "e": "}"}, "f": {}}, "g": True}, indent=1).encode()
    )


def test_a_large_answer_decoded_in_pieces_is_the_same() -> None:
    assert sec_json.read_in_pieces(large(), "X") == json.loads(large())
    small = (PAYLOADS / "companyfacts_CIK0001234567.json").read_bytes()
    assert sec_json.read_in_pieces(small, "X") == json.loads(small)


def test_a_large_answer_that_breaks_off_anywhere_is_refused() -> None:
    whole = large()
    for end in range(sec_json.SMALL, len(whole)):
        with pytest.raises(BadPayload):
            sec_json.read_in_pieces(whole[:end], "X")
    for bad in (
        whole + b"}",
        whole + b"x",
        whole.replace(b":", b";", 1),
        b"<" * sec_json.SMALL,
        b"\xff" + whole,
        whole + b"\xff",
    ):
        with pytest.raises(BadPayload):
            sec_json.read_in_pieces(bad, "X")


# -- the provider --------------------------------------------------------------------------------------------------


def test_the_asked_answer_is_last_and_the_list_is_read_once(told: Loopback, make: Any) -> None:
    provider = make()
    earnings, filings = ask(provider, "filings", "ACME")
    assert [earnings.dataset, filings.dataset] == ["earnings", "filings"]
    assert filings.fetch.as_of == utc(2026, 11, 12, 23, 10)
    assert [answer.dataset for answer in ask(provider, "earnings", "BIG-B")] == ["filings", "earnings"]
    assert [answer.dataset for answer in ask(provider, "instruments", "ACME")] == ["instruments"]
    assert [answer.fetch.endpoint for answer in ask(provider, "facts", "ACME")] == ["companyfacts", "companyfacts, restated"]
    assert [each.path for each in told.asked].count("/files/company_tickers.json") == 1
    (only,) = [each for each in ask(provider, "filings", "ACME", start=date(2026, 11, 10)) if each.dataset == "filings"]
    assert only.frame["accession"].str.slice(-2).to_list() == ["14"]


def test_who_asks_is_said_and_can_be_changed(told: Loopback, make: Any) -> None:
    ask(make(), "filings", "ACME")
    assert {each.headers["User-Agent"] for each in told.asked} == {"Tapeline research terminal"}
    told.clear()
    ask(make("Jane Doe\njane@example.com"), "filings", "ACME")
    assert {each.headers["User-Agent"] for each in told.asked} == {"Tapeline Jane Doe jane@example.com"}


def test_who_is_not_at_the_sec_is_missing(told: Loopback, make: Any) -> None:
    answers = ask(make(), "facts", "NOBODY", "^VIX", "BIG-B")
    assert [answer.missing for answer in answers] == [("NOBODY",), ("^VIX",), ("BIG-B",)]  # the last has no facts: 404


def test_a_refusal_says_to_name_oneself(server: Loopback, make: Any) -> None:
    server.say({"/": Reply(b"<html>Undeclared Automated Tool</html>", 403)})
    with pytest.raises(Unavailable) as caught:
        ask(make(), "facts", "ACME")
    assert "providers.sec.contact" in caught.value.sentence()
    assert caught.value.fetch.http_status == 403  # type: ignore[attr-defined]
    with pytest.raises(Unavailable) as caught:
        ask(make("jane@example.com"), "facts", "ACME")
    assert "providers.sec.contact" not in caught.value.sentence()


def test_without_the_list_the_largest_are_known_and_it_is_not_asked_for_again_at_once(
    server: Loopback, make: Any, clock: Any
) -> None:
    wrong = payload("companyfacts_CIK0001234567")
    server.say({"CIK0000320193": wrong | {"entityName": "Apple Inc."}, "CIK0000789019": wrong, "/files/": Reply(b"", 503)})
    provider = make()
    assert ask(provider, "facts", "AAPL")[0].frame["symbol"].unique().to_list() == ["AAPL"]
    with pytest.raises(BadPayload, match="Acme Corp under the number kept for MSFT"):
        ask(provider, "facts", "MSFT")
    for _ in range(2):
        with pytest.raises(Unavailable, match="HTTP 503") as caught:
            ask(provider, "facts", "ACME")
        assert caught.value.hint
        assert caught.value.fetch.endpoint == "company_tickers"  # type: ignore[attr-defined]
    assert [each.path for each in server.asked].count("/files/company_tickers.json") == 1
    clock.now = clock.now.replace(hour=23)
    server.say({"/files/": payload("company_tickers"), "companyfacts/CIK0001234567": wrong})
    assert ask(provider, "facts", "ACME")[0].frame.height


# -- recorded answers ----------------------------------------------------------------------------------------------


@pytest.fixture
def recorded(replay: Any, make: Any) -> SecProvider:
    provider: SecProvider = make("test@example.com", f"{replay.url}/sec")
    return provider


@pytest.mark.real
def test_apples_recorded_figures(recorded: SecProvider, store: MarketStore) -> None:
    answers = ask(recorded, "facts", "AAPL")
    for answer in answers:
        store.save("facts", answer.frame, answer.fetch)
    year = ("AAPL", "revenue", "A", date(2025, 9, 27))
    assert known(store, *year, date(2025, 10, 30)) is None
    assert known(store, *year, date(2025, 10, 31)) == 416_161_000_000
    assert known(store, "AAPL", "revenue", "Q", date(2025, 9, 27)) == 416_161_000_000 - 313_695_000_000
    assert known(store, "AAPL", "net_income", "Q", date(2025, 12, 27)) == 42_097_000_000
    assert known(store, "AAPL", "eps_diluted", "Q", date(2025, 12, 27)) == 2.84
    # Apple's own releases say 1.85, 0.97 and 1.46 for the fourth quarters; the year less nine months would say 1.84.
    fourth = [known(store, "AAPL", "eps_diluted", "Q", end) for end in (date(2025, 9, 27), date(2024, 9, 28), date(2023, 9, 30))]
    assert fourth == [1.85, 0.97, 1.46]
    # The year to September 2019 was 11.89 a share when it was filed; four for one in August 2020 made it 2.97.
    earlier = ("AAPL", "eps_diluted", "A", date(2019, 9, 28))
    assert known(store, *earlier, date(2020, 1, 31)) == 11.89
    assert known(store, *earlier, date(2021, 1, 31)) == 2.97
    four = [known(store, "AAPL", "operating_cash_flow", "Q", end) for end in (
        date(2024, 12, 28), date(2025, 3, 29), date(2025, 6, 28), date(2025, 9, 27))]  # fmt: skip
    assert sum(value or 0.0 for value in four) == known(store, "AAPL", "operating_cash_flow", "A", date(2025, 9, 27))
    newest = pl.concat([answer.frame for answer in answers]).filter(
        (pl.col("item") == "revenue") & (pl.col("period_end") == date(2025, 12, 27))
    )
    assert newest.select("fiscal_year", "fiscal_quarter", "unit").row(0) == (2026, 1, "USD")


@pytest.mark.real
def test_alphabets_restatement_and_marvells_fiscal_year(recorded: SecProvider) -> None:
    first, later, *_ = (answer.frame for answer in ask(recorded, "facts", "GOOGL"))
    quarters = (pl.col("item") == "operating_income") & (pl.col("period") == "Q")
    fourth = {year: quarters & (pl.col("period_end") == date(year, 12, 31)) for year in (2017, 2018)}
    assert first.filter(fourth[2018]).select("value", "form").row(0) == (8_203_000_000, "10-K derived")
    assert later.filter(fourth[2018]).select("value", "form").row(0) == (8_221_000_000, "10-K derived")
    # 2017 was restated in February 2020, its nine months were not: no quarter may bear the difference.
    assert first.filter(fourth[2017]).height == 1
    assert later.filter(fourth[2017]).is_empty()
    marvell = ask(recorded, "facts", "MRVL")[0].frame.filter((pl.col("item") == "revenue") & (pl.col("period") == "Q"))
    told = {row["period_end"]: (row["fiscal_year"], row["fiscal_quarter"]) for row in marvell.to_dicts()}
    assert told[date(2026, 1, 31)] == (2026, 4)
    assert told[date(2026, 5, 2)] == (2027, 1)


@pytest.mark.real
def test_the_recorded_days_of_results_are_the_true_ones_on_either_clock(recorded: SecProvider) -> None:
    by_symbol = {symbol: ask(recorded, "earnings", symbol, start=date(2024, 1, 1))[-1].frame for symbol in ("AAPL", "TSLA")}
    assert by_symbol["AAPL"].sort("date").tail(4).select("date", "time_of_day").rows() == [
        (date(2025, 5, 1), "amc"), (date(2025, 7, 31), "amc"), (date(2025, 10, 30), "amc"),
        (date(2026, 1, 29), "amc")]  # fmt: skip
    # Tesla files its deliveries under the same item in the first days of a quarter.
    assert by_symbol["TSLA"].sort("date").tail(5).select("date", "time_of_day", "period_end").rows() == [
        (date(2025, 1, 29), "amc", date(2024, 12, 31)), (date(2025, 4, 22), "amc", date(2025, 3, 31)),
        (date(2025, 7, 23), "amc", date(2025, 6, 30)), (date(2025, 10, 22), "amc", date(2025, 9, 30)),
        (date(2026, 1, 28), "amc", date(2025, 12, 31))]  # fmt: skip


@pytest.mark.real
def test_apples_recorded_filing_is_told_as_its_own_header_tells_it(recorded: SecProvider, shared: Path) -> None:
    filings = ask(recorded, "filings", "AAPL", start=date(2022, 1, 1))[-1].frame
    header = (shared / "payloads/sec/1462356_000032019322000061_0000320193-22-000061.xml").read_text(encoding="utf-8")
    assert "<ACCEPTANCE-DATETIME>20220506183057" in header  # New York's clock, written 18:30:57Z in the recorded submissions
    told = filings.filter(pl.col("accession") == "0000320193-22-000061")
    assert told["filed_at"].item() == utc(2022, 5, 6, 22, 30, 57)


@pytest.mark.real
@pytest.mark.parametrize("kind", ["status", "html", "empty", "truncate", "garbage", "drop"])
def test_no_fault_brings_a_fact(recorded: SecProvider, replay: Any, kind: str) -> None:
    replay.fault(provider="sec", match="companyfacts", kind=kind, status=500, times=9)
    with pytest.raises(ProviderError) as caught:
        ask(recorded, "facts", "AAPL")
    assert caught.value.fetch.status == "error"  # type: ignore[attr-defined]
