"""The demonstration's numbers beside the simulated truth."""
