"""The figures as they stand in docs/benchmarks.md."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Outcome, rounded

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN = "<!-- written by `python -m benchmarks` -->\n"
END = "<!-- end of the written part -->\n"


def write_page(outcomes: list[Outcome]) -> None:
    """Put every kept outcome into the page, in place of what stood there."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    part = "\n".join(_part(outcomes))
    PAGE.write_text(f"{before}{BEGIN}{part}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def _part(outcomes: list[Outcome]) -> Iterator[str]:
    names = list(dict.fromkeys(outcome.benchmark for outcome in outcomes))
    for name in names:
        of_name = sorted(
            (outcome for outcome in outcomes if outcome.benchmark == name), key=lambda one: one.factor
        )
        yield from _table(name, of_name)


def _table(name: str, outcomes: list[Outcome]) -> Iterator[str]:
    yield f"\n### {name.capitalize()}\n"
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
