"""What the demonstration prints: computed beside truth, and the verdict."""

from collections.abc import Iterator

import duckdb
from rich.table import Table

from orchestration.demonstration import Phases
from orchestration.errors import BuildFailedError
from orchestration.screens.figures import value_text
from orchestration.screens.terminal import narrow_table
from orchestration.truth.comparison import Cell, Comparison, Difference
from orchestration.truth.levels import LevelComparison
from orchestration.truth.rule_scores import Score
from orchestration.workspace import Workspace

COLUMNS = (
    ("deployment_frequency", "deploys", "deployments"),
    ("change_lead_time", "lead time", "seconds"),
    ("change_fail_rate_explicit", "fail rate", "ratio"),
    ("failed_deployment_recovery_time_explicit", "recovery", "seconds"),
    ("deployment_rework_rate", "rework", "ratio"),
)
_MOST_DIFFERENCES = 20
_NUMBER_TO_TRACE = """
select scope_id, strftime(period_start, '%Y-%m') from marts.mart_metric_values
where metric = 'change_lead_time' and scope_kind = 'service' and period_grain = 'month' and not is_partial
    and value is not null
order by period_start desc, n desc, scope_id limit 1
"""


def number_to_trace(workspace: Workspace) -> tuple[str, str]:
    """Choose the newest whole month's lead time of the busiest service."""
    with duckdb.connect(str(workspace.current / "analyst.duckdb"), read_only=True) as con:
        row = con.execute(_NUMBER_TO_TRACE).fetchone()
    if row is None:
        raise BuildFailedError("the publication has no lead time to trace")
    return f"service:{row[0]}", str(row[1])


def comparison_table(comparison: Comparison) -> Table:
    """Return a table of the newest quarter: for each service and metric, computed and truth."""
    quarters = [key[4] for key in comparison.truth if key[3] == "quarter" and key[1] == "service"]
    quarter = max(quarters, default="")
    table = narrow_table(f"Quarter from {quarter}: computed = truth")
    table.add_column("service", no_wrap=True)
    for _, title, _ in COLUMNS:
        table.add_column(title, justify="right", no_wrap=True)
    services = sorted({key[2] for key in comparison.truth if key[1] == "service" and key[4] == quarter})
    for service in services:
        table.add_row(service, *_row(comparison, service, quarter))
    return table


def _row(comparison: Comparison, service: str, quarter: str) -> Iterator[str]:
    for metric, _, unit in COLUMNS:
        key = (metric, "service", service, "quarter", quarter)
        computed, truth = comparison.computed.get(key), comparison.truth.get(key)
        sign = "=" if computed == truth else "[red]≠[/red]"
        yield f"{_text(computed, unit)}{sign}{_text(truth, unit)}"


def _text(cell: Cell | None, unit: str) -> str:
    if cell is None:
        return "missing"
    value = float(cell.value) if cell.value is not None else None
    return value_text(value, "" if unit == "deployments" else unit).replace(" ", "")


def difference_lines(comparison: Comparison) -> Iterator[str]:
    """Yield the first cells that differ."""
    for difference in comparison.differences[:_MOST_DIFFERENCES]:
        yield _difference_line(difference)
    rest = len(comparison.differences) - _MOST_DIFFERENCES
    if rest > 0:
        yield f"… and {rest} more cells"


def _difference_line(difference: Difference) -> str:
    metric, kind, scope, grain, start = difference.key
    place = f"{metric} {kind}:{scope} {grain} {start}"
    return f"DIFFERS {place}: computed {difference.computed}, truth {difference.truth}"


def verdict_lines(comparison: Comparison) -> Iterator[str]:
    """Yield how many cells were compared, and the scores of what rules find."""
    count = len(comparison.differences)
    grid = "service, team, organisation by day, week, month, quarter"
    cells = f"{comparison.compared:,} cells over explicit links ({grid})"
    yield f"{cells}: {f'{count} differ' if count else 'all equal, to the last digit'}."
    if comparison.withheld:
        yield f"{comparison.withheld:,} more, of teams below the minimum size, are withheld and not compared."
    for what, score in comparison.scores.items():
        yield f"{what}, by rule: {_score(score)}."


def level_lines(comparison: LevelComparison) -> Iterator[str]:
    """Yield the first months of objectives that differ, and how many were compared."""
    for difference in comparison.differences[:_MOST_DIFFERENCES]:
        place = " ".join(difference.key)
        yield f"DIFFERS {place}: computed {difference.computed}, truth {difference.truth}"
    count = len(comparison.differences)
    months = (
        f"{comparison.compared:,} months of objectives (service, team; attainment, budget, what was spent)"
    )
    yield f"{months}: {f'{count} differ' if count else 'all equal, to the last digit'}."


def ending_lines(workspace: Workspace, phases: Phases) -> Iterator[str]:
    """Yield where the time went, and what to look at next."""
    yield "Time: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in phases.seconds.items())
    yield ""
    yield f"Open the report: {workspace.current / 'report.html'}"
    yield f"Look around:     assay dev --workspace {workspace.root}"


def _score(score: Score) -> str:
    return (
        f"precision {_share(score.precision)} ({score.right} of {score.found} found), "
        f"recall {_share(score.recall)} ({score.right} of {score.real} real)"
    )


def _share(value: float | None) -> str:
    return "none" if value is None else f"{100 * value:.0f} %"
