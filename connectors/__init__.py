"""Reads sources: every answer is kept as received, and every run goes on where the last one stopped."""
