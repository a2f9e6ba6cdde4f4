"""Computed beside simulated truth: every cell that must agree exactly, and how well rules do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from connectors.sandbox.measures import EXACT_METRICS
from connectors.sandbox.metric_values import MetricValue
from connectors.sandbox.truth import Truth
from orchestration.truth.rule_scores import Score, scores_of_rules

CellKey = tuple[str, str, str, str, str]
"""Metric, kind of scope, scope, grain, first day."""

_CELLS = """
select metric, scope_kind, scope_id, period_grain, period_start::varchar, value, numerator, denominator, n,
    list_contains(flags, 'withheld')
from marts.mart_metric_values where profile = 'dora_2026'
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell says; ratios and counts also by their parts."""

    value: Decimal | None
    numerator: int | None
    denominator: int | None
    n: int | None
    is_withheld: bool = False


WITHHELD = Cell(None, None, None, None, is_withheld=True)


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell in which computed and truth do not agree; None where one of them has no such cell."""

    key: CellKey
    computed: Cell | None
    truth: Cell | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Computed values beside the truth.

    Attributes:
        compared: Cells that must agree and are shown.
        withheld: Cells of small teams that the warehouse withholds: neither equal nor different.
        scores: How well each rule does, by what it finds.
    """

    computed: Mapping[CellKey, Cell]
    truth: Mapping[CellKey, Cell]
    differences: tuple[Difference, ...]
    compared: int
    withheld: int
    scores: Mapping[str, Score]


def compare(publication: Path, truth: Truth) -> Comparison:
    """Compare a publication with the truth of the organisation that it is about."""
    with duckdb.connect(str(publication / "analyst.duckdb"), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        rows = con.execute(_CELLS).fetchall()
        scores = scores_of_rules(con, truth)
    computed = {_row_key(row): Cell(*_exact(row[5:9]), is_withheld=bool(row[9])) for row in rows}
    simulated = {_key(value): _cell(value) for value in truth.metric_values()}
    computed |= dict.fromkeys(_withheld_days(computed, simulated), WITHHELD)
    differences = tuple(_differences(computed, simulated))
    keys = {key for key in computed.keys() | simulated.keys() if key[0] in EXACT_METRICS}
    withheld = sum(key in computed and computed[key].is_withheld for key in keys)
    return Comparison(computed, simulated, differences, len(keys) - withheld, withheld, scores)


def _withheld_days(computed: Mapping[CellKey, Cell], truth: Iterable[CellKey]) -> Iterable[CellKey]:
    """Give the days that a withheld team has no rows of: the number of its days would be a number."""
    quarters = {key for key, cell in computed.items() if key[3] == "quarter" and cell.is_withheld}
    for metric, kind, scope, grain, day in truth:
        key = (metric, kind, scope, grain, day)
        if grain == "day" and key not in computed and (*key[:3], "quarter", _quarter(day)) in quarters:
            yield key


def _quarter(day: str) -> str:
    year, month, _ = day.split("-")
    return f"{year}-{(int(month) - 1) // 3 * 3 + 1:02d}-01"


def _differences(computed: Mapping[CellKey, Cell], truth: Mapping[CellKey, Cell]) -> Iterable[Difference]:
    for key in sorted(computed.keys() | truth.keys()):
        if key[0] in EXACT_METRICS and not _agree(computed.get(key), truth.get(key)):
            yield Difference(key, computed.get(key), truth.get(key))


def _agree(computed: Cell | None, truth: Cell | None) -> bool:
    """Whether a cell says what is true, or says nothing of something that is there."""
    if computed is not None and computed.is_withheld:
        return computed == WITHHELD and truth is not None
    return computed == truth


def _exact(parts: tuple[object, ...]) -> tuple[Decimal | None, int | None, int | None, int | None]:
    value, numerator, denominator, n = parts
    return (
        Decimal(str(value)).normalize() if value is not None else None,
        int(str(numerator)) if numerator is not None else None,
        int(str(denominator)) if denominator is not None else None,
        int(str(n)) if n is not None else None,
    )


def _row_key(row: tuple[object, ...]) -> CellKey:
    metric, scope_kind, scope_id, grain, start = (str(part) for part in row[:5])
    return (metric, scope_kind, scope_id, grain, start)


def _key(value: MetricValue) -> CellKey:
    return (
        value.metric,
        value.scope_kind,
        value.scope_id,
        value.period_grain,
        value.period_start.isoformat(),
    )


def _cell(value: MetricValue) -> Cell:
    return Cell(*_exact((value.value, value.numerator, value.denominator, value.n)))
