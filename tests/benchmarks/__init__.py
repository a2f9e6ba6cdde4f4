"""Tests of the benchmarks: that they compare what is the same."""
