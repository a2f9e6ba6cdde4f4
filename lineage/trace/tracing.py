"""Tracing one number to its bytes: of a metric, a mart, a team beside its peers, an objective, a person."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from zoneinfo import ZoneInfo

import duckdb

from lineage.errors import TraceInputError
from lineage.ledger import Ledger
from lineage.trace.absence import find_coverage
from lineage.trace.arguments import PERSON, SCOPE_KINDS, Period
from lineage.trace.cells import (
    CellName,
    Formulas,
    definition_hash,
    find_cell,
    find_definition,
    read_publication,
)
from lineage.trace.document import (
    Coverage,
    Recomputation,
    ServiceLevel,
    TeamComparison,
    Trace,
    TracedCell,
    TracedDefinition,
    TracedFact,
    TracedRule,
)
from lineage.trace.evidence import describe_pages, read_records
from lineage.trace.facts import find_facts, recompute
from lineage.trace.formulas import (
    MartColumn,
    cell_beside,
    fact_cell,
    formula_cell,
    mart_row,
    metric_of,
    parse_address,
    route_for,
    wide_cell,
    with_count,
)
from lineage.trace.mart_columns import ByRule, FactFormula, OfFact, OfMetric, OfObjective, OfTeamRate
from lineage.trace.own import own_cell
from lineage.trace.ports import RecordReader
from lineage.trace.scorecard import find_team_cell
from lineage.trace.service_levels import WindowName, find_level

WITHHELD = "withheld"
_SMALL_TEAMS = {"below_team_size", "beside_small_team"}
MOST_RECORDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which number: what names it beside metric, scope and period, where its kind needs more.

    Attributes:
        normalisation: way of dividing of the scorecard, such as `per_100_fte_days`.
        objective: objective of a service level.
        window: kind of its window: month, rolling or calendar.
        key: key of one fact.
        metric: metric of a mart that has rows of several.
    """

    normalisation: str | None = None
    objective: str | None = None
    window: str | None = None
    key: str | None = None
    metric: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number with what it is a formula of; the parts that its kind has none of stay empty.

    Attributes:
        cell: the published cell, or the one that was formed for a person.
        definition: what it counts of which facts.
        recomputed: the same number formed again from its facts.
        facts: the facts that make it.
        address: its metric, or the mart's column.
        formulas: its aggregates as SQL over the facts; None where it is no plain formula.
        comparison: a team's place beside its peers.
        service_level: a window of an objective.
        rule: how a column is made from the number that is traced.
    """

    cell: TracedCell
    definition: TracedDefinition
    recomputed: Recomputation
    facts: tuple[TracedFact, ...]
    address: str
    formulas: Formulas | None = None
    comparison: TeamComparison | None = None
    service_level: ServiceLevel | None = None
    rule: TracedRule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Databases:
    """Where numbers and facts are read.

    Attributes:
        published: a publication's `analyst.duckdb`, or a warehouse.
        warehouse: the warehouse of that publication, for what publications leave out; None where it is not
        at hand.
        objectives: OpenSLO documents by the name of their objective, as text.
    """

    published: duckdb.DuckDBPyConnection
    warehouse: duckdb.DuckDBPyConnection | None = None
    objectives: Mapping[str, str] = field(default_factory=dict)

    def behind(self, what: str) -> duckdb.DuckDBPyConnection:
        """Return the warehouse.

        Raises:
            TraceInputError: it is not at hand.
        """
        if self.warehouse is None:
            raise TraceInputError(
                f"{what} stays in the warehouse, which is not at hand: trace in the workspace itself, "
                f"between runs"
            )
        return self.warehouse


def needs_warehouse(con: duckdb.DuckDBPyConnection, metric: str, scope_kind: str) -> bool:
    """Whether a number is made of what publications leave out."""
    address = parse_address(metric)
    if scope_kind == PERSON:
        return True
    if address is None:
        return False
    route = route_for(con, address)
    return isinstance(route, OfObjective) or (isinstance(route, FactFormula) and route.is_in_warehouse)


def trace(
    con: duckdb.DuckDBPyConnection,
    metric: str,
    *,
    scope_kind: str,
    scope_id: str,
    period_grain: str,
    period_start: date,
    records: RecordReader,
    ledger: Ledger | None = None,
    most_records: int | None = MOST_RECORDS,
    asked: Asked | None = None,
    databases: Databases | None = None,
) -> Trace:
    """Follow a number to its facts, their records and the pages that hold them.

    Args:
        con: a publication's `analyst.duckdb`, or a warehouse; read only.
        metric: a name of `dim_metrics`, or a mart's column such as `marts.mart_flow_weekly.work_in_progress`.
        scope_kind: `service`, `team`, `organisation`, or `person`.
        scope_id: which one; of a person, the token.
        period_grain: `day`, `week`, `month` or `quarter`.
        period_start: its first day.
        records: reads records back from evidence.
        ledger: gives the inclusion proofs of the pages; without it pages carry none.
        most_records: how many records to read, those of deciding facts first; None for all.
        asked: what else names the number.
        databases: `con` with the warehouse behind it, where the number needs it.

    Raises:
        CellNotFoundError: there is no such cell; the nearest names are given.
        TraceInputError: an argument is wrong, the cell is withheld, or the database lacks something.
    """
    if scope_kind not in (*SCOPE_KINDS, PERSON):
        raise TraceInputError(f"{scope_kind!r} is no kind of scope; there are {', '.join(SCOPE_KINDS)}")
    name = CellName(metric, scope_kind, scope_id, Period(period_grain, period_start))
    number = find_number(databases or Databases(published=con), name, asked or Asked())
    contributing, context = _record_ids(number.facts)
    chosen, chosen_context = _chosen(contributing, context, most_records)
    read, pages, redactions = read_records(records, chosen, chosen_context)
    publication = read_publication(con)
    size = publication.get("payload_log_size")
    return Trace(
        cell=number.cell,
        definition=number.definition,
        recomputed=number.recomputed,
        facts=number.facts,
        contributing_ids=contributing,
        context_ids=context,
        records=read,
        pages=describe_pages(pages, redactions, ledger=ledger, tree_size=int(size) if size else None),
        is_cut=len(read) < len(contributing) + len(context),
        coverage=_coverage(con, number.cell, number.definition, publication),
        publication=publication,
        address=number.address,
        comparison=number.comparison,
        service_level=number.service_level,
        rule=number.rule,
    )


def find_number(databases: Databases, name: CellName, asked: Asked) -> Number:
    """Find a number and the facts that make it; what `trace` follows to the bytes.

    Args:
        databases: where numbers and facts are read.
        name: metric or mart's column, scope and period.
        asked: what else names the number.

    Raises:
        CellNotFoundError: there is no such cell; the nearest names are given.
        TraceInputError: an argument is wrong, the cell is withheld, or the database lacks something.
    """
    con = databases.published
    address = parse_address(name.metric)
    if name.scope_kind == PERSON:
        return _own_number(databases, name)
    if address is not None:
        return _mart_number(databases, address, name, asked)
    cell = _open_cell(con, name)
    if asked.normalisation:
        return _team_number(con, cell, asked)
    return _metric_number(con, cell, name.metric)


def _own_number(databases: Databases, name: CellName) -> Number:
    warehouse = databases.behind("whose a fact is")
    number = _formed(warehouse, *own_cell(warehouse, name), address=name.metric)
    known = definition_hash(databases.published, name.metric)
    return replace(number, definition=replace(number.definition, definition_hash=known))


def _mart_number(databases: Databases, address: MartColumn, name: CellName, asked: Asked) -> Number:
    con = databases.published
    route = route_for(con, address)
    if isinstance(route, OfObjective):
        return _level_number(databases, address, name, asked)
    if isinstance(route, OfTeamRate):
        cell = _open_cell(con, replace(name, metric=metric_of_scorecard(asked, address)))
        return _team_number(con, cell, replace(asked, normalisation=asked.normalisation or "none"))
    if isinstance(route, OfFact):
        return _formed(con, *fact_cell(con, address, route, asked.key), address=str(address))
    if isinstance(route, FactFormula):
        return _formula_number(databases, address, route, name)
    return _wide_number(con, address, route, name, asked)


def metric_of_scorecard(asked: Asked, address: MartColumn) -> str:
    """Return the metric that was asked for beside the scorecard's column.

    Raises:
        TraceInputError: none was.
    """
    if asked.metric is None:
        raise TraceInputError(f"{address} has rows of every metric; name one with --metric")
    return asked.metric


def _open_cell(con: duckdb.DuckDBPyConnection, name: CellName) -> TracedCell:
    cell = find_cell(con, name)
    if WITHHELD in cell.flags:
        raise TraceInputError(
            f"{name.metric} for {name.scope_kind}:{name.scope_id} in {name.period} is {_why(cell.flags)}"
        )
    return cell


def _metric_number(con: duckdb.DuckDBPyConnection, cell: TracedCell, address: str) -> Number:
    return _formed(con, cell, *find_definition(con, cell), address=address)


def _team_number(con: duckdb.DuckDBPyConnection, plain: TracedCell, asked: Asked) -> Number:
    """The facts are those of the count that the rate divides; what it is divided by is context."""
    number = _metric_number(con, plain, plain.metric)
    cell, comparison = find_team_cell(
        con, plain, asked.normalisation or "none", measure_kind=number.definition.measure_kind
    )
    return replace(number, cell=cell, comparison=comparison)


def _level_number(databases: Databases, address: MartColumn, name: CellName, asked: Asked) -> Number:
    kind = asked.window or {"month": "month", "day": "rolling"}.get(name.period.grain, "calendar")
    window = WindowName(name.scope_kind, name.scope_id, asked.objective, kind, name.period.start)
    found = find_level(
        databases.published,
        address.column,
        window,
        warehouse=databases.behind("what an objective's slices are"),
        stated=databases.objectives,
    )
    again = {one.name: one for one in found.level.formed}
    own, slices = again.get(address.column), again["slice_count"]
    differing = tuple(
        f"{one.name}: published {one.published}, from the slices {one.formed}"
        for one in found.level.formed
        if not one.is_equal
    )
    recomputed = Recomputation(
        own.formed if own else found.cell.value, None, None, int(slices.formed or 0), not differing, differing
    )
    return Number(
        cell=found.cell,
        definition=found.definition,
        recomputed=recomputed,
        facts=found.facts,
        address=str(address),
        service_level=found.level,
    )


def _formula_number(
    databases: Databases, address: MartColumn, formula: FactFormula, name: CellName
) -> Number:
    con = databases.published
    zone = read_publication(con).get("time_zone", "UTC")
    cell, definition, formulas = formula_cell(con, address, formula, name, time_zone=zone)
    behind = databases.behind(f"what {address} counts") if formula.is_in_warehouse else con
    facts = find_facts(behind, cell, definition, formulas)
    counted = with_count(cell, len(facts))
    return Number(
        cell=counted,
        definition=definition,
        recomputed=recompute(behind, counted, definition, formulas),
        facts=facts,
        address=str(address),
        formulas=formulas,
    )


def _wide_number(
    con: duckdb.DuckDBPyConnection,
    address: MartColumn,
    route: OfMetric | ByRule,
    name: CellName,
    asked: Asked,
) -> Number:
    metric = metric_of(con, address, route.metric, name, asked.metric)
    named = replace(name, metric=metric)
    if isinstance(route, ByRule):
        (published,) = mart_row(con, address.mart, (address.column,), named)
        number = _metric_number(con, cell_beside(con, address, named), str(address))
        return replace(number, rule=TracedRule(str(address), published, route.rule))
    cell, difference = wide_cell(con, address, route, named)
    number = _metric_number(con, cell, str(address))
    if difference is None:
        return number
    again = number.recomputed
    differing = replace(again, is_equal=False, differences=(*again.differences, difference))
    return replace(number, recomputed=differing)


def _formed(
    con: duckdb.DuckDBPyConnection,
    cell: TracedCell,
    definition: TracedDefinition,
    formulas: Formulas,
    *,
    address: str,
) -> Number:
    return Number(
        cell=cell,
        definition=definition,
        recomputed=recompute(con, cell, definition, formulas),
        facts=find_facts(con, cell, definition, formulas),
        address=address,
        formulas=formulas,
    )


def _why(flags: Sequence[str]) -> str:
    if _SMALL_TEAMS & set(flags):
        return "withheld: the team, or one beside it, has fewer people than the workspace's minimum team size"
    return "withheld: it rests on fewer events than the metric's policy demands"


def _coverage(
    con: duckdb.DuckDBPyConnection,
    cell: TracedCell,
    definition: TracedDefinition,
    publication: Mapping[str, str],
) -> tuple[Coverage, ...]:
    zone = ZoneInfo(publication.get("time_zone", "UTC"))
    return find_coverage(con, cell, definition, zone=zone)


def _record_ids(facts: Sequence[TracedFact]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Ids that contribute and ids of context, each once, those of deciding facts first."""
    ordered = [
        *(fact for fact in facts if fact.is_deciding),
        *(fact for fact in facts if not fact.is_deciding),
    ]
    contributing = _once(one for fact in ordered for one in fact.record_ids)
    known = set(contributing)
    context = _once(one for fact in ordered for one in fact.context_record_ids if one not in known)
    return contributing, context


def _once(ids: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(ids))


def _chosen(
    contributing: tuple[int, ...], context: tuple[int, ...], most: int | None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if most is None:
        return contributing, context
    first = contributing[:most]
    return first, context[: max(0, most - len(first))]
