"""Runs a command that the user chose, and shows its answer where it belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from terminal.commands import Command
    from terminal.domain.sourced import Table
    from terminal.errors import TerminalError
    from terminal.shell.window import MainWindow

TALLIES = ("market.refresh",)


def run(window: MainWindow, command_id: str, arguments: Mapping[str, Any], done: Callable[[], None] | None = None,
        fail: Callable[[TerminalError], None] | None = None) -> None:
    """Run a command in a worker. Its answer goes to the panel it names, else to the result panel, else into a message.

    `done()` is called before the answer is shown; `fail(error)` instead of a message.
    """
    app = window.app
    command = app.registry.command(command_id)

    def failed(problem: TerminalError) -> None:
        window.notify(problem.sentence(), "error")

    def answered(table: Table) -> None:
        if done is not None:
            done()
        window.palette_.history.answered(command_id, table)
        show(window, command, table)

    arguments = _here(window, command, arguments)
    call = window.bridge.run(window, lambda report: app.start(command_id, dict(arguments), as_of=window.day_for(command),
                                                              progress=report),
                             then=answered, fail=fail or failed)
    if call.future is not None:
        window.track(call.future)


def _here(window: MainWindow, command: Command, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is said about the window in a window is said about that one."""
    able = window.windows is not None and command.gui and any(each.name == "window" for each in command.parameters)
    return {"window": window.number, **arguments} if able else arguments


def show(window: MainWindow, command: Command, table: Table) -> None:
    """Show the answer of a command."""
    if window.workspace is None:
        return
    if command.panel and command.panel in window.workspace.specs and window.workspace.answer(command.panel, command.id, table):
        return
    if command.id in TALLIES:  # its table only counts what was done: a line, and what went wrong
        for problem in reversed(table.unknown[1:]):
            window.messages.add(problem, "warn", quiet=True)
        text = f"{table.title}: {'with gaps. ' + table.unknown[0] if table.unknown else 'done.'}"
        window.notify(text, "warn" if table.unknown else "ok")
        return
    if table.detail.get("told") or (table.undo is not None and not table.undo.quiet):
        return  # said already, with its Undo
    if table.frame.height <= 1 and (len(table.columns) <= 2 or command.writes or command.gui):
        window.notify(sentence(table), "ok")
        return
    window.open_panel("results")
    window.when_built("results", lambda panel: panel.show_answer(command.id, table))


def sentence(table: Table) -> str:
    """A table of one row or none, said in a line."""
    rows = table.rows()
    if not rows:
        return " ".join(filter(None, [table.title + ".", *table.notes]))
    values = ", ".join(f"{column.title}: {rows[0][column.name]}" for column in table.columns if rows[0][column.name] is not None)
    return f"{table.title}: {values}" if values else table.title


def ask(window: MainWindow, command_id: str, values: Mapping[str, Any] | None = None) -> None:
    """Run a command; one with parameters is asked for them first, in a form."""
    command = window.app.registry.command(command_id)
    if not command.parameters:
        run(window, command_id, {})
        return
    from terminal.shell.question import Question

    def answer(arguments: dict[str, Any], done: Callable[[], None], failed: Callable[[TerminalError], bool]) -> None:
        def fail(problem: TerminalError) -> None:
            if not failed(problem):
                window.notify(problem.sentence(), "error")

        run(window, command_id, {**(values or {}), **arguments}, done, fail)

    Question(window, command, answer, values).show()
