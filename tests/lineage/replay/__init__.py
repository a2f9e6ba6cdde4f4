"""Replay: from stored SQL and the bytes of records to a number."""
