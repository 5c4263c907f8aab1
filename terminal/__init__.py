"""Tapeline, a local-first research terminal."""

__version__ = "0.1.0"
