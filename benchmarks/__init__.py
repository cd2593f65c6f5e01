"""Timings, as ratios of medians measured in turn in one run. `python -m benchmarks [NAME]...`."""
