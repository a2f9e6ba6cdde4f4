"""Seconds of the stages of one piece of work."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.measuring import cpu_seconds, stopwatch


@dataclass(slots=True)
class Stages:
    """Seconds and CPU seconds by stage."""

    seconds: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a block under a name."""
        before = cpu_seconds()
        with stopwatch() as watch:
            yield
        self.seconds[name] = watch.seconds
        self.cpu[name] = cpu_seconds() - before
