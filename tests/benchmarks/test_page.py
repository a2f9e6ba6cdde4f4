"""The page of figures: what was measured is written, and what was not stays as it stands."""

from pathlib import Path

import pytest

from benchmarks import page
from benchmarks.figures import Figure, Outcome, rounded

NAMES = ("ledger", "parsing", "against_sql")
BEFORE = f"""# Figures

{page.BEGIN}
### Ledger

Measured elsewhere.

| Figure | factor 1 |
|---|---:|
| leaves | 5 leaves/s |

### Parsing

Measured long ago.
{page.END}
What follows.
"""


def outcome(name: str, factor: int, value: float) -> Outcome:
    figures = (Figure("asked", value, "ms", 8.0, "the peer"),)
    return Outcome(name, factor, "2026-05-04", "2 cores", figures)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page with the figures of two benchmarks."""
    file = tmp_path / "benchmarks.md"
    file.write_text(BEFORE, encoding="utf-8")
    monkeypatch.setattr(page, "PAGE", file)
    return file


def test_what_was_not_measured_here_stays(written: Path) -> None:
    page.write_page([outcome("parsing", 1, 4.0)], NAMES)
    text = written.read_text(encoding="utf-8")
    assert "Measured elsewhere." in text
    assert "| leaves | 5 leaves/s |" in text
    assert "Measured long ago." not in text
    assert text.startswith("# Figures")
    assert text.endswith("What follows.\n")


def test_sections_come_in_the_order_of_the_names_and_factors_side_by_side(written: Path) -> None:
    page.write_page([outcome("against_sql", 10, 2.0), outcome("against_sql", 1, 4.0)], NAMES)
    text = written.read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("### ")] == [
        "### Ledger",
        "### Parsing",
        "### Against_sql",
    ]
    assert "| Figure | factor 1 | factor 10 |" in text
    row = "| asked | 4 ms; 0.5 times 8 (the peer) | 2 ms; 0.25 times 8 (the peer) |"
    assert row in text


def test_writing_twice_changes_nothing(written: Path) -> None:
    page.write_page([outcome("ledger", 1, 4.0)], NAMES)
    once = written.read_text(encoding="utf-8")
    page.write_page([outcome("ledger", 1, 4.0)], NAMES)
    assert written.read_text(encoding="utf-8") == once


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (0.000029, "0.000029"),
        (0.0773, "0.0773"),
        (1.0, "1"),
        (999.4, "999"),
        (695_300.0, "695,000"),
    ],
)
def test_figures_have_three_digits_and_no_exponent(value: float, shown: str) -> None:
    assert rounded(value) == shown
