"""Chains as a table and as a panel."""
