"""The facts that entered, left or changed between two publications, and the cells that they belong to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from publishing.differences.sides import Side, columns_of, shared_columns
from publishing.tables import quoted

_RECORDS = ("record_ids", "context_record_ids")
_DEFINING = {"fact_relation", "fact_key", "filter_sql", "event_at_column", "team_scope_sql"}
_RECORD_BITS = 23  # record_id = the page's log index << 23 | the record's place in the page

_FACTS = """
create or replace temp table changed_facts_{number} as
select
    coalesce(now.{key}, was.{key}) as fact_key,
    case when was.{key} is null then 'entered' when now.{key} is null then 'left' else 'changed' end
        as change,
    list_filter([{differing}], lambda name: name is not null) as columns,
    list_concat(coalesce(was.record_ids, []), coalesce(was.context_record_ids, [])) as old_records,
    list_concat(coalesce(now.record_ids, []), coalesce(now.context_record_ids, [])) as new_records
from old.marts.{table} as was
full join new.marts.{table} as now on was.{key} = now.{key}
where was.{key} is null or now.{key} is null or {differs}
"""
_CELLS_OF_FACTS = """
select distinct cell_number, fact_key
from (
    select facts.*, changed.fact_key, unnest(['day', 'week', 'month', 'quarter']) as fact_grain
    from {side}.marts.{table} as facts
    inner join changed_facts_{number} as changed on changed.fact_key = facts.{key}
    where ({filter}) and {day} is not null
) as placed
inner join changed_cells
    on cell_metric = $metric
    and cell_period_grain = fact_grain
    and cell_period_start = cast(date_trunc(fact_grain, {day}) as date)
    and case cell_scope_kind {scopes} else false end
"""
_METRICS = """
select metric, fact_relation, fact_key, filter_sql, event_at_column,
    service_scope_sql, team_scope_sql, organisation_scope_sql
from {side}.marts.dim_metrics order by metric, metric_version
"""


@dataclass(frozen=True, slots=True)
class ChangedFact:
    """One event that entered, left or changed.

    Attributes:
        relation: `marts.fct_deployments`.
        key: The fact's own key.
        change: entered, left or changed.
        columns: Those that differ, for a changed one; none where only its records were read again.
        new_record_ids: Records that it gained.
        late_record_ids: Those of them that came after the earlier publication's cutoff.
        lost_record_ids: Records that it no longer rests on.
        cause: Why; see `publishing.differences.causes`.
    """

    relation: str
    key: str
    change: str
    columns: tuple[str, ...]
    new_record_ids: tuple[int, ...]
    late_record_ids: tuple[int, ...]
    lost_record_ids: tuple[int, ...]
    cause: str


def fact_tables(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the key of each table of facts that metrics are made of and both publications hold."""
    found: dict[str, str] = {}
    for side in _defining_sides(con):
        for relation, key in con.execute(
            f"select distinct fact_relation, fact_key from {side}.marts.dim_metrics order by all"
        ).fetchall():
            table = relation.rpartition(".")[2]
            shared = shared_columns(con, table)
            if key in shared and set(shared) >= set(_RECORDS):
                found[table] = key
    return found


def _defining_sides(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the sides whose `dim_metrics` says which facts make a metric."""
    return [side for side in ("old", "new") if set(columns_of(con, side, "dim_metrics")) >= _DEFINING]


def find_changed_facts(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, str], *, old: Side
) -> dict[tuple[str, str], ChangedFact]:
    """Write a table of the changed facts of each relation, and return them by (table, key)."""
    facts: dict[tuple[str, str], ChangedFact] = {}
    for number, (table, key) in enumerate(tables.items()):
        columns = [name for name in shared_columns(con, table) if name != key]
        shown = [name for name in columns if name not in _RECORDS]
        differing = ", ".join(
            f"case when was.{quoted(name)} is distinct from now.{quoted(name)} then '{name}' end"
            for name in shown
        )
        differs = " or ".join(f"was.{quoted(name)} is distinct from now.{quoted(name)}" for name in columns)
        con.execute(
            _FACTS.format(number=number, table=table, key=quoted(key), differing=differing, differs=differs)
        )
        rows = con.execute(f"select * from changed_facts_{number} order by fact_key").fetchall()
        for fact in (_fact(table, row, old.payload_log_size) for row in rows):
            facts[table, fact.key] = fact
    return facts


def _fact(table: str, row: tuple[Any, ...], cutoff: int) -> ChangedFact:
    key, change, columns, old_records, new_records = row
    gained = tuple(sorted(set(new_records) - set(old_records)))
    lost = tuple(sorted(set(old_records) - set(new_records)))
    named = tuple(columns) if change == "changed" else ()
    late = tuple(record for record in gained if record >> _RECORD_BITS >= cutoff)
    cause = _cause(change, named, is_later=bool(late), has_lost=bool(lost))
    return ChangedFact(f"marts.{table}", str(key), change, named, gained, late, lost, cause)


_OWNERSHIP = frozenset(
    {"team_id", "team_path", "owning_team_ids", "organisation", "service_id", "service_ids"}
)
_DECIDED = ("disposition", "link_strength", "link_rule", "link_basis", "failure_link", "deployment_ids")


def _cause(change: str, columns: tuple[str, ...], *, is_later: bool, has_lost: bool) -> str:
    """Say why one fact differs, from what differs in it."""
    if any("correct" in name for name in columns):
        return "correction"
    if is_later:
        return "late_data" if change == "entered" else "changed_record"
    if change == "changed":
        return _cause_of_change(columns)
    return "vanished_record" if has_lost else "other"


def _cause_of_change(columns: tuple[str, ...]) -> str:
    if not columns:
        return "read_again"
    if set(columns) <= _OWNERSHIP:
        return "ownership"
    return "register" if any(name.startswith(_DECIDED) for name in columns) else "other"


def cells_of_facts(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, str]
) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield (cell, (table, key)) of changed facts in changed cells, as either side defines the metric."""
    numbers = {table: number for number, table in enumerate(tables)}
    for side in _defining_sides(con):
        for metric, relation, key, condition, day, *scopes in con.execute(
            _METRICS.format(side=side)
        ).fetchall():
            table = relation.rpartition(".")[2]
            if table not in numbers or day not in columns_of(con, side, table):
                continue
            query = _CELLS_OF_FACTS.format(
                side=side,
                table=table,
                number=numbers[table],
                key=quoted(key),
                filter=condition or "true",
                day=quoted(day),
                scopes=_scope_cases(scopes),
            )
            for cell, fact_key in con.execute(query, {"metric": metric}).fetchall():
                yield cell, (table, str(fact_key))


def _scope_cases(scopes: list[str]) -> str:
    kinds = zip(("service", "team", "organisation"), scopes, strict=True)
    return " ".join(
        f"when '{kind}' then ({condition.replace('$scope_id', 'cell_scope_id')})"
        for kind, condition in kinds
        if condition
    )
