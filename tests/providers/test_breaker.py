"""The breaker: when it opens, how long, how it closes by itself, and what it tells the health panel."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from terminal.errors import BadPayload, NeedsKey, RateLimited, Unavailable
from terminal.providers.breaker import FAILURES, Breaker

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def fail(breaker: Breaker, times: int = FAILURES) -> None:
    for _ in range(times):
        breaker.failed("a", "quotes", Unavailable("A is down."))


def states(breaker: Breaker) -> dict[str, str]:
    return {each.endpoint: each.state for each in breaker.status("a")}


def test_it_opens_half_opens_and_closes_by_itself(clock: Clock) -> None:
    breaker = Breaker(clock)
    assert states(breaker) == {"": "closed"}
    fail(breaker, FAILURES - 1)
    assert states(breaker) == {"": "closed", "quotes": "closed"}
    fail(breaker, 1)
    whole, quotes = breaker.status("a")
    assert (whole.state, quotes.state, quotes.reason, quotes.failures) == ("closed", "open", "A is down.", FAILURES)
    assert quotes.until == NOW + timedelta(minutes=1)
    with pytest.raises(Unavailable, match=r"Service A did not answer quotes lately \(A is down\), so .* before 15:01"):
        breaker.check("a", "quotes", "Service A")
    breaker.check("a", "bars")
    clock.now += timedelta(minutes=1)
    assert states(breaker)["quotes"] == "half-open"
    breaker.check("a", "quotes")
    breaker.succeeded("a", "quotes")
    quotes = breaker.status("a")[1]
    assert (quotes.state, quotes.failures, quotes.reason, quotes.last_good_at) == ("closed", 0, "", clock.now)


def test_one_trial_at_a_time_also_when_the_endpoint_is_barred_too(clock: Clock) -> None:
    breaker = Breaker(clock)
    breaker.failed("a", "quotes", RateLimited("Slow down."))
    clock.now += timedelta(minutes=9, seconds=30)
    fail(breaker)  # requests that were under way
    clock.now += timedelta(seconds=45)
    with pytest.raises(Unavailable, match="quotes"):
        breaker.check("a", "quotes")  # the endpoint still waits; that must not use up the provider's trial
    breaker.check("a", "bars")
    with pytest.raises(Unavailable, match="tried again at this moment"):
        breaker.check("a", "headlines")
    breaker.withdrawn("a", "bars")
    breaker.check("a", "bars")


def test_the_services_own_time_is_kept_to_exactly_and_the_next_pause_is_longer(clock: Clock) -> None:
    breaker = Breaker(clock)
    breaker.failed("a", "quotes", RateLimited("Slow down.", retry_at=NOW + timedelta(seconds=40)))
    with pytest.raises(RateLimited, match="A Ltd asked us to wait until 15:00 UTC") as caught:
        breaker.check("a", "bars", "A Ltd")
    assert caught.value.retry_at == NOW + timedelta(seconds=40)
    clock.now += timedelta(seconds=40)
    breaker.check("a", "bars")
    breaker.failed("a", "bars", RateLimited("Slow down.", retry_at=clock.now + timedelta(seconds=40)))
    assert breaker.status("a")[0].until == clock.now + timedelta(minutes=20)


def test_of_several_requests_under_way_the_longest_pause_counts_and_none_lifts_it(clock: Clock) -> None:
    breaker = Breaker(clock)
    for minutes in (5, 30, 1):
        breaker.failed("a", "quotes", RateLimited("Slow down.", retry_at=NOW + timedelta(minutes=minutes)))
    breaker.succeeded("a", "bars")
    whole = breaker.status("a")[0]
    assert (whole.state, whole.until) == ("open", NOW + timedelta(minutes=30))
    assert whole.last_good_at == NOW


def test_a_missing_key_says_nothing_about_the_service(clock: Clock) -> None:
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        breaker.failed("a", "quotes", NeedsKey("A needs a key."))
    assert states(breaker) == {"": "closed"}


def test_everything_survives_a_restart(clock: Clock, tmp_path: Path) -> None:
    path = tmp_path / "breaker.json"
    breaker = Breaker(clock, path)
    clock.now += timedelta(minutes=2)
    breaker.succeeded("a", "bars")
    for _ in range(FAILURES):
        breaker.failed("a", "quotes", BadPayload("A sent a web page."))
    assert Breaker(clock, path).status("a") == breaker.status("a")
    breaker.reset("a")
    assert states(Breaker(clock, path)) == {"": "closed"}


@pytest.mark.parametrize(
    "kept", ["{half", "[]", '{"a": 3}', '{"a": {"open_until": "never"}}', '{"a": {"open_until": "2026-11-20T15:00:00"}}', "7"]
)
def test_a_file_that_nobody_wrote_is_forgotten(clock: Clock, tmp_path: Path, kept: str) -> None:
    path = tmp_path / "breaker.json"
    path.write_text(kept)
    breaker = Breaker(clock, path)
    breaker.check("a", "quotes")
    breaker.failed("a", "quotes", RateLimited("Slow down."))
    assert "a" in json.loads(path.read_text())
