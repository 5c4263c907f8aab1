"""Work of a window, or of all of them, done off the UI thread: a few workers, and answers that come back as one queued signal."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from terminal.ui.task import Bridge
from terminal.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.errors import TerminalError
    from terminal.shell.window import MainWindow
    from terminal.shell.windows import Windows

THREADS, PATIENCE_S = 3, 0.5


class Errands:
    """Runs jobs of a window, or of the program, and knows whether one is still on its way."""

    def __init__(self, window: MainWindow | Windows, of: Windows | None = None) -> None:
        """`of`: whose workers it uses, and with whom its bridge lives, because a worker may still have something to tell
        when the window is gone. Without, it has both for itself.
        """
        self._window = window
        shared = of.workers if of is not None else None
        self._own, self._closed = shared is None, False
        self.workers = shared or Workers(THREADS, self._rest)
        self._under_way: list[Future[Any]] = []
        self.bridge = Bridge(of or window, on_error=lambda _, problem: window.notify(problem.sentence(), "error"),
                             on_bug=window.bug)

    def run(self, job: Callable[[], Any], then: Callable[[Any], None], key: str = "",
            fail: Callable[[TerminalError], None] | None = None) -> None:
        """Run `job` in a worker and `then(result)` here; expected errors without `fail` become messages."""
        def told(result: Any) -> None:
            if not self._closed:
                then(result)

        call = self.bridge.run(self._window, lambda _: self._submit(job), then=told, fail=fail, key=key)
        if call.future is not None:
            self.track(call.future)

    def _submit(self, job: Callable[[], Any]) -> Future[Any]:
        future: Future[Any] = Future()

        def task() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(job())
            except BaseException as problem:
                future.set_exception(problem)

        self.workers.submit(task)
        return future

    def _rest(self) -> None:
        """In a worker, when nothing was asked for a while: the window's own questions read the store as well."""
        app = self._window.app if self._window.attached else None
        if app is not None:
            app.store.let_go()

    def track(self, future: Future[Any]) -> None:
        """Count `future` among what is on its way (`busy`)."""
        self._under_way = [each for each in (*self._under_way, future) if not each.done()]

    @property
    def busy(self) -> bool:
        """Whether something is still on its way to the window."""
        return any(not future.done() for future in self._under_way)

    def close(self) -> None:
        """Hand on no more answers; wait a moment for what runs in its own workers."""
        self._closed = True
        if self._own:
            self.workers.close(PATIENCE_S)
