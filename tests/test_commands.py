"""The command model: signatures and docstrings to parameters, words and JSON to arguments."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest

from terminal.commands import Command, Parameter, UsageError, argument, command, commands_of, parse_tokens, split_docstring

if TYPE_CHECKING:
    from terminal.domain.sourced import Table

Symbol = Annotated[str, argument(help="A ticker.", metavar="SYMBOL")]


@command(title="Everything", long=True, panel="screener")
def every_thing(ctx: Any, symbol: Symbol, count: int = 5, *, start: date | None = None, out: Path | None = None,
                ratio: float = 0.5,
                fresh: bool = False, keep: bool = True, side: Literal["buy", "sell"] = "buy", tags: tuple[str, ...] = (),
                peer: Symbol | None = None, kind: Annotated[str, argument(choices=("a", "b"))] = "a") -> Table:
    """Do everything.

    It says more here.

    Args:
        count: How many,
            at most.
        start: First day.
        symbol: ignored, the annotation is nearer

    Returns: what it made.
    """
    raise NotImplementedError


@command(title="Several", hidden=True, gui=True, writes=True)
def several_(ctx: Any, symbols: tuple[str, ...], *, key: Annotated[str, argument(secret=True)]) -> Table:
    """Take several."""
    raise NotImplementedError


def made(*functions: Any, group: str = "") -> dict[str, Command]:
    module = ModuleType("plugins.sample.commands")
    for function in functions:
        setattr(module, function.__name__, function)
    return {one.id: one for one in commands_of(module, group)}


EVERY = made(every_thing)["sample.every_thing"]
SEVERAL = made(several_)["sample.several"]


def test_group_verb_and_flags_come_from_module_name_and_marks() -> None:
    assert (EVERY.group, EVERY.verb, EVERY.title, EVERY.long, EVERY.panel) == ("sample", "every_thing", "Everything", True,
                                                                               "screener")
    assert (SEVERAL.verb, SEVERAL.hidden, SEVERAL.gui, SEVERAL.writes) == ("several", True, True, True)
    assert set(made(every_thing, group="other")) == {"other.every_thing"}


def test_docstring_gives_summary_and_help_without_its_args_section() -> None:
    assert EVERY.summary == "Do everything."
    assert EVERY.doc == "Do everything.\n\nIt says more here.\n\nReturns: what it made."
    assert EVERY.parameter("count").help == "How many, at most."
    assert EVERY.parameter("symbol").help == "A ticker."
    assert EVERY.parameter("peer").help == "A ticker."
    assert split_docstring("Just this.") == ("Just this.", {})


def test_types_defaults_and_places() -> None:
    types = {one.name: (one.type, one.required, one.positional, one.optional, one.many) for one in EVERY.parameters}
    assert types["symbol"] == (str, True, True, False, False)
    assert types["count"] == (int, False, True, False, False)
    assert types["start"] == (date, False, False, True, False)
    assert types["out"] == (Path, False, False, True, False)
    assert types["tags"] == (str, False, False, False, True)
    assert EVERY.parameter("side").choices == ("buy", "sell")
    assert EVERY.parameter("kind").choices == ("a", "b")


def test_words_become_arguments() -> None:
    given = parse_tokens(EVERY, ["AAPL", "--start=2026-01-31", "7", "--ratio", "-0.5", "--fresh", "--no-keep", "--side", "sell",
                                 "--tags", "x,y", "--tags", "change(close, 20d) > 1", "--out", "a.csv"])
    assert given == {"symbol": "AAPL", "count": 7, "start": date(2026, 1, 31), "ratio": -0.5, "fresh": True, "keep": False,
                     "side": "sell", "tags": ("x", "y", "change(close, 20d) > 1"), "out": Path("a.csv")}


def test_a_positional_may_be_given_as_option_and_dashes_end_options() -> None:
    assert parse_tokens(EVERY, ["--symbol", "MSFT", "3"]) == {"symbol": "MSFT", "count": 3}
    assert parse_tokens(EVERY, ["--", "--odd"]) == {"symbol": "--odd"}
    assert parse_tokens(SEVERAL, ["A,B", "C"]) == {"symbols": ("A", "B", "C")}


@pytest.mark.parametrize(("words", "told"), [
    (["A", "x"], "count cannot be 'x'. Give a whole number."),
    (["A", "--start", "31.1.2026"], "start cannot be '31.1.2026'. Give a date like 2026-01-31."),
    (["A", "--start", "2026-02-30"], "start cannot be '2026-02-30'. Give a date like 2026-01-31."),
    (["A", "--ratio", "nan"], "ratio cannot be 'nan'. Give a number."),
    (["A", "--side", "sel"], "side cannot be 'sel'. Did you mean sell? Choose one of: buy, sell."),
    (["A", "--fersh"], "sample.every_thing has no option --fersh. Did you mean --fresh?"),
    (["A", "--ratio"], "--ratio needs a value. Give a number."),
    (["A", "--ratio", "--fresh"], "--ratio needs a value. Give a number."),
    (["A", "1", "2"], "sample.every_thing does not take '2'. See: tapeline sample every-thing --help"),
])
def test_wrong_words_are_told_in_one_sentence_and_a_hint(words: list[str], told: str) -> None:
    with pytest.raises(UsageError) as problem:
        parse_tokens(EVERY, words)
    assert problem.value.sentence() == told


def test_a_secret_is_never_taken_from_the_command_line() -> None:
    with pytest.raises(UsageError, match="secret"):
        parse_tokens(SEVERAL, ["A", "--key", "hunter2"])
    assert "key" not in parse_tokens(SEVERAL, ["A", "hunter2"])


def test_json_arguments_bind_like_words() -> None:
    bound = EVERY.bind({"symbol": "AAPL", "count": 7.0, "start": "2026-01-31", "tags": ["x"], "out": None, "fresh": True})
    assert bound == {"symbol": "AAPL", "count": 7, "start": date(2026, 1, 31), "tags": ("x",), "out": None, "fresh": True}
    portable = EVERY.to_json({**bound, "out": Path("a.csv")})
    assert json.loads(json.dumps(portable))["out"] == str(Path.cwd() / "a.csv")
    assert EVERY.bind(portable)["start"] == date(2026, 1, 31)


@pytest.mark.parametrize(("arguments", "told"), [
    ({}, "sample.every_thing needs symbol."),
    ({"symbl": "A"}, "Did you mean symbol?"),
    ({"symbol": None}, "symbol needs a value."),
    ({"symbol": "A", "count": 1.5}, "count cannot be 1.5."),
    ({"symbol": "A", "count": True}, "count cannot be True."),
    ({"symbol": "A", "tags": 3}, "tags takes a list"),
    ({"symbol": ["A"]}, "symbol cannot be ['A']."),
    ({"symbol": "A", "ratio": float("inf")}, "ratio cannot be inf."),
])
def test_wrong_json_is_told(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError) as problem:
        EVERY.bind(arguments)
    assert told in problem.value.sentence()


def test_a_type_that_cannot_travel_is_refused_when_the_command_is_declared() -> None:
    @command(title="Bad")
    def bad(ctx: Any, thing: dict[str, int]) -> Table:
        """Bad."""
        raise NotImplementedError

    with pytest.raises(TypeError, match="thing has the type"):
        made(bad)


HEAVY = ("PySide6", "pyqtgraph", "polars", "pandas", "numpy", "duckdb", "yfinance", "httpx", "typst", "talib", "keyring", "rich",
         "lark")


def test_importing_command_line_manifests_and_commands_loads_nothing_heavy() -> None:
    code = ("import sys, json, terminal.__main__, terminal.cli, terminal.registry, pathlib\n"
            "registry = terminal.registry.Registry()\n"
            "commands = registry.commands()\n"
            "broken = [(s.id, s.reason) for s in registry.states() if s.state != 'ready']\n"
            f"heavy = [name for name in {HEAVY} if name in sys.modules]\n"
            "print(json.dumps([len(commands), broken, heavy]))")
    root = str(Path(__file__).resolve().parent.parent)
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, timeout=60, check=True)
    count, broken, heavy = json.loads(answer.stdout)
    assert count > 10
    assert broken == []
    assert heavy == []


def test_an_argument_in_per_cent_may_be_typed_with_the_sign() -> None:
    risk = Parameter("risk", float, False, 1.0, False, metavar="PER CENT")
    assert [risk.convert(typed) for typed in ("1%", "1.5 %", "2", 0.5)] == [1.0, 1.5, 2.0, 0.5]
    with pytest.raises(UsageError, match="cannot be 'much'"):
        risk.convert("much%")
    with pytest.raises(UsageError):
        Parameter("price", float, False, 1.0, False, metavar="PRICE").convert("1%")
