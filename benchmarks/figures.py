"""Figures and where they are kept: a JSON document per benchmark and factor, so that a run can resume."""

import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

FOLDER = Path(__file__).parents[1] / ".benchmarks"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure, and the machine's raw limit for the same work where there is one.

    Attributes:
        name: What was measured.
        value: The figure.
        unit: Its unit.
        raw: The same figure for the bare work that the component cannot avoid.
        raw_work: What that bare work was.
    """

    name: str
    value: float
    unit: str
    raw: float | None = None
    raw_work: str | None = None

    @property
    def ratio(self) -> float | None:
        """The figure as a share of the raw limit."""
        return None if not self.raw else self.value / self.raw

    def line(self) -> str:
        """The figure as a line of text."""
        text = f"{self.name:<46} {rounded(self.value):>12} {self.unit:<12}"
        if self.raw is None or self.ratio is None:
            return text.rstrip()
        return f"{text} {rounded(self.ratio):>8} times {rounded(self.raw)} ({self.raw_work})"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one benchmark found at one factor."""

    benchmark: str
    factor: int
    measured_on: str
    machine: str
    figures: tuple[Figure, ...]

    @property
    def path(self) -> Path:
        """Where it is kept."""
        return FOLDER / "results" / f"{self.benchmark}-{self.factor}.json"

    def keep(self) -> None:
        """Write it, in place of an older one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def kept() -> Iterator[Outcome]:
    """Every kept outcome, by benchmark and factor."""
    for path in (FOLDER / "results").glob("*.json"):
        document = json.loads(path.read_text(encoding="utf-8"))
        yield Outcome(**document | {"figures": tuple(Figure(**figure) for figure in document["figures"])})


def machine() -> str:
    """The machine in a few words: figures mean nothing without it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"
    )


def rounded(value: float) -> str:
    """Three significant digits, with separators, without an exponent."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:  # noqa: PLR2004 - where separators begin
        return f"{round(value, 3 - len(str(int(abs(value))))):,.0f}"
    return f"{Decimal(f'{value:.3g}'):f}"
