"""Which metrics ask to be published, under which policy, and what they would show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from governance.errors import PolicyError
from governance.gate import Decision, decide
from governance.policies import MetricDefaults, MetricPolicy, PolicyBook
from governance.predicates import CellSummary, Circumstances, MetricUnderReview
from publishing.context import PublicationContext
from publishing.errors import PublicationInputError

_DEFINITIONS = """
select metric, max(metric_version), min(tier), min(owner), max(minimum_n), {review_by}
from {catalog}.marts.dim_metrics group by metric order by metric
"""

_CELLS = """
select count(*) filter (where value is not null and not ({small})),
       count(*) filter (where value is not null and ({small})),
       coalesce(list(distinct scope_kind order by scope_kind), []),
       min(n) filter (where value is not null and not ({small}))
from {catalog}.marts.mart_metric_values
where metric = $metric and not ({out_of_scope})
"""


@dataclass(frozen=True, slots=True)
class Withholding:
    """What of one metric stays back: all of it, other scopes, or values with a small n.

    `minimum_n` of 0 holds no small value back: n is shown beside the value instead.
    """

    metric: str
    is_closed: bool
    minimum_n: int
    scope_kinds: tuple[str, ...]

    def small_sql(self, count: str) -> str:
        """Say in SQL that a value rests on too few events; `count` is the column with n."""
        return f"coalesce({count}, 0) < {int(self.minimum_n)}" if self.minimum_n else "false"

    def out_of_scope_sql(self, scope_kind: str) -> str:
        """Say in SQL that a row's kind of scope is not shown for this metric."""
        if self.is_closed:
            return "true"
        kinds = ", ".join("'" + kind.replace("'", "''") + "'" for kind in self.scope_kinds)
        return f"{scope_kind} not in ({kinds})" if kinds else "true"


@dataclass(frozen=True, slots=True)
class Review:
    """The gate's answer for every metric, and what follows from it for the tables."""

    decisions: tuple[Decision, ...]
    withholdings: tuple[Withholding, ...]


def review_metrics(
    con: duckdb.DuckDBPyConnection, catalog: str, context: PublicationContext, *, at: datetime
) -> Review:
    """Ask the gate about every metric of `dim_metrics`.

    Raises:
        PublicationInputError: a policy is wrong, or names a metric that does not exist.
    """
    circumstances = Circumstances(
        day=at.date(),
        checks=context.checks,
        register=context.register,
        sign_offs=context.sign_offs,
        witnesses=context.policies.witnesses,
        cosigned_by=context.cosigned_by,
    )
    decisions: list[Decision] = []
    withholdings: list[Withholding] = []
    for defaults, policy in _policies(con, catalog, context.policies):
        held = _withholding(defaults.metric, policy)
        metric = MetricUnderReview(
            metric=defaults.metric,
            metric_version=defaults.metric_version,
            owner=defaults.owner,
            definition_hash=context.definition_hashes.get(defaults.metric),
            policy=policy,
            cells=_cells(con, catalog, held),
        )
        decision = decide(metric, circumstances, at=at)
        decisions.append(decision)
        withholdings.append(Withholding(held.metric, not decision.is_open, held.minimum_n, held.scope_kinds))
    return Review(tuple(decisions), tuple(withholdings))


def _policies(
    con: duckdb.DuckDBPyConnection, catalog: str, book: PolicyBook
) -> Sequence[tuple[MetricDefaults, MetricPolicy]]:
    metrics = _defaults(con, catalog)
    try:
        book.check_known(metric.metric for metric in metrics)
        return [(metric, book.policy_for(metric)) for metric in metrics]
    except PolicyError as error:
        raise PublicationInputError(str(error)) from error


def _defaults(con: duckdb.DuckDBPyConnection, catalog: str) -> list[MetricDefaults]:
    """Read what the definitions say; where versions differ, the strictest."""
    has_review = con.execute(
        "select 1 from duckdb_columns() where database_name = $1 and table_name = 'dim_metrics' "
        "and column_name = 'review_by'",
        [catalog],
    ).fetchone()
    review_by = "min(review_by)" if has_review else "null::date"
    rows = con.execute(_DEFINITIONS.format(catalog=catalog, review_by=review_by)).fetchall()
    return [
        MetricDefaults(metric, int(version or 1), str(tier), str(owner or "nobody"), int(minimum or 0), day)
        for metric, version, tier, owner, minimum, day in rows
    ]


def _withholding(metric: str, policy: MetricPolicy) -> Withholding:
    minimum_n = policy.minimum_n if policy.tier == "incentive" else 0
    return Withholding(metric, is_closed=False, minimum_n=minimum_n, scope_kinds=policy.scope_kinds)


def _cells(con: duckdb.DuckDBPyConnection, catalog: str, held: Withholding) -> CellSummary:
    row = con.execute(
        _CELLS.format(
            catalog=catalog, small=held.small_sql("n"), out_of_scope=held.out_of_scope_sql("scope_kind")
        ),
        {"metric": held.metric},
    ).fetchone()
    shown, withheld, scope_kinds, smallest = row or (0, 0, [], None)
    return CellSummary(
        int(shown), int(withheld), tuple(scope_kinds), None if smallest is None else int(smallest)
    )
