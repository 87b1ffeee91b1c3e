"""Measurements, run by `make bench`: ratios of two ways to do the same work, in one run."""
