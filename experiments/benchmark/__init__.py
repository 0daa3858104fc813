"""Time the book's designs against those of the source tutorials: `make benchmark`."""
