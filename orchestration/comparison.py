"""Computed beside simulated truth: every cell that must agree exactly, and how well links by rule do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from connectors.sandbox.measures import EXACT_METRICS
from connectors.sandbox.metric_values import MetricValue
from connectors.sandbox.truth import Truth

CellKey = tuple[str, str, str, str, str]
"""Metric, kind of scope, scope, grain, first day."""

_CELLS = """
select metric, scope_kind, scope_id, period_grain, period_start::varchar, value, numerator, denominator, n
from marts.mart_metric_values where profile = 'dora_2026'
"""
_LINKED_BY_RULE = """
select deployment_id from marts.fct_deployments
where is_production and is_change_failure and not is_change_failure_explicit
"""
_CAUSES_BY_RULE = """
select repository || '#' || number, unnest(deployment_ids) from marts.fct_incidents
where is_severity_configured and link_strength = 'rule'
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell says; ratios and counts also by their parts."""

    value: Decimal | None
    numerator: int | None
    denominator: int | None
    n: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell in which computed and truth do not agree; None where one of them has no such cell."""

    key: CellKey
    computed: Cell | None
    truth: Cell | None


@dataclass(frozen=True, slots=True)
class LinkScore:
    """How what only a rule finds compares with what really was and left no reference.

    Attributes:
        found: What the rule finds.
        real: What was, without an explicit reference.
        right: Both.
    """

    found: int
    real: int
    right: int

    @property
    def precision(self) -> float | None:
        """Share of the found ones that are right."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of the real ones that were found."""
        return self.right / self.real if self.real else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Computed values beside the truth.

    Attributes:
        links: Deployments that a rule calls failures.
        causes: Pairs of an incident and the deployment that a rule takes for its cause.
    """

    computed: Mapping[CellKey, Cell]
    truth: Mapping[CellKey, Cell]
    differences: tuple[Difference, ...]
    compared: int
    links: LinkScore
    causes: LinkScore


def compare(publication: Path, truth: Truth) -> Comparison:
    """Compare a publication with the truth of the organisation that it is about."""
    with duckdb.connect(str(publication / "analyst.duckdb"), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        rows = con.execute(_CELLS).fetchall()
        found = {deployment_id for (deployment_id,) in con.execute(_LINKED_BY_RULE).fetchall()}
        causes = {(str(incident), str(cause)) for incident, cause in con.execute(_CAUSES_BY_RULE).fetchall()}
    computed = {_row_key(row): Cell(*_exact(row[5:])) for row in rows}
    simulated = {_key(value): _cell(value) for value in truth.metric_values()}
    differences = tuple(_differences(computed, simulated))
    compared = sum(key[0] in EXACT_METRICS for key in computed.keys() | simulated.keys())
    return Comparison(
        computed, simulated, differences, compared, _link_score(found, truth), _cause_score(causes, truth)
    )


def _differences(computed: Mapping[CellKey, Cell], truth: Mapping[CellKey, Cell]) -> Iterable[Difference]:
    for key in sorted(computed.keys() | truth.keys()):
        if key[0] in EXACT_METRICS and computed.get(key) != truth.get(key):
            yield Difference(key, computed.get(key), truth.get(key))


def _exact(parts: tuple[object, ...]) -> tuple[Decimal | None, int | None, int | None, int]:
    value, numerator, denominator, n = parts
    return (
        Decimal(str(value)).normalize() if value is not None else None,
        int(str(numerator)) if numerator is not None else None,
        int(str(denominator)) if denominator is not None else None,
        int(str(n)),
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


def _link_score(found: set[str], truth: Truth) -> LinkScore:
    reached = [deployment for deployment in truth.deployments if deployment.outcome == "success"]
    real = {
        part
        for deployment in reached
        if deployment.is_change_failure and not deployment.is_change_failure_explicit
        for part in deployment.part_ids
    }
    silent = sum(
        deployment.is_change_failure and not deployment.is_change_failure_explicit for deployment in reached
    )
    return LinkScore(found=len(found), real=silent, right=len(found & real))


def _cause_score(found: set[tuple[str, str]], truth: Truth) -> LinkScore:
    first_parts = {part: row.part_ids[0] for row in truth.deployments for part in row.part_ids}
    real = {
        (incident.incident, cause)
        for incident in truth.incidents
        if not incident.is_explicit
        for cause in incident.caused_by
    }
    named = {(incident, first_parts.get(cause, cause)) for incident, cause in found}
    return LinkScore(found=len(named), real=len(real), right=len(named & real))
