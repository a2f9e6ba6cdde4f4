"""Which metrics ask to be published, under which policy, and what they would show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

import duckdb

from governance.cell_gate import CellDecision, decide_cells, summarise_cells
from governance.circumstances import CellKey, CellSummary, Circumstances, MetricUnderReview
from governance.errors import PolicyError
from governance.gate import Decision, Stage, decide
from governance.policies import PERSON, MetricDefaults, MetricPolicy
from publishing.clocks import read_clocks
from publishing.context import PublicationContext
from publishing.errors import PublicationInputError
from publishing.gate_cells import read_cells, read_measured
from publishing.recomputing import recompute_cells

INCENTIVE = "incentive"
_EXPLICIT = "_explicit"
_CELLS = """
select count(*) filter (where value is not null), 0,
       coalesce(list(distinct scope_kind order by scope_kind), []),
       min(n) filter (where value is not null)
from {catalog}.marts.mart_metric_values
where metric = $metric and list_contains($scope_kinds, scope_kind)
"""
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Withholding:
    """What of one metric stays back: all of it, other scopes, or single values.

    `is_decided_by_cell` lets through only the values that `publication.gate_cells` has as open. `minimum_n`
    of 0 holds no small value back: n is shown beside the value instead.
    """

    metric: str
    is_closed: bool
    minimum_n: int
    scope_kinds: tuple[str, ...]
    is_decided_by_cell: bool = False

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
    """The gate's answer for every metric, and for each value of the incentive ones.

    `disputed` are the values that open disputes are about, whatever their tier; a person's own are not named.
    """

    decisions: tuple[Decision, ...]
    withholdings: tuple[Withholding, ...]
    cells: Mapping[str, tuple[CellDecision, ...]]
    reviewed: Mapping[str, MetricUnderReview]
    disputed: frozenset[CellKey] = frozenset()


def review_metrics(
    con: duckdb.DuckDBPyConnection,
    catalog: str,
    context: PublicationContext,
    *,
    at: datetime,
    stage: Stage = "publication",
    only: str | None = None,
    as_tier: str | None = None,
) -> Review:
    """Ask the gate about every metric of `dim_metrics`.

    Args:
        con: Where the warehouse is attached.
        catalog: Its name there.
        context: Registers, policies, checks and whatever else the gate looks at.
        at: The instant of the decision.
        stage: Whether this is a build or a publication.
        only: One metric to ask about.
        as_tier: A stricter tier to ask about than the policy's.

    Raises:
        PublicationInputError: a register is wrong, or names what does not exist.
    """
    definitions = _definitions(con, catalog)
    circumstances = _circumstances(con, catalog, context, definitions, at=at)
    decisions, withholdings = [], []
    cells: dict[str, tuple[CellDecision, ...]] = {}
    reviewed: dict[str, MetricUnderReview] = {}
    for name, definition in definitions.items():
        if only is not None and name != only:
            continue
        policy = _policy(context, definition, as_tier)
        metric = _under_review(con, catalog, context, definition, policy=policy, known=frozenset(definitions))
        if policy.tier == INCENTIVE:
            cells[name] = _decide_cells(con, catalog, metric, circumstances)
            metric = replace(metric, cells=summarise_cells(metric.cells, cells[name]))
        decision = decide(metric, circumstances, stage=stage)
        decisions.append(decision)
        reviewed[name] = metric
        withholdings.append(
            Withholding(
                name,
                not decision.is_open,
                policy.minimum_n if policy.tier == INCENTIVE else 0,
                policy.scope_kinds,
                is_decided_by_cell=policy.tier == INCENTIVE,
            )
        )
    disputed = frozenset(one for one in context.restricted_cells or () if one.scope_kind != PERSON)
    return Review(tuple(decisions), tuple(withholdings), cells, reviewed, disputed)


def _circumstances(
    con: duckdb.DuckDBPyConnection,
    catalog: str,
    context: PublicationContext,
    definitions: Mapping[str, Mapping[str, Any]],
    *,
    at: datetime,
) -> Circumstances:
    try:
        context.policies.check_known(definitions)
        context.policies.check_purposes(context.purposes.purposes)
        context.purposes.check_known(definitions)
        if context.jurisdictions.jurisdictions:
            context.jurisdictions.check_known(teams=_teams(con, catalog), metrics=definitions)
        purpose = context.purposes.named(context.purpose)
    except PolicyError as error:
        raise PublicationInputError(str(error)) from error
    return Circumstances(
        at=at,
        checks=context.checks,
        register=context.register,
        sign_offs=context.sign_offs,
        jurisdictions=context.jurisdictions,
        purpose=purpose,
        witnesses=context.policies.witnesses,
        cosigned_by=context.cosigned_by,
        clock_floors=context.clock_floors,
        restricted_cells=context.restricted_cells,
        dispositions_unknown_percent=context.dispositions_unknown_percent,
    )


def _definitions(con: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, dict[str, Any]]:
    """Read what the definitions say, by metric; of several versions the newest."""
    result = con.execute(f"select * from {catalog}.marts.dim_metrics order by metric, metric_version")
    names = [column[0] for column in result.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return {str(row["metric"]): row for row in rows}


def _teams(con: duckdb.DuckDBPyConnection, catalog: str) -> list[str]:
    rows = con.execute(f"select distinct team_id from {catalog}.marts.dim_teams order by 1").fetchall()
    return [str(team) for (team,) in rows]


def _policy(context: PublicationContext, definition: Mapping[str, Any], as_tier: str | None) -> MetricPolicy:
    defaults = MetricDefaults(
        str(definition["metric"]),
        int(definition["metric_version"] or 1),
        str(definition["tier"]),
        str(definition["owner"] or "nobody"),
        int(definition["minimum_n"] or 0),
        definition.get("review_by"),
        tuple(definition.get("counter_metrics") or ()),
    )
    try:
        return context.policies.policy_for(defaults, as_tier=as_tier)
    except PolicyError as error:
        raise PublicationInputError(str(error)) from error


def _under_review(
    con: duckdb.DuckDBPyConnection,
    catalog: str,
    context: PublicationContext,
    definition: Mapping[str, Any],
    *,
    policy: MetricPolicy,
    known: frozenset[str],
) -> MetricUnderReview:
    name = str(definition["metric"])
    metric = MetricUnderReview(
        metric=name,
        metric_version=int(definition["metric_version"] or 1),
        owner=str(definition["owner"] or "nobody"),
        definition_hash=context.definition_hashes.get(name),
        policy=policy,
        cells=_cells(con, catalog, name, policy.scope_kinds),
        known_metrics=known,
    )
    measured = _known(lambda: read_measured(con, catalog, name)) or CellSummary(0, 0, (), None)
    if policy.tier != INCENTIVE:  # whoever signs it must be known not to be measured all the same
        return replace(metric, cells=replace(metric.cells, teams=measured.teams))
    reads_dispositions = definition.get("reads_dispositions")
    base = name.removesuffix(_EXPLICIT)
    crossings = (context.track_crossings or {}).get(name)
    return replace(
        metric,
        cells=measured,
        exactness=definition.get("exactness"),
        reads_dispositions=reads_dispositions,
        bounds=(base, base + _EXPLICIT) if reads_dispositions else (),
        clocks=_known(lambda: read_clocks(con, catalog, definition, context.column_clocks)),
        recomputation=_known(lambda: recompute_cells(con, catalog, definition)),
        track_crossings=None if crossings is None else tuple(crossings),
    )


def _decide_cells(
    con: duckdb.DuckDBPyConnection, catalog: str, metric: MetricUnderReview, circumstances: Circumstances
) -> tuple[CellDecision, ...]:
    found = _known(
        lambda: read_cells(
            con,
            catalog,
            metric.metric,
            policy=metric.policy,
            bounds=metric.bounds,
            jurisdictions=circumstances.jurisdictions,
        )
    )
    return decide_cells(metric, circumstances, found or ())


def _known(look: Callable[[], Found]) -> Found | None:
    """Return what looking finds; a warehouse that cannot be asked leaves it unknown, which passes nothing."""
    try:
        return look()
    except Exception:  # noqa: BLE001 - the gate fails closed, whatever keeps it from looking
        return None


def _cells(
    con: duckdb.DuckDBPyConnection, catalog: str, metric: str, scope_kinds: Sequence[str]
) -> CellSummary:
    row = con.execute(
        _CELLS.format(catalog=catalog), {"metric": metric, "scope_kinds": list(scope_kinds)}
    ).fetchone()
    shown, withheld, kinds, smallest = row or (0, 0, [], None)
    return CellSummary(int(shown), int(withheld), tuple(kinds), None if smallest is None else int(smallest))
