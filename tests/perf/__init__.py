"""Benchmarks that print ratios: `python3 -m tests.perf [NAME]`. No timing decides a test."""
