"""Measurements. ``make bench`` runs all; ``python -m tests.benchmarks.NAME --json`` runs one."""
