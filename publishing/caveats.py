"""What a reader should keep in mind, derived from the published rows themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from governance.gate import Decision
from publishing.context import CheckResult
from publishing.figures import Figures

_REASONS = {
    "no_baseline": "their service had no earlier deployment to compare with",
    "negative_duration": "their deployment appears to precede their commit",
    "no_service": "no service owns them",
    "paths_unknown": "the paths that they touch are unknown",
    "not_merged": "they were not merged",
    "merge_result_unknown": "their merge could not be found in the commit graph",
}
CAVEATS_SQL = {
    "incomplete": """
select count(*) as value_count, list(distinct metric order by metric) as metrics
from marts.mart_metric_values where list_contains(flags, 'incomplete')
""",
    "disputed": """
select count(*) as value_count from marts.mart_metric_values where list_contains(flags, 'disputed')
""",
    "excluded_changes": """
select coalesce(exclusion_reason, 'no reason given') as reason, count(*) as change_count
from marts.fct_changes where state = 'excluded' group by 1 order by 2 desc, 1
""",
    "rule_links": """
select count(*) filter (where failure_link = 'rule') as by_rule_count, count(*) as failure_count
from marts.fct_deployments where is_change_failure
""",
    "open_failures": """
select count(*) as failure_count from marts.fct_change_failures where is_open and link_basis = 'any'
""",
    "withheld": """
select count(*) as value_count from marts.mart_metric_values where list_contains(flags, 'withheld')
""",
}
"""What each caveat counts; column lineage reads it, too."""
_METRICS_NAMED = 5


@dataclass(frozen=True, slots=True)
class Caveat:
    """One thing to keep in mind. `weight` is `problem`, `limit` or `note`."""

    weight: str
    title: str
    text: str


def find_caveats(
    con: duckdb.DuckDBPyConnection,
    figures: Figures,
    decisions: Sequence[Decision],
    checks: Sequence[CheckResult],
) -> list[Caveat]:
    """List what limits the numbers, the most serious first."""
    return [
        *_closed_metrics(decisions),
        *_warnings(checks),
        *_incomplete(con),
        *_disputed(con),
        *_periods(figures),
        *_excluded_changes(con),
        *_rule_links(con),
        *_open_failures(con),
        *_withheld(con),
    ]


def _closed_metrics(decisions: Sequence[Decision]) -> list[Caveat]:
    return [
        Caveat("problem", f"{decision.metric} is not published", " ".join(decision.reasons))
        for decision in decisions
        if not decision.is_open
    ]


def _warnings(checks: Sequence[CheckResult]) -> list[Caveat]:
    return [
        Caveat("limit", f"Check: {check.name.replace('_', ' ')}", f"{check.subject}: {check.message}")
        for check in checks
        if not check.is_passed
    ]


def _periods(figures: Figures) -> list[Caveat]:
    found = []
    partial = [month for month in figures.months if month not in figures.complete_months]
    if partial:
        months = ", ".join(f"{month:%b %Y}" for month in partial)
        text = f"{months}: the data does not cover the whole month. Shown hollow, and never compared."
        found.append(Caveat("note", "Partial months", text))
    maturing = sorted({cell.period_start for cell in figures.cells.values() if cell.is_maturing})
    if maturing:
        months = ", ".join(f"{month:%b %Y}" for month in maturing)
        text = f"{months}: incidents may still be linked to deployments, so fail rates can rise."
        found.append(Caveat("note", "Maturing months", text))
    return found


def _incomplete(con: duckdb.DuckDBPyConnection) -> list[Caveat]:
    rows = _rows(
        con,
        "mart_metric_values",
        ("flags",),
        CAVEATS_SQL["incomplete"],
    )
    if not rows or not rows[0][0]:
        return []
    count, metrics = rows[0]
    named = [metric.replace("_", " ") for metric in metrics[:_METRICS_NAMED]]
    more = [f"{len(metrics) - len(named):,} more"] if len(metrics) > len(named) else []
    text = (
        "Something of their period was not read from its source, so events may be missing in them. "
        f"They carry the flag incomplete, and are of {', '.join([*named, *more])}."
    )
    return [Caveat("limit", f"{count:,} values are incomplete", text)]


def _disputed(con: duckdb.DuckDBPyConnection) -> list[Caveat]:
    rows = _rows(
        con,
        "mart_metric_values",
        ("flags",),
        CAVEATS_SQL["disputed"],
    )
    if not rows or not rows[0][0]:
        return []
    text = (
        "Somebody whom they measure says that they are wrong, and the dispute is open. "
        "They carry the flag disputed."
    )
    return [Caveat("limit", f"{rows[0][0]:,} values are disputed", text)]


def _excluded_changes(con: duckdb.DuckDBPyConnection) -> list[Caveat]:
    rows = _rows(
        con,
        "fct_changes",
        ("state", "exclusion_reason"),
        CAVEATS_SQL["excluded_changes"],
    )
    if not rows:
        return []
    parts = [f"{count:,} because {_REASONS.get(reason, reason.replace('_', ' '))}" for reason, count in rows]
    total = sum(count for _, count in rows)
    return [Caveat("note", f"{total:,} changes are left out of lead time", "; ".join(parts) + ".")]


def _rule_links(con: duckdb.DuckDBPyConnection) -> list[Caveat]:
    rows = _rows(
        con,
        "fct_deployments",
        ("is_change_failure", "failure_link"),
        CAVEATS_SQL["rule_links"],
    )
    if not rows or not rows[0][0]:
        return []
    by_rule, total = rows[0]
    text = (
        f"{by_rule:,} of {total:,} failed deployments are known only because an incident of the same service "
        "began soon after them; nothing in the sources names them. "
        "The metrics whose names end in _explicit leave them out."
    )
    return [Caveat("limit", "Some failures are linked by rule", text)]


def _open_failures(con: duckdb.DuckDBPyConnection) -> list[Caveat]:
    rows = _rows(
        con,
        "fct_change_failures",
        ("is_open", "link_basis"),
        CAVEATS_SQL["open_failures"],
    )
    if not rows or not rows[0][0]:
        return []
    text = "They have no restoration yet: they count as failures, and are in no recovery time."
    return [Caveat("note", f"{rows[0][0]:,} failures are still open", text)]


def _withheld(con: duckdb.DuckDBPyConnection) -> list[Caveat]:
    rows = _rows(
        con,
        "mart_metric_values",
        ("flags",),
        CAVEATS_SQL["withheld"],
    )
    if not rows or not rows[0][0]:
        return []
    text = "Their team has too few people, or they rest on fewer events than the metric's policy demands."
    return [Caveat("note", f"{rows[0][0]:,} values are withheld", text)]


def _rows(
    con: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...], query: str
) -> list[tuple[Any, ...]]:
    """Run a query if its table is published with these columns."""
    present = {
        row[0]
        for row in con.execute(
            "select column_name from duckdb_columns() where schema_name = 'marts' and table_name = $1",
            [table],
        ).fetchall()
    }
    return con.execute(query).fetchall() if present.issuperset(columns) else []
