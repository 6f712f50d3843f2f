"""`make bench`: measured speed, as ratios to named peers. docs/bench.md shows and explains the figures."""
