"""Structures of options, what they cost, make and may lose: pure."""
