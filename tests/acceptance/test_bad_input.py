"""Bad input, a broken file, a full disk: one clear sentence with what to do, exit code 1 (2 for a wrong call), nothing lost."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.conftest import surroundings

if TYPE_CHECKING:
    from pathlib import Path

JARGON = re.compile(r"Traceback|Error:|Exception|duckdb|polars|errno|NoneType|<class|defect of the program", re.I)


def assert_told(done: subprocess.CompletedProcess[str], code: int, *words: str) -> str:
    """The program said one line on standard error: what happened, and at least one sentence more with what to do."""
    assert done.returncode == code, (done.returncode, done.stdout[-500:], done.stderr[-2000:])
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    text = lines[0]
    assert text.startswith("tapeline: ")
    assert not JARGON.search(text.replace(".duckdb", "")), text
    assert text.endswith((".", "?")) or re.search(r"See: tapeline [\w -]+$", text), text
    assert len(re.findall(r"[.?:] ", text.removeprefix("tapeline: "))) >= 1, f"nothing to do is said: {text}"
    for word in words:
        assert word in text, text
    return text


NO_SUCH = [
    (("tearsheet", "show", "NOSUCH"), 1, "NOSUCH"), (("tearsheet", "gates", "NOSUCH"), 1, "NOSUCH"),
    (("market", "bars", "NOSUCH"), 1, "NOSUCH"), (("market", "quote", "NOSUCH"), 1, "NOSUCH"),
    (("tearsheet", "export", "NOSUCH", "--pdf", "x.pdf"), 1, "NOSUCH"),
    (("tearsheet", "show", "not a symbol!"), 1, "not a symbol"),
    (("screener", "run", "--universe", "nosuchlist"), 1, "nosuchlist"), (("screener", "run", "--preset", "nosuch"), 1, "nosuch"),
    (("screener", "run", "--universe", "watchlist:None"), 1, "watchlist:None"), (("watchlist", "show", "None"), 1, "None"),
    (("market", "refresh", "nosuchlist"), 1, "nosuchlist"), (("store", "restore", "nosuch"), 1, "nosuch"),
    (("store", "undelete", "99"), 1, "99"), (("preferences", "set", "no.such", "1"), 1, "no.such"),
    (("preferences", "approve", "nosuch"), 1, "nosuch"), (("market", "import", "nosuch.csv", "--as", "bars"), 1, "nosuch.csv"),
    (("tearsheet", "show"), 2, "symbol"), (("frobnicate",), 2, "frobnicate"), (("screener", "runn"), 2, "run"),
    (("screener", "run", "--universee", "all"), 2, "universe"), (("market", "import", "x.csv", "--as", "poems"), 2, "poems"),
    (("store", "undelete", "many"), 2, "many"), (("store", "fetches", "--limit", "0"), 1, "1"),
]


@pytest.mark.parametrize(("words", "code", "word"), NO_SUCH, ids=[" ".join(words) for words, _, _ in NO_SUCH])
def test_what_does_not_exist_is_said_in_one_sentence(typed: Any, words: tuple[str, ...], code: int, word: str) -> None:
    assert_told(typed(*words), code, word)


@pytest.mark.parametrize(("rule", "column"), [
    ("pe_ttm <", 9), ("(pe_ttm < 12", 13), ("peee_ttm < 12", 1), ("pe_ttm < 12 and rsi(14", 23), ("name > 5", 8),
    ("rsi('x') < 3", 5), ("pe_ttm << 3", 9), ("12%", 1), ("🙂", 1), ("x" * 5000, 4001)], ids=lambda value: str(value)[:20])
def test_a_malformed_rule_is_pointed_at(typed: Any, rule: str, column: int) -> None:
    told = assert_told(typed("screener", "run", "--rule", rule), 1)
    found = re.search(r"[Cc]olumn (\d+)", told)
    assert found, told
    assert abs(int(found[1]) - column) <= 1, told
    assert len(told) < 600, "a rule of any length gets a short answer"


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "26-1-1", "2026-1-1", "", "2026-01-01T00:00"])
def test_a_nonsense_day_is_a_wrong_call(typed: Any, day: str) -> None:
    assert_told(typed("--as-of", day, "screener", "run"), 2, "--as-of")


def test_a_day_to_come_is_a_wrong_call(typed: Any) -> None:
    day = (date.today() + timedelta(days=3)).isoformat()
    assert_told(typed("--as-of", day, "screener", "run"), 2, day)


def test_before_everything_nothing_is_known(typed: Any) -> None:
    assert_told(typed("--as-of", "1971-01-04", "market", "bars", "SPY"), 1)
    assert_told(typed("--as-of", "1971-01-04", "tearsheet", "show", "SPY"), 1)
    screen = json.loads(typed("--as-of", "1971-01-04", "screener", "run", "--json").stdout)
    assert {(row["price"], row["pe_ttm"], row["score"]) for row in screen["rows"]} <= {(None, None, None)}


def test_an_empty_universe_says_how_to_fill_it(typed: Any) -> None:
    assert typed("watchlist", "create", "Hollow").returncode == 0
    assert_told(typed("screener", "run", "--universe", "watchlist:Hollow"), 1, "watchlist add")


# files that people bring


@pytest.mark.parametrize(("name", "content", "word"), [
    ("empty.csv", b"", "empty"), ("noise.csv", bytes(range(256)) * 20, "noise.csv"),
    ("noise.parquet", b"PAR1" + bytes(3000), "noise.parquet"),
    ("header.csv", b"symbol,price,pe", "half"), ("words.csv", b"colour,shape\nred,round\n", "symbol"),
    ("one.csv", b"\xff\xfe\x00\x00", "one.csv"), ("quotes.csv", b'symbol,price\n"AAPL,1\n', "quotes.csv")])
def test_a_file_that_cannot_be_read_changes_nothing(type_in: Any, tmp_path: Path, name: str, content: bytes, word: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert_told(type_in("--home", "h", "--live", "market", "import", name, "--as", "fundamentals"), 1, word)
    after = type_in("--home", "h", "--live", "store", "fetches", "--json")
    assert after.returncode == 0
    assert all(row["rows"] == 0 for row in json.loads(after.stdout)["rows"])


def test_a_folder_is_no_file(type_in: Any, tmp_path: Path) -> None:
    assert_told(type_in("--home", "h", "--live", "market", "import", str(tmp_path), "--as", "bars"), 1, "folder")


def test_a_half_written_csv_keeps_its_whole_lines_and_names_the_broken_one(type_in: Any, tmp_path: Path) -> None:
    (tmp_path / "half.csv").write_text("Symbol,Price,PE\nAAPL,190.5,31\nMSFT,410.25,36\nGOO", encoding="utf-8")
    done = type_in("--home", "h", "--live", "market", "import", "half.csv", "--as", "fundamentals", "--json")
    assert done.returncode == 0, done.stderr
    assert any("line 4" in note for note in json.loads(done.stdout)["unknown"])
    rows = json.loads(type_in("--home", "h", "--live", "screener", "run", "--universe", "file:half", "--json").stdout)["rows"]
    assert sorted(row["symbol"] for row in rows) == ["AAPL", "MSFT"]


# the program's own files


def spoil(path: Path, size: int = 200_000) -> bytes:
    """Overwrite the beginning of a file; what it holds now."""
    content = bytearray(path.read_bytes())
    content[:size] = os.urandom(min(size, len(content)))
    path.write_bytes(content)
    return bytes(content)


@pytest.mark.slow
def test_a_damaged_market_leaves_the_book_alone_and_can_be_made_anew(typed: Any, filled: Path) -> None:
    assert typed("watchlist", "create", "Mine").returncode == 0
    assert typed("watchlist", "add", "Mine", "SPY").returncode == 0
    spoilt = spoil(filled / "demo" / "market.duckdb")
    assert_told(typed("screener", "run"), 1, "tapeline store rebuild")
    assert_told(typed("tearsheet", "show", "SPY"), 1, "tapeline store rebuild")
    assert (filled / "demo" / "market.duckdb").read_bytes() == spoilt  # nothing is thrown away unasked
    kept = json.loads(typed("watchlist", "list", "--json").stdout)
    assert [row["name"] for row in kept["rows"]] == ["Mine"]
    assert typed("store", "rebuild").returncode == 0
    assert len(json.loads(typed("screener", "run", "--json").stdout)["rows"]) > 100
    assert any(path.read_bytes() == spoilt for path in (filled / "demo").iterdir() if path.is_file())


@pytest.mark.slow
def test_a_damaged_book_says_where_its_backups_are_and_comes_back(typed: Any, filled: Path) -> None:
    assert typed("watchlist", "create", "Mine").returncode == 0
    assert typed("watchlist", "add", "Mine", "SPY").returncode == 0
    assert typed("store", "backup").returncode == 0
    spoilt = spoil(filled / "demo" / "book.duckdb")
    assert_told(typed("watchlist", "list"), 1, "tapeline store restore", "backups")
    assert typed("market", "bars", "SPY").returncode == 0  # the market is usable meanwhile
    assert (filled / "demo" / "book.duckdb").read_bytes() == spoilt
    assert typed("store", "restore").returncode == 0
    shown = json.loads(typed("watchlist", "show", "Mine", "--json").stdout)
    assert [row["symbol"] for row in shown["rows"]] == ["SPY"]
    assert any(path.read_bytes() == spoilt for path in (filled / "demo").iterdir() if path.is_file())


@pytest.mark.parametrize("name", ["market.duckdb", "book.duckdb"])
def test_a_file_of_a_newer_version_is_left_as_it_is(typed: Any, filled: Path, name: str) -> None:
    path = filled / "demo" / name
    content = bytearray(path.read_bytes())
    content[12:20] = (9999).to_bytes(8, "little")  # DuckDB's storage version, with the checksum of its header
    total = 5381
    for (word,) in struct.iter_unpack("<Q", content[8:4096]):
        total ^= (word * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    content[:8] = total.to_bytes(8, "little")
    path.write_bytes(content)
    words = ("screener", "run") if name == "market.duckdb" else ("watchlist", "list")
    assert_told(typed(*words), 1, name, "newer", "Update")
    assert path.read_bytes() == bytes(content)


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
from terminal.__main__ import main
main()
"""


def when_full(room: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program where no file may grow beyond `room` bytes."""
    return subprocess.run([sys.executable, "-c", FULL, str(room), *arguments], capture_output=True, text=True, timeout=60,
                          env=surroundings(), check=False)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX")
def test_a_full_disk_while_the_demo_is_made_is_said_and_the_next_start_makes_it_whole(run_cli: Any, tmp_path: Path) -> None:
    home = str(tmp_path / "h")
    assert_told(when_full(2_000_000, "--home", home, "--demo", "screener", "run"), 1, "no room left", "Free some space")
    after = run_cli("--home", home, "--demo", "screener", "run", "--json")
    assert after.returncode == 0, after.stderr
    assert len(json.loads(after.stdout)["rows"]) > 100


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX")
def test_a_full_disk_loses_nothing_that_was_acknowledged(tapeline: Any, filled: Path) -> None:
    assert tapeline("watchlist", "create", "Kept").returncode == 0
    limit = (filled / "demo" / "book.duckdb").stat().st_size
    names, told = ["Kept"], None
    for number in range(60):
        done = when_full(limit, "--home", str(filled), "--demo", "watchlist", "create", f"L{number} {'x' * 3000}")
        if done.returncode:
            told = done
            break
        names.append(f"L{number} {'x' * 3000}")
    assert told is not None, "the limit was never reached"
    assert_told(told, 1)
    rows = json.loads(tapeline("watchlist", "list", "--json").stdout)["rows"]
    assert {row["name"] for row in rows} >= set(names)


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX")
def test_an_export_onto_a_full_disk_leaves_no_half_file(filled: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.pdf"
    done = when_full(20_000, "--home", str(filled), "--demo", "tearsheet", "export", "SPY", "--pdf", str(target))
    assert_told(done, 1)
    assert not target.exists()


# surroundings


@pytest.mark.parametrize("place", ["file/below", "/proc/nowhere"])
def test_a_home_that_cannot_be_written_is_said(type_in: Any, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert_told(type_in("--home", place, "--demo", "watchlist", "list"), 1, "cannot be written", "--home DIR")


def test_without_a_keyring_a_key_is_not_silently_forgotten(type_in: Any, tmp_path: Path) -> None:
    done = type_in("--home", "h", "preferences", "keys", "--json")
    assert done.returncode == 0
    providers = list(json.loads(done.stdout)["rows"])
    name = next((str(row[next(iter(row))]) for row in providers), "yahoo")
    done = type_in("--home", "h", "preferences", "key-set", name, stdin="secret-123\n")
    told = done.stdout + done.stderr
    assert "secret-123" not in told
    assert done.returncode == 1 or "keyring" in told.lower() or "session" in told.lower(), told
    assert "Traceback" not in told
    assert not [path for path in tmp_path.glob("h/**/*") if path.is_file() and b"secret-123" in path.read_bytes()]


def test_unreadable_settings_are_kept_and_the_program_goes_on(typed: Any, filled: Path) -> None:
    (filled / "settings.toml").write_bytes(b"mode = [unfinished\n\xff")
    assert typed("watchlist", "list").returncode == 0
    assert typed("preferences", "set", "mode", "pro").returncode == 0
    assert any(path.read_bytes() == b"mode = [unfinished\n\xff" for path in filled.glob("settings*"))


@pytest.mark.slow
def test_a_second_window_is_told_while_a_command_holds_the_home(tmp_path: Path, filled: Path) -> None:
    hold = ("import sys, time\nfrom pathlib import Path\nfrom terminal import instance\nfrom terminal.paths import Home\n"
            "lock = instance.Lock(Home(Path(sys.argv[1])))\nprint('held', flush=True)\ntime.sleep(60)\n")
    holder = subprocess.Popen([sys.executable, "-c", hold, str(filled)], env=surroundings(), stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        began = time.monotonic()
        for words in ((), ("watchlist", "list")):
            done = subprocess.run([sys.executable, "-m", "terminal", "--home", str(filled), *words], env=surroundings(),
                                  capture_output=True, text=True, timeout=60, check=False)
            assert_told(done, 1, "owns", "--home DIR")
        assert time.monotonic() - began < 50
    finally:
        holder.kill()
        holder.wait()
        assert holder.stdout is not None
        holder.stdout.close()
