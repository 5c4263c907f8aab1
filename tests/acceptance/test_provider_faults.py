"""A service that fails, seen from the shell: the sentence, the exit code, the last good value with its age, the way back."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from terminal import cli
from terminal.app import Session
from terminal.domain.data_services import ORDER, SERVICES
from terminal.paths import Home
from terminal.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.real, pytest.mark.slow]

FRIDAY = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
TUESDAY = FRIDAY + timedelta(days=4)
PARTS = ("sk-secret-123", "sk-hidden-456")
HELD = ("quotes", "bars", "facts", "instruments", "earnings")


class Clock:
    """What the program takes for now."""

    now = FRIDAY

    def __call__(self) -> datetime:
        return self.now


class Shell:
    """`tapeline` in this process, on one home, at a time of our choosing."""

    def __init__(self, home: Path, clock: Clock) -> None:
        self.home, self.clock = home, clock

    def run(self, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        capsys.readouterr()
        code = cli.main(["--home", str(self.home), *words], lambda _options: 9)
        out, err = capsys.readouterr()
        return code, out, err

    def table(self, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
        """The answer as JSON; it must be one, and nothing else may be told."""
        code, out, err = self.run(capsys, *words, "--json")
        assert code == 0, err
        assert err == ""
        return dict(json.loads(out))

    def stored(self) -> dict[str, Any]:
        """Everything the market file holds of the symbol, and the failed requests."""
        home = Home(self.home)
        store = Store(home.market(False), home.book(False), home.backups(False), clock=self.clock, publish=lambda *_: None)
        try:
            frames = {name: store.market.read(name).sort(order_of(name)) for name in HELD}
            return {**frames, "failed": store.market.fetches(errors=True).to_dicts()}
        finally:
            store.close()


def order_of(name: str) -> list[str]:
    """Columns that put a dataset's rows in one order."""
    from terminal.domain.schemas import DATASETS

    return list(DATASETS[name].key)


@pytest.fixture(scope="module")
def clock() -> Iterator[Clock]:
    made = Clock()
    before = Session.__init__.__kwdefaults__["clock"]
    Session.__init__.__kwdefaults__["clock"] = made
    yield made
    Session.__init__.__kwdefaults__["clock"] = before


@pytest.fixture(scope="module")
def filled(_replay: Any, clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home that Yahoo alone has filled on Friday, with the address of every service on loopback."""
    kept = dict(os.environ)
    for service in SERVICES:
        os.environ[f"TAPELINE_{service.id.upper()}_URL"] = f"{_replay.url}/{service.id}"
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    home = tmp_path_factory.mktemp("faults") / "home"
    home.mkdir()
    lines = [f'{dataset} = "yahoo"' for dataset in ORDER]
    (home / "settings.toml").write_text("[providers.order]\n" + "\n".join(lines) + "\n", encoding="utf-8")
    _replay.clear()
    clock.now = FRIDAY
    assert cli.main(["--home", str(home), "market", "refresh", "AAPL"], lambda _options: 9) == 0
    yield home
    os.environ.clear()
    os.environ.update(kept)


@pytest.fixture
def shell(filled: Path, clock: Clock, tmp_path: Path, replay: Any) -> Shell:
    """Four days later, everything stale."""
    clock.now = TUESDAY
    return Shell(Path(shutil.copytree(filled, tmp_path / "home")), clock)


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "status 429": ({"kind": "status", "status": 429}, "asks us to slow down (HTTP 429)"),
    "status 503": ({"kind": "status", "status": 503}, "HTTP 503"),
    "status 403": ({"kind": "status", "status": 403, "body": "Forbidden"}, "HTTP 403"),
    "html": ({"kind": "html"}, "a web page instead of data"),
    "empty": ({"kind": "empty"}, "an empty answer"),
    "truncate": ({"kind": "truncate"}, "broke off"),
    "garbage": ({"kind": "garbage"}, "not"),
    "drop": ({"kind": "drop"}, "could not be reached"),
}


def price_of(table: dict[str, Any]) -> dict[str, Any]:
    (row,) = table["rows"]
    return dict(row)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_costs_no_value_and_no_exit_code(
    name: str, shell: Shell, replay: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    fault, words = FAULTS[name]
    before = shell.stored()
    replay.fault(provider="yahoo", times=99, **fault)
    told = shell.table(capsys, "market", "quote", "AAPL")
    known = before["quotes"].to_dicts()[-1]
    assert price_of(told)["price"] == known["price"]
    sentences = " ".join(told["unknown"])
    assert "Yahoo Finance" in sentences
    assert words in sentences
    assert sentences.count("AAPL") == 1
    assert any(source["fetched_at"].startswith("2026-11-20") for source in told["sources"])
    after = shell.stored()
    assert all(after[dataset].equals(before[dataset]) for dataset in HELD)
    assert [line["provider"] for line in after["failed"]] == ["yahoo"]
    assert words in after["failed"][0]["error"]


def test_a_refresh_under_a_fault_says_what_failed_and_the_next_one_heals(
    shell: Shell, replay: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    before = shell.stored()
    replay.fault(provider="yahoo", kind="html", times=99)
    code, out, err = shell.run(capsys, "market", "refresh", "AAPL")
    assert (code, err) == (0, "")
    assert "AAPL: Yahoo Finance sent a web page instead of data." in out
    assert all(shell.stored()[dataset].equals(before[dataset]) for dataset in HELD)
    replay.clear()
    shell.clock.now += timedelta(hours=2)
    table = shell.table(capsys, "market", "refresh", "AAPL")
    assert table["unknown"] == []
    rows = {row["dataset"]: row for row in table["rows"]}
    assert rows["quotes"]["rows"] >= 1
    assert rows["facts"]["rows"] >= 100
    assert all(row["failed"] == 0 for row in rows.values())


def test_a_tearsheet_shows_the_last_good_values_with_their_age(
    shell: Shell, replay: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.clock.now = FRIDAY + timedelta(minutes=5)
    look = ("tearsheet", "show", "AAPL", "--section", "price")
    fine = {row["term"]: row for row in shell.table(capsys, *look)["rows"]}
    shell.clock.now = TUESDAY
    replay.fault(provider="yahoo", kind="garbage", times=99)
    table = shell.table(capsys, *look)
    rows = {row["term"]: row for row in table["rows"]}
    for term in ("price", "previous_close", "volume"):
        assert rows[term]["value"] is not None
        assert (rows[term]["value"], rows[term]["as_of"]) == (fine[term]["value"], fine[term]["as_of"])
    assert any("Yahoo Finance sent" in sentence for sentence in (*table["unknown"], *table["notes"]))
    assert {source["fetched_at"][:10] for source in table["sources"] if source["provider"] == "yahoo"} == {"2026-11-20"}


def test_nothing_stored_and_nothing_obtained_is_an_error_of_one_line(
    shell: Shell, replay: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    replay.fault(provider="yahoo", kind="drop", times=99)
    code, out, err = shell.run(capsys, "market", "quote", "MSFT")
    assert (code, out) == (1, "")
    assert err.startswith("tapeline: MSFT: Yahoo Finance could not be reached. ")
    assert err.count("\n") == 1


def test_what_asked_us_to_wait_is_left_alone_over_restarts_and_asked_again_then(
    shell: Shell, replay: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    replay.fault(provider="yahoo", match="finance", kind="status", status=429, headers={"Retry-After": "1800"}, times=99)
    shell.table(capsys, "market", "quote", "AAPL")
    replay.clear()
    for minutes in (1, 28):
        shell.clock.now = TUESDAY + timedelta(minutes=minutes)
        told = shell.table(capsys, "market", "quote", "AAPL")
        assert "22:30 UTC" in " ".join(told["unknown"])
        assert replay.log() == []
    shell.clock.now = TUESDAY + timedelta(minutes=31)
    healed = shell.table(capsys, "market", "quote", "AAPL")
    assert healed["unknown"] == []
    assert [line["status"] for line in replay.log() if "finance/quote" in line["path"]] == [200]


@pytest.mark.slow
def test_a_hang_is_given_up_and_a_slow_answer_is_taken(
    shell: Shell, replay: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    replay.fault(provider="yahoo", match="v7/finance/quote", kind="slow", seconds=2)
    assert shell.table(capsys, "market", "quote", "AAPL")["unknown"] == []
    shell.clock.now += timedelta(days=1)
    replay.fault(provider="yahoo", kind="hang", seconds=40, times=9)
    told = shell.table(capsys, "market", "quote", "AAPL")
    assert "in time" in " ".join(told["unknown"])
    assert price_of(told)["price"] is not None


def test_no_key_is_found_anywhere_after_every_service_refused(
    shell: Shell, replay: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for service in SERVICES:
        if service.needs_key:
            monkeypatch.setenv(f"TAPELINE_{service.id.upper()}_KEY", ":".join(PARTS))
    (shell.home / "settings.toml").unlink()
    replay.fault(kind="status", status=401, times=9999, body=f"your key is {':'.join(PARTS)}")
    said = ""
    for words in (("market", "quote", "AAPL"), ("market", "bars", "AAPL"), ("market", "providers"),
                  ("store", "fetches"), ("preferences", "show"), ("preferences", "keys")):  # fmt: skip
        said += "".join(map(str, shell.run(capsys, *words)))
    asked = {line["provider"] for line in replay.log()}
    assert len(asked - {"yahoo"}) >= 3, "the others were to be asked too"
    files = [path for path in shell.home.rglob("*") if path.is_file()]
    assert {"market.duckdb", "book.duckdb"} <= {path.name for path in files}
    for part in PARTS:
        assert part not in said
        holding = [path.name for path in files if part.encode() in path.read_bytes()]
        assert holding == []
