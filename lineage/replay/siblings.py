"""Facts that stand beside a number's own, and without which it could not be told.

Each deployment replaces another, and of two tellings of an incident one counts. What an objective's window
covers hangs on its first measurement and on how far its sources have been read. An incident may name
deployments of other services, and a shift on call belongs to no service: pages of all of them count.
Whether a team's number is shown hangs on what was counted of the teams beside it, so a row of the scorecard
is read against all facts of all teams.
"""

from collections.abc import Collection, Iterator, Sequence

import duckdb

from lineage.trace.context import Siblings, services_of
from lineage.trace.queries import literal, run_query
from lineage.trace.tracing import Number

_FACTS = {
    "intermediate.int_deployments_rolled_out": "marts.fct_deployments",
    "intermediate.int_incident_timeline": "marts.fct_incident_response",
    "intermediate.int_incidents": "marts.fct_incidents",
}
"""Facts of the same services, by the relation that they are made of."""
_EXTENTS = "intermediate.int_sli_extents"
_WINDOWS = "marts.fct_slo_windows"
_ANY = "true"


def is_everywhere(number: Number) -> bool:
    """Whether every place is the number's: of the whole organisation, and of a team beside all others."""
    return number.cell.scope_kind == "organisation" or number.comparison is not None


def find_siblings(con: duckdb.DuckDBPyConnection, number: Number, order: Collection[str]) -> Siblings:
    """Find the records of facts beside a number's own, and the repositories of its services.

    Args:
        con: the publication's `analyst.duckdb`; read only.
        number: the number with its facts.
        order: the relations upstream of it.
    """
    services = _services(con, number)
    condition = _ANY if services is None else _in("service_id", services)
    places = run_query(con, f"select distinct repository from marts.dim_services where {condition}")
    ids = set[int]()
    for query in _queries(con, number, order, condition):
        ids.update(one for (one,) in run_query(con, query))
    return Siblings(frozenset(ids), frozenset(place for (place,) in places if place is not None))


def _services(con: duckdb.DuckDBPyConnection, number: Number) -> frozenset[str] | None:
    """The services that a number is of, and those of the deployments that its facts name; None for all."""
    is_of_none = number.cell.scope_kind == "fact" and not services_of(number.facts)
    if is_everywhere(number) or is_of_none:
        return None
    own = {number.cell.scope_id} if number.cell.scope_kind == "service" else set[str]()
    named = {one for fact in number.facts for one in fact.columns.get("deployment_ids") or ()}
    condition = _in("deployment_id", sorted(named))
    found = run_query(con, f"select distinct service_id from marts.fct_deployments where {condition}")
    return services_of(number.facts) | own | {one for (one,) in found if one is not None}


def _queries(
    con: duckdb.DuckDBPyConnection, number: Number, order: Collection[str], condition: str
) -> Iterator[str]:
    """Queries for ids of records: of the same services' facts, or of all facts where all teams have a say."""
    if number.comparison is not None:
        yield from (_ids(relation, _ANY) for relation in _fact_relations(con) if relation in order)
        return
    yield from (_ids(relation, condition) for made_of, relation in _FACTS.items() if made_of in order)
    if _EXTENTS in order:
        yield _ids(_WINDOWS, _in("slo_id", _objectives(number)))
        yield (
            f"select distinct unnest(record_ids) from (select record_ids from {_WINDOWS} "
            "where len(record_ids) > 0 "
            "window objectives as (partition by objective_id) "
            "qualify window_ends_at = max(window_ends_at) over objectives "
            "or window_ends_at = min(window_ends_at) over objectives)"
        )


def _fact_relations(con: duckdb.DuckDBPyConnection) -> Sequence[str]:
    """The facts of the publication that name their records."""
    rows = run_query(
        con,
        "select schema_name || '.' || table_name from duckdb_columns() where schema_name = 'marts' "
        "and starts_with(table_name, 'fct_') and column_name in ('record_ids', 'context_record_ids') "
        "group by all having count(*) = 2 order by 1",
    )
    return [name for (name,) in rows]


def _ids(relation: str, condition: str) -> str:
    return f"select distinct unnest(record_ids || context_record_ids) from {relation} where {condition}"


def _objectives(number: Number) -> frozenset[str]:
    """The objectives whose windows the number is of."""
    if number.service_level is not None:
        return frozenset({number.service_level.slo_id})
    found = (fact.columns.get("slo_id") for fact in number.facts)
    return frozenset(one for one in found if isinstance(one, str))


def _in(column: str, names: Collection[str]) -> str:
    return f"list_contains({literal(sorted(names))}, {column})" if names else "false"
