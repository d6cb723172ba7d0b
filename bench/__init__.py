"""Benchmarks: `char` and `spectral` against other ways; `char_peers` are the others."""
