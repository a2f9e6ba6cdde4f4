"""Clocks and memory: how a piece of work is measured."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1_000_000
_KIBIBYTE = 1024


@dataclass(slots=True)
class Stopwatch:
    """Seconds of the block that it was opened for."""

    seconds: float = 0.0


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Measure a block."""
    watch = Stopwatch()
    begun = time.perf_counter()
    try:
        yield watch
    finally:
        watch.seconds = time.perf_counter() - begun


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that has ended: what it printed, how long it took, and the most memory it held."""

    code: int
    output: str
    complaint: str
    seconds: float
    peak_megabytes: float


def run_process(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    given: str = "",
) -> Finished:
    """Run a process of its own, so that its memory is its own.

    Raises:
        RuntimeError: it failed; the message holds what it said.
    """
    with (
        tempfile.TemporaryFile("w+") as output,
        tempfile.TemporaryFile("w+") as complaint,
        tempfile.TemporaryFile("w+") as source,
    ):
        source.write(given)
        source.seek(0)
        begun = time.perf_counter()
        process = subprocess.Popen(
            list(arguments),
            stdin=source,
            stdout=output,
            stderr=complaint,
            env=environment and dict(environment),
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        complaint.seek(0)
        finished = Finished(
            process.returncode,
            output.read(),
            complaint.read(),
            seconds,
            usage.ru_maxrss * _KIBIBYTE / MEGABYTE,
        )
    if finished.code != 0:
        raise RuntimeError(
            f"{' '.join(arguments)} ended with {finished.code}:\n{finished.complaint}\n{finished.output}"
        )
    return finished


def cpu_seconds() -> float:
    """CPU seconds of this process so far, all of its threads."""
    return time.process_time()


def peak_megabytes() -> float:
    """The most memory that this process has held so far, as the kernel counts resident pages."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * _KIBIBYTE / MEGABYTE
    return 0.0


def forget_peak() -> None:
    """Begin a new peak: what was held before this call no longer counts (Linux)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
