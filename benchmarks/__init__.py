"""Figures, from runs: one script a question, its result beside it in `results/` as JSON.

`python -m benchmarks.shakespeare` and so on; `python -m benchmarks.all` runs them all.
"""
