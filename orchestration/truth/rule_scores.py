"""What rules find beside what really was: the precision and recall of links and classifications."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass

import duckdb

from connectors.sandbox.truth import DeploymentTruth, Truth

_LINKED_BY_RULE = """
select deployment_id from marts.fct_deployments
where is_production and is_change_failure and not is_change_failure_explicit
"""
_CAUSES_BY_RULE = """
select *, unnest(deployment_ids) as cause from marts.fct_incidents
where is_severity_configured and link_strength = 'rule'
"""
_CLASSIFIED = (
    "select deployment_id from marts.fct_deployments where is_production and outcome = 'success' and {}"
)
_DEFECTS = "select source_kind, issue_key from marts.fct_issues where is_production_defect and is_counted"


@dataclass(frozen=True, slots=True)
class Score:
    """How what a rule finds compares with what really was.

    Attributes:
        found: What the rule finds.
        real: What was.
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


CLASSES: Mapping[str, tuple[str, Callable[[DeploymentTruth], bool]]] = {
    "Rollbacks": ("is_rollback", lambda row: row.is_rollback),
    "Hotfixes, among rollouts with a fix": (
        "is_hotfix",
        lambda row: row.is_repair and not row.is_rollback and not row.is_without_change,
    ),
    "Unplanned work": ("is_unplanned", lambda row: row.is_repair or row.is_unplanned),
}
"""By class of deployments: the column in which a rule says so, and what really makes one."""


def scores_of_rules(con: duckdb.DuckDBPyConnection, truth: Truth) -> dict[str, Score]:
    """How well each rule does over a publication, by what it finds."""
    return dict(_scores(con, truth))


def _scores(con: duckdb.DuckDBPyConnection, truth: Truth) -> Iterator[tuple[str, Score]]:
    reached = [deployment for deployment in truth.deployments if deployment.outcome == "success"]
    first_parts = {part: row.part_ids[0] for row in truth.deployments for part in row.part_ids}
    yield (
        "Failures, where they left no reference",
        _score(
            _found(con, _LINKED_BY_RULE, first_parts),
            {
                row.part_ids[0]
                for row in reached
                if row.is_change_failure and not row.is_change_failure_explicit
            },
        ),
    )
    yield (
        "Causes of incidents, where nothing names them",
        _score(
            {(incident, first_parts.get(cause, cause)) for incident, cause in _causes(con)},
            {
                (incident.incident, first_parts.get(cause, cause))
                for incident in truth.incidents
                if not incident.is_explicit
                for cause in incident.caused_by
            },
        ),
    )
    for title, (column, is_real) in CLASSES.items():
        found = _found(con, _CLASSIFIED.format(column), first_parts)
        yield title, _score(found, {row.part_ids[0] for row in reached if is_real(row)})
    yield (
        "Defects that users met, among work items",
        _score(
            set(con.execute(_DEFECTS).fetchall()),
            {(row.tool, row.item) for row in truth.work_items if row.is_production_defect},
        ),
    )


def _causes(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    """Pairs of an incident, by its issue or else by what its tool calls it, and a cause."""
    rows = con.execute(_CAUSES_BY_RULE).fetchall()
    names = [column[0] for column in con.description or ()]
    for row in rows:
        told = dict(zip(names, row, strict=True))
        is_issue = told["repository"] is not None and told["number"] is not None
        yield f"{told['repository']}#{told['number']}" if is_issue else str(told["reference"]), told["cause"]


def _found(con: duckdb.DuckDBPyConnection, query: str, first_parts: Mapping[str, str]) -> set[Hashable]:
    return {first_parts.get(found, found) for (found,) in con.execute(query).fetchall()}


def _score(found: set[Hashable], real: set[Hashable]) -> Score:
    return Score(found=len(found), real=len(real), right=len(found & real))
