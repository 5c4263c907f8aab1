"""What every adapter of a web service keeps to, whatever the service does: found in `live.ADAPTERS`, not listed here.

A new adapter is covered by its line there. `ASKED` names what to ask where AAPL says nothing to a dataset; payloads in
`tests/providers/payloads/<id>` are answered spoilt in every way that JSON can be spoilt.
"""

from __future__ import annotations

import importlib
import inspect
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import stamina

from terminal import log
from terminal.domain.data_services import ORDER, SERVICES
from terminal.domain.schemas import DATASETS
from terminal.errors import BadPayload, NeedsKey, ProviderError, RateLimited, Unavailable
from terminal.providers import live
from terminal.providers.base import Answer, Provider, Request, quiet
from terminal.providers.budget import Window
from terminal.providers.service import Service, Surroundings
from tests.providers.loopback import Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
KEY = "sk-secret-123:sk-hidden-456"
# Of which a key has more than two parts.
KEYS = {"schwab": f"{KEY}:sk-covert-789"}
SECRETS = ("sk-secret-123", "sk-hidden-456", "sk-covert-789")
READ = 0.2
IDS = tuple(live.ADAPTERS)
DECLARED = {service.id: service for service in SERVICES}
ASKED: dict[str, tuple[str, ...]] = {"macro": ("DGS10",)}
# An adapter that signs in first, and what it is let in with: faults meet what it asks then. Those of signing in: its own tests.
SIGNED_IN = {"schwab": b'{"access_token": "sk-covert-789-access", "expires_in": 1800}'}
ASKED_OF: dict[str, tuple[str, ...]] = {"ecb": ("EXR.D.USD.EUR.SP00.A",)}
PAYLOADS = Path(__file__).parents[1] / "providers" / "payloads"
# Asked through a process of its own, which starts anew after each time-out; its faults have tests of their own.
SLOW_TO_ASK = {"yahoo": ("bars", "quotes", "chains")}


def adapter(name: str) -> Any:
    module, _, cls = live.ADAPTERS[name].partition(":")
    return getattr(importlib.import_module(module), cls)


def requests_of(name: str, *, whole: bool = False) -> list[Request]:
    """One for each dataset; `whole`: also of who is slow to ask."""
    datasets = adapter(name).datasets
    return [Request(dataset, ASKED_OF.get(name) or ASKED.get(dataset, ("AAPL",))) for dataset in sorted(datasets)
            if whole or dataset in SLOW_TO_ASK.get(name, datasets)]  # fmt: skip


# -- surroundings --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture(scope="module")
def providers(server: Loopback, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    made: dict[str, Any] = {}

    def get(name: str) -> Any:
        if name not in made:
            key = KEYS.get(name, KEY)
            around = Surroundings(lambda: server.url, lambda: key, lambda: NOW, tmp_path_factory.mktemp("run"), READ)
            made[name] = adapter(name)(around)
            if hasattr(made[name], "spacing"):
                made[name].spacing = 0.0
        if name in SIGNED_IN:
            server.answer = lambda _asked: Reply(SIGNED_IN[name], close=True)
            made[name].headers()
        return made[name]

    yield get
    for each in made.values():
        each.close()


@pytest.fixture(autouse=True)
def _once() -> Iterator[None]:
    """Nothing is tried twice and nothing is waited for: that is the business of `tests/providers/test_http.py`."""
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Everything the program's log wrote at the most talkative level, without knowing the keys."""
    stop = log.start(tmp_path / "logs", tuple, logging.DEBUG)
    folder = tmp_path / "logs"

    def text() -> str:
        return "".join(file.read_text(encoding="utf-8") for file in folder.glob("*.log"))

    yield text
    stop()


# -- what is promised ----------------------------------------------------------------------------------------------


def outcome(provider: Any, request: Request) -> tuple[list[Answer], ProviderError | None]:
    """What came before the error, and the error. Anything but a ProviderError is a defect and fails the test."""
    answers: list[Answer] = []
    try:
        answers.extend(provider.fetch(request, quiet))
    except ProviderError as error:
        return answers, error
    return answers, None


def assert_told(error: ProviderError, provider: Any, request: Request) -> None:
    """One clear sentence with what to do, a record of the failure, and no key anywhere."""
    for part in (error.message, error.hint):
        assert part, repr(error)
        assert part.rstrip().endswith((".", "?")), part
        assert "\n" not in part
        assert not any(word in part for word in ("Traceback", "Error(", "Exception", "None", "<", "httpx", "{")), part
    assert len(error.message) < 200
    fetch = getattr(error, "fetch", None)
    assert fetch is not None, f"{provider.id}: no record of the failed {request.dataset}"
    assert (fetch.provider, fetch.status, fetch.dataset) == (provider.id, "error", fetch.dataset)
    assert fetch.dataset in DATASETS
    assert fetch.error == error.message
    assert_no_key(repr(fetch), "fetch record")
    assert fetch.started_at.tzinfo is not None
    assert fetch.started_at <= fetch.finished_at
    each: BaseException | None = error
    while each is not None:
        assert_no_key(f"{each!s} {each!r} {each.args!r} {vars(each)!r}", type(each).__name__)
        each = each.__cause__ or each.__context__
    assert_no_key(error.sentence(), "sentence")
    got = getattr(error, "got", None)
    assert got is None or fetch.http_status == got.status


def assert_no_key(text: str, where: str) -> None:
    for secret in SECRETS:
        assert secret not in text, f"the key stands in the {where}: {text[:300]}"


def assert_nothing_came(answers: list[Answer], request: Request) -> None:
    for answer in answers:
        assert answer.frame.is_empty(), f"{request.dataset}: rows from a failed request: {answer.frame}"


# -- what an adapter says of itself --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", IDS)
def test_an_adapter_is_what_is_declared(name: str) -> None:
    cls, declared = adapter(name), DECLARED[name]
    assert (cls.id, cls.title, cls.needs_key) == (name, declared.title, declared.needs_key)
    assert cls.datasets
    assert cls.datasets <= set(DATASETS)
    assert cls.windows, "its published limits"
    assert all(isinstance(window, Window) and window.requests > 0 and window.seconds > 0 for window in cls.windows)
    assert not cls.simulated
    for table in (cls.batch, cls.cost):
        assert set(table) <= cls.datasets
        assert all(number >= 1 for number in table.values())
    for dataset, brought in cls.brings.items():
        assert dataset in cls.datasets
        assert brought <= cls.datasets | {"splits", "headlines", "instruments"}
        assert dataset not in brought
    if issubclass(cls, Service):
        assert cls.address.startswith("https://")
        assert set(cls.items) <= cls.datasets
    assert inspect.getdoc(cls)


@pytest.mark.parametrize("name", IDS)
def test_one_call_fits_into_every_window(name: str) -> None:
    """Else the budget could never let it through."""
    costliest = max(adapter(name).cost.values(), default=1)
    assert all(window.requests >= costliest for window in adapter(name).windows)


def test_every_declared_service_has_an_adapter_and_who_is_asked_can_answer() -> None:
    assert set(IDS) <= set(DECLARED)
    for dataset, names in ORDER.items():
        for name in names:
            if name in IDS:
                assert dataset in adapter(name).datasets, f"{name} is asked for {dataset}, which it does not deliver"


@pytest.mark.parametrize("name", [name for name in IDS if DECLARED[name].needs_key])
def test_without_a_key_nothing_is_asked(name: str, server: Loopback, tmp_path: Path) -> None:
    provider = adapter(name)(Surroundings(lambda: server.url, lambda: None, lambda: NOW, tmp_path, READ))
    assert isinstance(provider, Provider)
    server.clear()
    for request in requests_of(name):
        with pytest.raises(NeedsKey, match="needs") as caught:
            list(provider.fetch(request, quiet))
        assert caught.value.setting == name
        assert f"key-set {name}" in caught.value.hint
    assert server.asked == []
    provider.close()


@pytest.mark.parametrize("name", [name for name in IDS if DECLARED[name].needs_key])
@pytest.mark.parametrize("key", ["sk-secret-123:sk-hidden-456\nX: y", "sk-secret-123:sk-hïdden-456"])
def test_a_key_that_cannot_be_sent_is_explained(name: str, key: str, server: Loopback, tmp_path: Path) -> None:
    server.answer = lambda _asked: Reply(b"[]", close=True)
    provider = adapter(name)(Surroundings(lambda: server.url, lambda: key, lambda: NOW, tmp_path, READ))
    request = requests_of(name)[0]
    _, error = outcome(provider, request)
    provider.close()
    if error is not None:
        assert_told(error, provider, request)


# -- faults of the connection --------------------------------------------------------------------------------------

LATER = "Fri, 20 Nov 2026 22:30:00 GMT"
REFUSED = (NeedsKey, Unavailable)
FAULTS: dict[str, tuple[Reply, Any]] = {
    "401": (Reply(b"no", 401), REFUSED),
    "403": (Reply(b"no", 403), REFUSED),
    "404": (Reply(b"<html>not here</html>", 404), ProviderError),
    "400": (Reply(b'{"code": 40010001}', 400), ProviderError),
    "429": (Reply(b"slow down", 429), RateLimited),
    "429 with seconds": (Reply(b"", 429, {"Retry-After": "1800"}), RateLimited),
    "429 with a date": (Reply(b"", 429, {"Retry-After": LATER}), RateLimited),
    "429 with nonsense": (Reply(b"", 429, {"Retry-After": "inf"}), RateLimited),
    "500": (Reply(b"oops", 500), Unavailable),
    "503": (Reply(b"", 503, {"Retry-After": "60"}), Unavailable),
    "html": (Reply(b"<!doctype html><html><body>Please verify you are human</body></html>"), BadPayload),
    "empty": (Reply(b""), BadPayload),
    "blank": (Reply(b" \n"), BadPayload),
    "truncated": (Reply(b'{"results": [{"ticker": "AAPL", "c": 1'), BadPayload),
    "garbage": (Reply(bytes((number * 7 + 13) % 256 for number in range(4096))), BadPayload),
    "packed wrongly": (Reply(b"no gzip", headers={"Content-Encoding": "gzip"}), ProviderError),
    "drop": (Reply(drop=True), Unavailable),
    "round in circles": (Reply(b"", 302, {"Location": "/again"}), ProviderError),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", IDS)
def test_a_fault_is_a_sentence_and_brings_nothing(
    name: str, fault: str, server: Loopback, providers: Any, written: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> None:
    reply, kind = FAULTS[fault]
    reply.close = True
    provider = providers(name)
    server.answer = lambda _asked: reply
    with caplog.at_level(logging.DEBUG):
        for request in requests_of(name):
            answers, error = outcome(provider, request)
            assert_nothing_came(answers, request)
            if error is None:
                assert fault in ("404", "400", "403"), f"{request.dataset}: {fault} went unnoticed"
                assert {symbol for answer in answers for symbol in answer.missing} == set(request.symbols)
                continue
            assert isinstance(error, kind), f"{request.dataset}: {error!r}"
            assert_told(error, provider, request)
            if isinstance(error, RateLimited):
                assert_when(fault, error)
    assert_no_key(caplog.text, "log")
    assert_no_key(written(), "log file")


def assert_when(fault: str, error: RateLimited) -> None:
    if fault in ("429 with seconds", "429 with a date"):
        assert error.retry_at is not None
        assert abs(error.retry_at - (NOW + timedelta(minutes=30))) < timedelta(seconds=20)
    elif fault == "429 with nonsense":
        assert error.retry_at is None


@pytest.mark.parametrize("name", [name for name in IDS if name not in SLOW_TO_ASK])
def test_a_service_that_hangs_is_given_up(name: str, server: Loopback, providers: Any) -> None:
    provider, request = providers(name), requests_of(name)[0]
    server.answer = lambda _asked: Reply(drop=True, seconds=READ * 2)
    answers, error = outcome(provider, request)
    assert isinstance(error, Unavailable)
    assert "in time" in error.message
    assert_told(error, provider, request)
    assert_nothing_came(answers, request)


@pytest.mark.parametrize("name", [name for name in IDS if name not in SLOW_TO_ASK])
def test_a_slow_answer_is_an_answer(name: str, server: Loopback, providers: Any) -> None:
    provider, request = providers(name), requests_of(name)[0]
    server.answer = lambda _asked: Reply(b"<html>", seconds=READ / 2, close=True)
    _, error = outcome(provider, request)
    assert isinstance(error, BadPayload)


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("address", ["not an address", "http://127.0.0.1:1", "http://[::1", "ftp://127.0.0.1"])
def test_a_wrong_address_is_a_sentence(name: str, address: str, tmp_path: Path) -> None:
    if name in SLOW_TO_ASK:
        pytest.skip("its process starts anew for each address; told in tests of its own")
    provider = adapter(name)(Surroundings(lambda: address, lambda: KEYS.get(name, KEY), lambda: NOW, tmp_path, READ))
    request = requests_of(name)[0]
    _, error = outcome(provider, request)
    provider.close()
    assert isinstance(error, Unavailable)
    assert_told(error, provider, request)


@pytest.mark.parametrize("name", [name for name in IDS if DECLARED[name].needs_key])
def test_no_key_goes_where_we_are_sent_on_to(name: str, server: Loopback, providers: Any) -> None:
    with serving() as elsewhere:
        elsewhere.answer = lambda _asked: Reply(b"{}", close=True)
        provider = providers(name)
        server.answer = lambda _asked: Reply(b"", 302, {"Location": f"{elsewhere.url}/there"}, close=True)
        outcome(provider, requests_of(name)[0])
        for asked in elsewhere.asked:
            assert_no_key(repr(asked), "request to another host")


# -- answers of a wrong shape --------------------------------------------------------------------------------------

SHAPES = [b"null", b"[]", b"{}", b"0", b'"text"', b"true", b"[null]", b"[[]]", b"[{}]", b"NaN", b"[" * 3000,
          b'{"results": null}', b'{"bars": [], "data": [], "results": {}, "chart": [], "quoteResponse": []}']  # fmt: skip
_TOLD = ("message", "error", "detail", "Note", "Information", "Error Message", "error_message", "status")
TALKATIVE = json.dumps(dict.fromkeys(_TOLD, f"We know your key {KEY} and refuse.")).encode()


@pytest.mark.parametrize("name", IDS)
def test_a_wrong_shape_brings_nothing(name: str, server: Loopback, providers: Any) -> None:
    provider = providers(name)
    for body in SHAPES:
        server.answer = lambda _asked, body=body: Reply(body, close=True)
        for request in requests_of(name, whole=True):
            answers, error = outcome(provider, request)
            assert_nothing_came(answers, request)
            if error is not None:
                assert_told(error, provider, request)


@pytest.mark.parametrize("status", [200, 400, 403, 500])
@pytest.mark.parametrize("name", [name for name in IDS if DECLARED[name].needs_key])
def test_a_service_that_quotes_the_key_is_not_quoted(
    name: str, status: int, server: Loopback, providers: Any, caplog: pytest.LogCaptureFixture
) -> None:
    provider = providers(name)
    server.answer = lambda _asked: Reply(TALKATIVE, status, close=True)
    with caplog.at_level(logging.DEBUG, "terminal"):
        for request in requests_of(name):
            answers, error = outcome(provider, request)
            assert_nothing_came(answers, request)
            assert error is not None, f"{request.dataset}: a refusal went unnoticed"
            assert_no_key(f"{error.sentence()} {error.args!r} {getattr(error, 'fetch', None)!r} {error.__cause__!r}", "error")
    assert_no_key(caplog.text, "log")


def spoilt(value: Any, how: str) -> Any:
    """The payload with every leaf, or the way its parts are held together, spoilt in one way."""
    if isinstance(value, dict):
        inner = {key: spoilt(part, how) for key, part in value.items()}
        return [*inner.values()] if how == "lists for objects" else inner
    if isinstance(value, list):
        inner_list = [spoilt(part, how) for part in value]
        return {str(at): part for at, part in enumerate(inner_list)} if how == "objects for lists" else inner_list
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return {
        "nothing": None,
        "numbers as text": str(value) if number else value,
        "words for numbers": "n/a" if number else value,
        "not a number": float("nan") if number else value,
        "huge": 10**400 if number else value,
        "lists for values": [value],
        "numbers for text": 7 if isinstance(value, str) else value,
        "blank": "" if isinstance(value, str) else value,
    }.get(how, value)


HOW = ("nothing", "numbers as text", "words for numbers", "not a number", "huge", "lists for values", "numbers for text",
       "blank", "lists for objects", "objects for lists")  # fmt: skip


def examples(name: str) -> list[Any]:
    """The adapter's payloads, as if they spoke of what is asked for."""
    files = sorted((PAYLOADS / name).glob("*.json"))
    return [json.loads(file.read_text(encoding="utf-8").replace("ACME", "AAPL")) for file in files]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", [name for name in IDS if (PAYLOADS / name).is_dir()])
def test_a_spoilt_payload_is_refused_or_unknown_but_never_invented(name: str, how: str, server: Loopback, providers: Any) -> None:
    provider = providers(name)
    for example in examples(name):
        body = json.dumps(spoilt(example, how)).encode()
        server.answer = lambda _asked, body=body: Reply(body, close=True)
        for request in requests_of(name, whole=True):
            answers, error = outcome(provider, request)
            if error is not None:
                assert_told(error, provider, request)
            for answer in answers:
                good = DATASETS[answer.dataset].validate(answer.frame).good
                stated = [column for column, kind in good.schema.items() if kind == pl.Float64]
                if how in ("nothing", "words for numbers", "not a number"):
                    invented = good.filter(pl.any_horizontal(pl.lit(False), pl.col(stated) == 0))
                    assert invented.is_empty(), f"{request.dataset} of {how}: {invented}"


# -- the log -------------------------------------------------------------------------------------------------------


@pytest.mark.warns
@pytest.mark.parametrize("where", ["httpx", "httpcore", "urllib3.connectionpool", "terminal.providers.http", "stamina"])
def test_the_log_never_shows_an_address_with_a_key(where: str, tmp_path: Path) -> None:
    stop = log.start(tmp_path, lambda: ["sk-plain-789"], logging.DEBUG)
    logger = logging.getLogger(where)
    before, propagate = logger.level, logger.propagate
    logger.setLevel(logging.DEBUG)
    try:
        for parameter in ("apikey", "api_key", "token", "apiKey", "crumb", "X-Api-Key"):
            logger.error("GET %s", f"https://host/path?symbol=A&{parameter}=sk-secret-123&x=1")
        logger.error("headers %s", {"Authorization": "Bearer sk-secret-123", "APCA-API-SECRET-KEY": "sk-hidden-456"})
        logger.error("headers %s", {"Authorization": "Token sk-secret-123", "X-Finnhub-Token": "sk-hidden-456"})
        logger.error("it said sk-plain-789")
        try:
            raise ValueError("https://host/?token=sk-secret-123")
        except ValueError:
            logger.exception("failed")
    finally:
        logger.setLevel(before)
        logger.propagate = propagate
        stop()
    text = (tmp_path / "tapeline.log").read_text(encoding="utf-8")
    assert text.count("\n") == 10
    assert_no_key(text, "log file")
    assert "sk-plain-789" not in text
