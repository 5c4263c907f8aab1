"""What services say of our allowance: read from their headers, kept by the budget, also over a restart."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from terminal.domain.data_services import SERVICES
from terminal.providers.base import Request, quiet
from terminal.providers.budget import Budget
from terminal.providers.counters import USUAL, Counted, Counter, counted
from terminal.providers.live import live_providers
from terminal.providers.router import Router
from terminal.settings import Settings
from tests.providers.loopback import Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.paths import Home

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
PAYLOADS = Path(__file__).parent / "payloads"


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, None),
        ({"x-ratelimit-remaining": "17"}, Counted(17, None)),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "42"}, Counted(0, NOW + timedelta(seconds=42))),
        ({"x-rate-limit-remaining": "119", "x-rate-limit-reset": str(int(NOW.timestamp()) + 30)},
         Counted(119, NOW + timedelta(seconds=30))),
        ({"ratelimit-remaining": "3", "ratelimit-reset": str(int(NOW.timestamp() * 1000) + 1500)},
         Counted(3, NOW + timedelta(seconds=1.5))),
        # Our clock is an hour behind the service's: the minute it grants is still a minute.
        ({"x-ratelimit-remaining": "5", "x-ratelimit-reset": str(int(NOW.timestamp()) + 3660),
          "date": "Fri, 20 Nov 2026 23:00:00 GMT"}, Counted(5, NOW + timedelta(seconds=60))),
        # Of a moment that is past, or nobody's, nothing follows but the number.
        ({"x-ratelimit-remaining": "5", "x-ratelimit-reset": str(int(NOW.timestamp()) - 5)}, Counted(5, None)),
        ({"x-ratelimit-remaining": "5", "x-ratelimit-reset": "99999999999999999999"}, Counted(5, None)),
        ({"x-ratelimit-remaining": "many", "x-ratelimit-reset": "nan"}, None),
        ({"x-ratelimit-remaining": "-1"}, None),
        ({"x-ratelimit-remaining": "inf"}, None),
        ({"x-ratelimit-remaining": "", "date": "yesterday"}, None),
    ],
)  # fmt: skip
def test_the_usual_headers_are_understood_and_nonsense_says_nothing(headers: dict[str, str], said: Counted | None) -> None:
    assert counted(headers, NOW, USUAL) == said


def test_a_service_may_name_its_own_header() -> None:
    daily = Counter("x-daily-left")
    assert counted({"x-daily-left": "8", "x-ratelimit-remaining": "3"}, NOW, (daily,)) == Counted(8, None)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


def _payload(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


def test_every_adapter_of_ours_hands_on_what_its_service_counts(
    server: Loopback, home: Home, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the answer is (here mostly a 404): the counter beside it is taken, and outlives the program."""
    until = clock.now + timedelta(seconds=50)
    moment = str(int(until.timestamp()))
    headers = {
        "X-Ratelimit-Remaining": "1", "X-Ratelimit-Reset": moment, "X-Ratelimit-Available": "1", "X-Ratelimit-Expiry": moment,
        "X-UW-Req-Per-Minute-Remaining": "1", "X-UW-Req-Per-Minute-Reset": "50000",
    }  # fmt: skip
    server.answer = lambda _asked: Reply(b'{"message": "no such path"}', 404, headers)
    for service in SERVICES:
        monkeypatch.setenv(f"TAPELINE_{service.id.upper()}_URL", server.url)
        monkeypatch.setenv(f"TAPELINE_{service.id.upper()}_KEY", "id-of-a-key:and-its-secret:and-a-token")
    path = home.run / "budget.sqlite"
    budget = Budget(path, clock)
    providers = live_providers(Settings(home), budget, clock, home.run)
    # Yahoo's session is the library's, and it has no counter; the ECB is asked for its own series alone.
    ours = [each for each in providers if each.id not in ("yahoo", "ecb")]
    for provider in ours:
        with pytest.raises(Exception, match=r"."):
            list(provider.fetch(Request(min(provider.datasets), ("AAPL",)), quiet))
            raise LookupError("answered")
        provider.close()  # type: ignore[attr-defined]
    budget.close()
    again = Budget(path, clock)
    live_providers(Settings(home), again, clock, home.run)
    left = {each.id: again.remaining(each.id) for each in ours}
    assert set(left.values()) <= {0, 1}, left
    clock.now += timedelta(seconds=51)
    assert min(again.remaining(each.id) or 0 for each in ours) > 0, "what a service said holds until it counts anew"
    again.close()


def test_finnhubs_counter_stops_us_where_our_own_count_would_not(
    server: Loopback, home: Home, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program uses the same key: after one answer we know that two requests are left, and until when."""
    from terminal.providers.base import Failure
    from terminal.providers.breaker import Breaker

    monkeypatch.setenv("TAPELINE_FINNHUB_URL", server.url)
    monkeypatch.setenv("TAPELINE_FINNHUB_KEY", "a-key-of-the-test")
    quote = json.dumps({"c": 10.0, "d": 0.1, "dp": 1.0, "h": 10.5, "l": 9.5, "o": 9.9, "pc": 9.9,
                        "t": int(clock.now.timestamp()) - 60}).encode()  # fmt: skip
    reset, left = int((clock.now + timedelta(seconds=40)).timestamp()), iter((2, 1, 0))

    def answer(_asked: Any) -> Reply:
        return Reply(quote, headers={"X-Ratelimit-Limit": "60", "X-Ratelimit-Remaining": str(next(left)),
                                     "X-Ratelimit-Reset": str(reset)})  # fmt: skip

    server.answer = answer
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        clock.now += timedelta(seconds=seconds)

    budget = Budget(home.run / "budget.sqlite", clock, sleep)
    (finnhub,) = (each for each in live_providers(Settings(home), budget, clock, home.run) if each.id == "finnhub")
    router = Router((finnhub,), budget, Breaker(clock), lambda _id: True)

    def ask(symbol: str) -> Any:
        (answer,) = router.fetch("quotes", (symbol,))
        assert not isinstance(answer, Failure), answer.sentence()
        return answer

    ask("AAPL")
    assert budget.remaining("finnhub") == 2
    ask("MSFT")
    ask("NVDA")
    assert budget.remaining("finnhub") == 0
    assert not naps
    left = iter((59,))
    ask("AMZN")
    assert sum(naps) == pytest.approx(40, abs=1.5), "the next one waits until Finnhub counts anew"
    router.close()


def test_of_several_counters_the_fewest_left_count_and_a_day_ends_when_it_is_said_to() -> None:
    minute = Counter("left", "reset", unit=0.001)
    day = Counter("limit", used="used", daily="20:00")
    now = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
    headers = {"left": "97", "reset": "30000", "limit": "15000", "used": "200"}
    assert counted(headers, now, (minute, day)) == Counted(97, now + timedelta(seconds=30))
    assert counted({**headers, "used": "14990"}, now, (minute, day)) == Counted(10, datetime(2026, 11, 21, 1, 0, tzinfo=UTC))
    assert counted({**headers, "used": "15001"}, now, (minute, day)) == Counted(0, datetime(2026, 11, 21, 1, 0, tzinfo=UTC))
    assert counted({"limit": "15000"}, now, (minute, day)) is None
    after = datetime(2026, 11, 21, 1, 0, 1, tzinfo=UTC)
    assert counted({"limit": "5", "used": "1"}, after, (day,)) == Counted(4, datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
    epoch = {**headers, "reset": str((now + timedelta(seconds=9)).timestamp() * 1000)}
    assert counted(epoch, now, (minute,)) == Counted(97, now + timedelta(seconds=9))
