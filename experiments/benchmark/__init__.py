"""Measure the book's designs against those of the source tutorials: `make benchmark` (see `--help`).

Every measurement runs in a process of its own, and the two sides of a comparison take turns, so that
whatever else the machine does slows both alike. `results.schema.json` documents the results.
"""
