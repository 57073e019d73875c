"""Every figure of every report, on DuckDB and on Spark: they must not differ in one.

`make spark` asks on a cluster of two workers; `test_engines_agree.py` asks wherever Spark is
installed, inside one process.
"""
