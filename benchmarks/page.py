"""The figures as they stand in docs/benchmarks.md."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.figures import Outcome, rounded

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN = "<!-- written by `python -m benchmarks` -->\n"
END = "<!-- end of the written part -->\n"


def write_page(outcomes: Sequence[Outcome], names: Sequence[str]) -> None:
    """Put every kept outcome into the page, by the order of the benchmarks' names.

    A benchmark that was never measured here keeps the figures that stand there.
    """
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    written, _, after = rest.partition(END)
    sections = dict(_sections(written))
    for name in names:
        of_name = [outcome for outcome in outcomes if outcome.benchmark == name]
        if of_name:
            sections[_heading(name)] = "\n".join(_table(sorted(of_name, key=lambda one: one.factor)))
    part = "\n\n".join(
        f"{heading}\n\n{sections[heading]}" for heading in map(_heading, names) if heading in sections
    )
    PAGE.write_text(f"{before}{BEGIN}\n{part}\n{END}{after}", encoding="utf-8")


def _sections(written: str) -> Iterator[tuple[str, str]]:
    """What stands in the page, by its heading."""
    for section in re.split(r"^(?=### )", written, flags=re.MULTILINE):
        if section.startswith("### "):
            heading, _, text = section.partition("\n")
            yield heading, text.strip()


def _heading(name: str) -> str:
    return f"### {name.capitalize()}"


def _table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield (
        "Measured on "
        + "; ".join(dict.fromkeys(f"{one.measured_on}, {one.machine}" for one in outcomes))
        + ".\n"
    )
    yield "| Figure | " + " | ".join(f"factor {one.factor}" for one in outcomes) + " |"
    yield "|---|" + "---:|" * len(outcomes)
    rows = list(dict.fromkeys(figure.name for one in outcomes for figure in one.figures))
    for row in rows:
        cells = [_cell(one, row) for one in outcomes]
        yield f"| {row} | " + " | ".join(cells) + " |"


def _cell(outcome: Outcome, name: str) -> str:
    for figure in outcome.figures:
        if figure.name == name:
            text = f"{rounded(figure.value)} {figure.unit}"
            if figure.raw is None or figure.ratio is None:
                return text
            return f"{text}; {rounded(figure.ratio)} times {rounded(figure.raw)} ({figure.raw_work})"
    return ""
