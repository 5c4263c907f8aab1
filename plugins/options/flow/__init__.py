"""Unusual trades in options, and what became of them."""
