"""A command line read while it is typed: meaning, mistakes with their column, completions."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from terminal.commands import parse_tokens
from terminal.errors import UserError
from terminal.registry import Registry
from terminal.shell.palette_line import commands_by_group, normal, quoted, read, words

if TYPE_CHECKING:
    from pathlib import Path

PRESETS = [("all", "Everything"), ("value", "Good at a fair price"), ("My screen", "pe < 15")]
LISTS = [("tech", "3 symbols")]


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("none")
    return commands_by_group(Registry(folder, entry_points=False).commands().values())


def values(command: Any, parameter: Any, said: str, given: Any) -> Any:
    if parameter.name == "preset":
        return PRESETS, True
    if command.group == "watchlist" and parameter.name == "name":
        return LISTS, command.verb != "create"
    if parameter.name in ("symbol", "symbols"):
        return [(symbol, "") for symbol in ("NVDA", "NVRA") if symbol.startswith(said.upper())], False
    return None


@pytest.mark.parametrize("text", [
    "screener run --preset value --limit 5", "screener.run --show=unknown", "tapeline screener run --no-record",
    'screener run --rule "pe_ttm < 15 and roe > 12%"', "watchlist add tech NVDA AMD", "window theme light",
    "tearsheet dcf NVDA --wacc 0.09", "market bars NVDA --start 2026-01-31"])
def test_a_good_line_means_what_it_means_in_the_shell(groups: Any, text: str) -> None:
    line = read(text, groups, values)
    assert line is not None and line.ready and line.command is not None
    tokens = shlex.split(text.replace("tapeline ", ""))
    tail = tokens[1:] if "." in tokens[0] else tokens[2:]
    assert dict(line.arguments) == parse_tokens(line.command, tail)


@pytest.mark.parametrize(("text", "column", "said"), [
    ("screener rnu --limit 3", 10, "Did you mean run?"),
    ("screener run --limit x", 22, "limit cannot be 'x'. Give a whole number."),
    ("screener run --limt 3", 14, "has no option --limt. Did you mean --limit?"),
    ("screener run --show=most", 21, "show cannot be 'most'"),
    ("screener run --preset valu", 23, "Did you mean value?"),
    ("screener run --limit", 14, "--limit needs a value"),
    ("market bars NVDA --start yesterday", 26, "a date like 2026-01-31"),
    ("window theme light dark", 20, "does not take 'dark'"),
    ("watchlist show nothing", 16, "There is no name 'nothing'"),
    ("preferences key-set finnhub secret", 29, "does not take 'secret'")])
def test_a_mistake_is_told_with_its_column(groups: Any, text: str, column: int, said: str) -> None:
    line = read(text, groups, values)
    assert line is not None and line.problem is not None and not line.ready
    assert line.problem.column == column and said in line.problem.sentence()
    assert f"Column {column}:" in line.problem.sentence()


@pytest.mark.parametrize(("text", "first"), [
    ("screener ", "screener diff "), ("screener ru", "screener runs "), ("screener run --pre", "screener run --preset "),
    ("screener run --preset ", "screener run --preset all "), ("screener run --preset my", 'screener run --preset "My screen" '),
    ("window theme l", "window theme light "), ("watchlist add te", "watchlist add tech "),
    ("watchlist add tech NVR", "watchlist add tech NVRA "), ("watchlist add NVDA tech", "watchlist add tech NVDA"),
    ('screener run --preset "My s', 'screener run --preset "My screen" '), ("screener rnu", "screener run ")])
def test_what_may_follow_is_offered(groups: Any, text: str, first: str) -> None:
    line = read(text, groups, values)
    assert line is not None and line.completions[0].line == first


def test_what_is_needed_is_named_and_what_is_begun_is_not_run(groups: Any) -> None:
    missing = read("watchlist add tech ", groups, values)
    assert missing is not None and [each.name for each in missing.missing] == ["symbols"] and not missing.ready
    begun = read("tearsheet show NVR", groups, values)
    assert begun is not None and begun.unsettled
    done = read("tearsheet show NVRA", groups, values)
    assert done is not None and done.ready and not done.unsettled


@pytest.mark.parametrize("text", ["", "nvda", "screener", "gp nvda", "pe_ttm < 15"])
def test_other_words_are_no_command_line(groups: Any, text: str) -> None:
    assert read(text, groups, values) is None


def test_words_keep_their_places() -> None:
    assert [(each.text, each.start, each.end, each.open) for each in words('a  "b c" --x="d e" f "g')] == [
        ("a", 0, 1, False), ("b c", 3, 8, False), ("--x=d e", 9, 18, False), ("f", 19, 20, False), ("g", 21, 23, True)]
    assert [quoted(each) for each in ("a", "a b", 'a "b" c', "--x", "")] == ["a", '"a b"', "'a \"b\" c'", '"--x"', '""']


def test_a_line_has_one_normal_form(groups: Any) -> None:
    assert normal("tapeline screener.run  --preset value", groups) == "screener run --preset value"
    with pytest.raises(UserError, match="Column 14"):
        normal("screener run --nonsense", groups)
    with pytest.raises(UserError, match="no shortcut or command"):
        normal("nonsense here", groups)


def test_every_command_can_be_reached_by_completion_alone(groups: Any) -> None:
    for group, verbs in groups.items():
        offered = {each.line for each in read(f"{group} ", groups).completions}  # type: ignore[union-attr]
        assert offered == {f"{group} {verb} " for verb in verbs}
        for verb, command in verbs.items():
            line = read(f"{group} {verb} ", groups)
            assert line is not None and line.command is command
            flags = {each.title for each in line.completions}
            assert {each.flag for each in command.parameters if not each.positional and not each.secret} <= flags
