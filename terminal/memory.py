"""Keeps the process small: what was freed goes back to the system, rather than being kept for a next time.

polars allocates with jemalloc, DuckDB, Qt and Python with the C library. Both keep freed memory for themselves unless told
otherwise, and after a full screen that is several hundred megabytes. Where there is nothing to tell (other systems than
Linux), nothing happens.
"""

from __future__ import annotations

import os
import sys

# One pool for all threads, which keep little of their own; freed pages go back after 0.1 s, by a thread of jemalloc's own.
POLARS = "narenas:1,lg_tcache_max:12,background_thread:true,dirty_decay_ms:100,muzzy_decay_ms:0"
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # names of mallopt(3)
_DONTNEED = 4  # of madvise(2)
_ENGINES = ("/_polars_runtime", "/_duckdb")


def before_polars() -> None:
    """Tell polars' allocator, and numpy's linear algebra to use one thread: for matrices as small as ours its threads spend
    more time waiting for each other than multiplying. Only counts before they are imported. A value the user has set stands.
    """
    os.environ.setdefault("_RJEM_MALLOC_CONF", POLARS)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def begin() -> None:
    """Tell the C library: few arenas, and large pieces apart, which go back as soon as they are freed."""
    tell = _library("mallopt")
    if tell is not None:
        for name, value in ((_MMAP_THRESHOLD, 256 * 1024), (_TRIM_THRESHOLD, 1024 * 1024), (_ARENA_MAX, 2)):
            tell(name, value)


def give_back() -> None:
    """Hand what the C library keeps back to the system. Takes milliseconds; not for the window's thread."""
    trim = _library("malloc_trim")
    if trim is not None:
        trim(0)


def let_go_of_code() -> None:
    """Unmap the code of the two large engines: of their 200 MB a start runs through 80 once, and most of it never again.

    The pages stay in the system's file cache until it has a better use for them; what runs again is mapped again, which
    costs a millisecond. Only pages of code, which nobody writes to.
    """
    advise = _library("madvise")
    if advise is None:
        return
    import ctypes
    from pathlib import Path

    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    with Path("/proc/self/maps").open(encoding="utf-8") as maps:
        for line in maps:
            span, allowed, *_, path = line.split()
            if allowed.startswith("r-x") and any(name in path for name in _ENGINES):
                first, end = (int(each, 16) for each in span.split("-"))
                advise(first, end - first, _DONTNEED)


def before_window() -> None:
    """Load Qt without its habit of reading every Python module's source; before anything else that is heavy is imported.

    PySide6 looks into the source of each module imported after it, whether the module might use PySide6's renaming
    features (which nothing here does), and keeps all those sources: 30 MB, and a third of the start's imports in time.
    """
    import importlib
    import linecache

    importlib.import_module("PySide6.QtCore")  # by name: this module belongs to rooms that know no Qt
    linecache.clearcache()
    support = sys.modules.get("shibokensupport.feature")
    if support is not None and hasattr(support, "_mod_uses_pyside"):
        support._mod_uses_pyside = lambda module: False  # type: ignore[attr-defined]


def _library(name: str):  # type: ignore[no-untyped-def]
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    try:
        return getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError):  # another C library, such as musl
        return None
