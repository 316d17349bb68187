"""What Khabar costs, as ratios: `python -m benchmarks.bench`, told in docs/performance.md."""
