"""What the sandbox costs, as ratios measured in one run: ``python -m benchmarks``."""
