"""The linter: what a programme and its offers would do, told before they are published.

Pure. docs/algorithms/linting.md tells what is proved and what is searched, with worked figures.
"""
