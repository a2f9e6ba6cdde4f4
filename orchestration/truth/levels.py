"""Published service levels beside the simulated truth: each objective by service, team and month."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb

from connectors.sandbox.level_truth import LevelTruth

LevelKey = tuple[str, str, str, str]
"""Objective, kind of scope, scope, first day of the month."""

_MONTHS = """
select
    objective_id, scope_kind, scope_id, strftime(window_start_date, '%Y-%m-01'), is_composite,
    attainment_ratio, is_met, counted_units, budget_units, spent_units, withheld_reason
from marts.mart_slo_attainment where window_kind = 'month'
"""


@dataclass(frozen=True, slots=True)
class Level:
    """What a month of an objective says; of a composite only its attainment and whether that is enough."""

    attainment: Decimal | None
    is_met: bool | None
    counted: Fraction | None
    budget: Fraction | None
    spent: Fraction | None


_SILENT = Level(None, None, None, None, None)


@dataclass(frozen=True, slots=True)
class LevelDifference:
    """A month in which computed and truth do not agree; None where one of them does not have it."""

    key: LevelKey
    computed: Level | None
    truth: Level | None


@dataclass(frozen=True, slots=True)
class LevelComparison:
    """How many months were compared, those that differ, and how many are withheld: of small teams."""

    compared: int
    differences: tuple[LevelDifference, ...]
    withheld: int


def compare_levels(publication: Path, truth: Iterable[LevelTruth]) -> LevelComparison:
    """Compare the months of a publication's objectives with the truth of the organisation it is about."""
    with duckdb.connect(str(publication / "analyst.duckdb"), read_only=True) as con:
        rows = con.execute(_MONTHS).fetchall()
    computed = dict(_computed(row[:-1]) for row in rows)
    simulated = {_key(row): _level(row) for row in truth}
    is_withheld = {_computed(row[:-1])[0] for row in rows if row[-1] is not None}
    withheld = {key for key in is_withheld & simulated.keys() if computed[key] == _SILENT}
    keys = sorted((computed.keys() | simulated.keys()) - withheld)
    return LevelComparison(len(keys), tuple(_differences(keys, computed, simulated)), len(withheld))


def _differences(
    keys: Iterable[LevelKey], computed: Mapping[LevelKey, Level], truth: Mapping[LevelKey, Level]
) -> Iterable[LevelDifference]:
    for key in keys:
        if computed.get(key) != truth.get(key):
            yield LevelDifference(key, computed.get(key), truth.get(key))


def _computed(row: tuple[object, ...]) -> tuple[LevelKey, Level]:
    objective, kind, scope, month, is_composite, attainment, is_met, *amounts = row
    counted, budget, spent = (
        None if is_composite or amount is None else Fraction(str(amount)) for amount in amounts
    )
    level = Level(_normal(attainment), None if is_met is None else bool(is_met), counted, budget, spent)
    return (str(objective), str(kind), str(scope), str(month)), level


def _key(row: LevelTruth) -> LevelKey:
    return (row.objective, row.scope_kind, row.scope_id, row.month.isoformat())


def _level(row: LevelTruth) -> Level:
    return Level(_normal(row.attainment), row.is_met, row.counted, row.budget, row.spent)


def _normal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value)).normalize()
