"""A long history of a large organisation, written straight into evidence, for a transform to cope with."""

from benchmarks.long_history.history import LongHistory

__all__ = ["LongHistory"]
