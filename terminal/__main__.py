"""No arguments: the window; a command: the command line. `python3 -m terminal` and `tapeline` are the same thing."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from terminal import cli, instance, memory
from terminal.errors import Locked

if TYPE_CHECKING:
    from terminal.cli import Options


def open_window(options: Options) -> int:
    """Open the window, or bring the one that is open to the front."""
    deadline = time.monotonic() + instance.WAIT
    while True:
        held = _raise_running(options)
        if held is True:
            return 0
        if held is False:
            break
        if time.monotonic() >= deadline:
            raise held
        time.sleep(0.1)
    from terminal import libraries

    libraries.require()
    memory.before_window()
    from terminal.shell.main import run

    return run(options.home, options.demo)


def _raise_running(options: Options) -> Locked | bool:
    """True when a running window came to the front, False when nobody owns the home, else why it is not free."""
    try:
        instance.Lock(options.home).release()
        return False
    except Locked as problem:
        try:
            instance.Remote(options.home).run(instance.Request("window.raise", {}))
            return True
        except Locked:
            return problem


def main() -> None:
    """The entry point of the installed program."""
    memory.before_polars()
    code = cli.main(sys.argv[1:], open_window)
    sys.stdout.flush()
    sys.stderr.flush()
    hanging = any(thread.daemon and thread.name.startswith("worker") for thread in threading.enumerate())
    if hanging or "PySide6.QtWidgets" in sys.modules:
        # Everything is closed and written by now. A worker that hangs in a native call must not crash the interpreter's
        # own end, and taking thousands of Qt objects apart one by one would keep a closed window alive for seconds.
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
