"""All commands of the options desk."""

from __future__ import annotations

from plugins.options.chain.commands import chain

__all__ = [
    "chain",
]
