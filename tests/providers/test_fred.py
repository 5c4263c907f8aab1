"""FRED: each value with its day of publication, and a key that is nowhere to be seen."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import stamina

from terminal.domain.schemas import DATASETS
from terminal.errors import BadPayload, NeedsKey, ProviderError
from terminal.providers import fred_parse as parse
from terminal.providers.base import Answer, Request, quiet
from terminal.providers.fred import FredProvider
from terminal.providers.service import Surroundings
from tests.providers.loopback import Asked, Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYLOADS = Path(__file__).parent / "payloads" / "fred"
KEY = "abcdef0123456789abcdef0123456789"
TODAY = date(2026, 11, 20)


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_bytes())


@pytest.fixture(autouse=True)
def _once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def provider(server: Loopback, clock: Any, tmp_path: Path) -> Iterator[FredProvider]:
    server.clear()
    made = FredProvider(Surroundings(lambda: server.url, lambda: KEY, clock, tmp_path, 1.0))
    made.spacing = 0.0
    yield made
    made.close()


def ask(provider: FredProvider, *symbols: str, start: date | None = None, end: date | None = None) -> list[Answer]:
    answers = list(provider.fetch(Request("macro", symbols, start, end), quiet))
    for answer in answers:
        assert DATASETS["macro"].validate(answer.frame).refused.is_empty()
    return answers


def daily(asked: Asked) -> Any:
    return payload(f"observations_DGS10_{asked.query['realtime_start'][:4]}")


def test_a_revised_value_keeps_both_publications_and_a_point_is_unknown(server: Loopback, provider: FredProvider) -> None:
    server.say({"observations": payload("observations_UNRATE")})
    (answer,) = ask(provider, "UNRATE")
    assert answer.frame.select("date", "published_on", "value").rows() == [
        (date(2026, 8, 1), date(2026, 9, 4), 4.3), (date(2026, 8, 1), date(2026, 10, 2), 4.4),
        (date(2026, 9, 1), date(2026, 10, 2), 4.4)]  # fmt: skip
    assert answer.frame["unit"].unique().to_list() == ["percent"]
    (asked,) = server.asked
    assert asked.query["realtime_start"] == "1776-07-04"
    assert asked.query["realtime_end"] == "9999-12-31"


def test_a_daily_series_is_asked_for_in_the_same_stretches_whenever_it_is(server: Loopback, provider: FredProvider) -> None:
    server.say({"observations": daily})
    (answer,) = ask(provider, "DGS10")
    assert [(each.query["realtime_start"], each.query["realtime_end"]) for each in server.asked] == [
        ("2020-01-01", "2024-12-31"), ("2025-01-01", "9999-12-31")]  # fmt: skip
    # The value of 30 December stands in both answers: its true day of publication is in the first.
    assert answer.frame.select("date", "published_on", "value").rows() == [
        (date(2024, 12, 30), date(2024, 12, 31), 4.1), (date(2024, 12, 31), date(2025, 1, 2), 4.12),
        (date(2026, 11, 18), date(2026, 11, 19), -0.05)]  # fmt: skip
    assert answer.fetch.symbol == "DGS10"


@pytest.mark.parametrize(
    ("start", "years"), [(None, [2020, 2025]), (date(2026, 1, 1), [2025]), (date(2012, 5, 1), [2010, 2015, 2020, 2025])]
)
def test_stretches(start: date | None, years: list[int]) -> None:
    made = parse.stretches(parse.SERIES["VIXCLS"], start, TODAY)
    assert [each.first.year for each in made] == years
    assert made[0].observed_from == made[0].first
    assert all(each.observed_from == date(each.first.year - 1, 11, 1) for each in made[1:])
    # At most 2,000 publications fit into one request.
    assert all((each.last.year - each.first.year + 1) * 262 < 2000 for each in made[:-1])


def test_without_names_the_programs_own_series_are_asked_for(server: Loopback, provider: FredProvider) -> None:
    server.say({"observations": payload("observations_UNRATE")})
    answers = ask(provider, start=date(2026, 1, 1))
    assert [answer.fetch.symbol for answer in answers] == [
        "DGS10", "DGS1MO", "DGS3MO", "DGS6MO", "DGS1", "DGS2", "T10Y2Y", "T10Y3M",
        "BAMLH0A0HYM2", "VIXCLS", "FEDFUNDS", "CPIAUCSL", "UNRATE"]  # fmt: skip


def test_a_series_we_do_not_know_is_described_by_fred(server: Loopback, provider: FredProvider) -> None:
    server.say({"observations": payload("observations_UNRATE"), "/fred/series": payload("series_XHOUSE")})
    (answer,) = ask(provider, "XHOUSE", end=date(2026, 9, 30))
    assert answer.frame.select("series", "unit", "title").row(0) == ("XHOUSE", "Thous. of Units", "Invented Housing Starts")
    assert [each.path for each in server.asked] == ["/fred/series", "/fred/series/observations"]
    assert server.asked[1].query["observation_end"] == "2026-09-30"


def test_an_unknown_series_is_missing(server: Loopback, provider: FredProvider) -> None:
    server.say({"/fred/series": Reply((PAYLOADS / "error_series.json").read_bytes(), 400)})
    (answer,) = ask(provider, "NOSUCH")
    assert answer.missing == ("NOSUCH",)


NOT_KEPT = Reply(
    b'{"error_code":400,"error_message":"Bad Request.  The series does not exist in ALFRED but may exist in FRED."}', 400
)


def test_a_stretch_before_the_archive_begins_is_left_out(server: Loopback, provider: FredProvider) -> None:
    server.say({"observations": lambda asked: NOT_KEPT if asked.query["realtime_start"][:4] == "2020" else daily(asked)})
    (answer,) = ask(provider, "DGS10")
    assert answer.frame["date"].to_list() == [date(2024, 12, 31), date(2026, 11, 18)]


def test_of_a_series_without_an_archive_each_value_counts_as_published_on_the_next_working_day(
    server: Loopback, provider: FredProvider
) -> None:
    days = [{"realtime_start": "2026-11-20", "realtime_end": "2026-11-20", "date": f"2026-11-{day}", "value": "3.1"}
            for day in (12, 13, 14, 15, 16)]  # fmt: skip
    now = {"count": 5, "observations": days}
    server.say({"observations": lambda asked: NOT_KEPT if "realtime_start" in asked.query else now})
    (answer,) = ask(provider, "BAMLH0A0HYM2")
    assert [day.day for day in answer.frame["published_on"]] == [13, 16, 16, 16, 17]
    assert len(server.asked) == 3 < FredProvider.cost["macro"]
    with pytest.raises(BadPayload, match="no days of publication of UNRATE"):
        ask(provider, "UNRATE")


def test_a_refused_key_is_named_and_never_shown(server: Loopback, provider: FredProvider) -> None:
    server.say({"observations": Reply((PAYLOADS / "error_key.json").read_bytes(), 400)})
    with pytest.raises(NeedsKey, match="does not accept the key") as caught:
        ask(provider, "DGS10")
    assert caught.value.setting == "fred"
    assert KEY not in caught.value.sentence() + repr(caught.value.fetch)  # type: ignore[attr-defined]
    assert server.asked[0].query["api_key"] == KEY


def test_the_key_is_in_no_record(server: Loopback, provider: FredProvider) -> None:
    server.say({"observations": payload("observations_UNRATE")})
    (answer,) = ask(provider, "UNRATE")
    assert KEY not in repr(answer.fetch)


def test_a_value_that_is_no_number_and_a_part_of_a_series_are_refused() -> None:
    stretch = parse.stretches(parse.SERIES["UNRATE"], None, TODAY)[0]
    whole = payload("observations_UNRATE")
    whole["observations"][0]["value"] = "n/a"
    with pytest.raises(BadPayload, match="no number"):
        parse.parse_observations(whole, "UNRATE", parse.SERIES["UNRATE"], stretch)
    with pytest.raises(BadPayload, match="only part"):
        parse.parse_observations(payload("observations_UNRATE") | {"count": 9}, "UNRATE", parse.SERIES["UNRATE"], stretch)


# -- recorded answers ----------------------------------------------------------------------------------------------


@pytest.fixture
def recorded(replay: Any, clock: Any, tmp_path: Path) -> Iterator[FredProvider]:
    made = FredProvider(Surroundings(lambda: f"{replay.url}/fred", lambda: KEY, clock, tmp_path, 1.0))
    made.spacing = 0.0
    yield made
    made.close()


@pytest.mark.real
def test_the_recorded_gross_domestic_product(recorded: FredProvider, shared: Path) -> None:
    (answer,) = ask(recorded, "GDP")
    raw = json.loads((shared / "payloads/fred/test_get_series_json_.json").read_bytes())["observations"]
    told = [(date.fromisoformat(row["date"]), float(row["value"])) for row in raw if row["value"] != "."]
    assert answer.frame.select("date", "value").rows() == told
    assert len(told) < len(raw) == 315
    assert answer.frame["title"].unique().to_list() == ["Gross Domestic Product"]
    assert answer.frame["published_on"].unique().to_list() == [date(2024, 10, 30)]


@pytest.mark.real
@pytest.mark.parametrize("kind", ["status", "html", "empty", "truncate", "garbage", "drop"])
def test_no_fault_brings_a_value(recorded: FredProvider, replay: Any, kind: str) -> None:
    replay.fault(provider="fred", match="observations", kind=kind, status=500, times=9)
    with pytest.raises(ProviderError) as caught:
        ask(recorded, "GDP")
    assert KEY not in caught.value.sentence() + repr(caught.value.fetch)  # type: ignore[attr-defined]
