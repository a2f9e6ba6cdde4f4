"""Measurements of the real components, each beside the machine's raw limit in the same run."""
