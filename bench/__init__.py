"""Benchmarks: ratios against plain PostgreSQL, measured in one run."""
