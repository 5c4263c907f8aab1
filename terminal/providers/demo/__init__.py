"""The demo market: a simulated exchange with fictional companies, for use without a network and for tests.

Imported cheaply: numpy and polars load with the first request.
"""

from __future__ import annotations

from terminal.providers.demo.provider import DemoProvider

__all__ = ["DemoProvider"]
