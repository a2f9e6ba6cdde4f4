"""Tables as they are published: closed metrics left out, withheld values emptied, everything else untouched.

What the gate decides by value stands in `publication.gate_cells` of the database that is being written. A
value of such a metric is shown where that table has it as open, and nowhere else. What anybody disputes
stands in `publication.disputed_cells`: a value of another metric is shown and says so.
"""

from collections.abc import Iterable, Mapping, Sequence

from governance.circumstances import CellKey
from publishing.gate_tables import DISPUTED_CELLS, GATE_CELLS
from publishing.review import Withholding
from publishing.tables import Table, quoted

_VALUE_COLUMNS = ("value", "numerator", "denominator", "n", "interval_low", "interval_high")
WITHHELD_FLAG = "withheld"
DISPUTED_FLAG = "disputed"

_GRAINS = {"daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter"}
_COMPARED = "mart_profile_comparison"
_BENCHMARKS = "mart_dora_benchmarks"
# what is formed of several metrics at once says something of each
_COMPOSED = ("throughput_score", "instability_score", "overall_score", "nearest_cluster_")


def published_select(table: Table, withholdings: Sequence[Withholding]) -> str:
    """Return the query that gives a table's published rows."""
    active = [
        one
        for one in withholdings
        if one.is_closed or one.minimum_n or one.scope_kinds or one.is_decided_by_cell
    ]
    if table.name == "mart_metric_values":
        return _metric_values(table, active)
    if table.name == "mart_team_scorecard" and "metric" in table.columns:
        return _scorecard(table, active)
    if table.name == _COMPARED:
        return _comparison(table, active)
    if table.name.startswith("mart_") and "scope_kind" in table.columns:
        return _wide_mart(table, active)
    return _plain(table, {})


def _plain(table: Table, replaced: Mapping[str, str]) -> str:
    columns = ", ".join(
        f"{replaced[name]} as {quoted(name)}" if name in replaced else quoted(name) for name in table.columns
    )
    return f"select {columns} from {table.relation}"


def _emptied(table: Table, names: Iterable[str], hidden: str) -> dict[str, str]:
    return {
        name: f"case when {hidden} then null else {quoted(name)} end"
        for name in names
        if name in table.columns
    }


def _metric_values(table: Table, withholdings: Sequence[Withholding]) -> str:
    small = _any(
        f"(metric = {_text(one.metric)} and value is not null "
        f"and ({one.small_sql('n')} or not {_is_open(table, _text(one.metric))}))"
        if one.is_decided_by_cell
        else f"(metric = {_text(one.metric)} and {one.small_sql('n')})"
        for one in withholdings
    )
    absent = _any(
        f"(metric = {_text(one.metric)} and {one.out_of_scope_sql('scope_kind')})" for one in withholdings
    )
    replaced = _emptied(table, _VALUE_COLUMNS, small)
    if "flags" in table.columns:
        flags = "coalesce(flags, [])"
        gate = f"list_concat(['{WITHHELD_FLAG}'], {_reasons(table, withholdings)})"
        added = (
            f"case when {small} then {gate} when {_is_disputed(table)} then ['{DISPUTED_FLAG}'] else [] end"
        )
        new = f"list_filter({added}, lambda flag: not list_contains({flags}, flag))"
        replaced["flags"] = f"list_concat({flags}, {new})"
    return f"{_plain(table, replaced)} where not ({absent})"


def _same_cell(
    table: Table, metric: str, named: str = "gate", grain: str | None = None, team: str | None = None
) -> str:
    """Say in SQL which row of a table of cells belongs to a row; metric and grain are SQL, too."""
    row = quoted(table.name)
    kind = f"{row}.scope_kind" if team is None else "'team'"
    return (
        f"{named}.metric = {metric} "
        f"and {named}.scope_kind = {kind} "
        f"and {named}.scope_id = {row}.{team or 'scope_id'} "
        f"and {named}.period_grain = {grain or f'{row}.period_grain'} "
        f"and {named}.period_start = {row}.period_start"
    )


def _is_open(table: Table, metric: str, grain: str | None = None, team: str | None = None) -> str:
    """Say in SQL that the gate has the value of a row as open."""
    return (
        f"exists (select 1 from {GATE_CELLS} as gate "
        f"where gate.is_open and {_same_cell(table, metric, grain=grain, team=team)})"
    )


def _is_disputed(table: Table) -> str:
    """Say in SQL that an open dispute is about the value of a row."""
    if not {*CellKey._fields} <= {*table.columns}:
        return "false"
    cell = _same_cell(table, f"{quoted(table.name)}.metric", "disputed")
    return f"exists (select 1 from {DISPUTED_CELLS} as disputed where {cell})"


def _reasons(table: Table, withholdings: Sequence[Withholding]) -> str:
    """Say in SQL why the gate withholds a row's value; nothing where it decides no metric by value."""
    if not any(one.is_decided_by_cell for one in withholdings):
        return "[]::varchar[]"
    found = f"select gate.reasons from {GATE_CELLS} as gate"
    return f"coalesce(({found} where {_same_cell(table, f'{quoted(table.name)}.metric')}), [])"


def _scorecard(table: Table, withholdings: Sequence[Withholding]) -> str:
    """The scorecard shows teams' values beside their peers', their past and each other's."""
    paying = [one.metric for one in withholdings if one.is_decided_by_cell or one.is_closed]
    if not paying:
        return _plain(table, {})
    names = ", ".join(map(_text, paying))
    is_paying = f"metric in ({names})"
    is_open = _is_open(table, f"{quoted(table.name)}.metric", team="team_id")
    baselines = [name for name in table.columns if name.startswith(("baseline_", "adjusted_baseline_"))]
    counters = [name for name in ("counter_values",) if name in table.columns]
    replaced = _emptied(table, baselines, is_paying)
    replaced |= _emptied(table, counters, f"list_has_any(counter_metrics, [{names}])")
    closed = _any(f"metric = {_text(one.metric)}" for one in withholdings if one.is_closed)
    return f"{_plain(table, replaced)} where not ({closed}) and (not {is_paying} or {is_open})"


def _comparison(table: Table, withholdings: Sequence[Withholding]) -> str:
    """Other tools' numbers stand beside ours, by which one gives away the other."""
    hidden = _any(
        f"(dora_2026_metric = {_text(one.metric)} and ({one.out_of_scope_sql('scope_kind')}"
        + (f" or not {_is_open(table, _text(one.metric))}" if one.is_decided_by_cell else "")
        + "))"
        for one in withholdings
        if one.is_closed or one.is_decided_by_cell
    )
    return f"{_plain(table, {})} where not ({hidden})"


def _wide_mart(table: Table, withholdings: Sequence[Withholding]) -> str:
    by_metric = {one.metric: one for one in withholdings}
    replaced: dict[str, str] = {}
    composed: list[str] = []
    for name in table.columns:
        metric = _metric_of(name, by_metric)
        if metric is None:
            continue
        hidden = _hidden_column(table, by_metric[metric])
        replaced[name] = f"case when {hidden} then null else {quoted(name)} end"
        if by_metric[metric].is_decided_by_cell or by_metric[metric].is_closed:
            composed.append(hidden)
    if table.name == _BENCHMARKS and composed:
        names = [name for name in table.columns if name.startswith(_COMPOSED)]
        replaced |= _emptied(table, names, _any(dict.fromkeys(composed)))
    return _plain(table, replaced)


def _hidden_column(table: Table, one: Withholding) -> str:
    """Say in SQL that a row's value of a metric stays back; without n or grain it cannot be told and does."""
    if one.is_decided_by_cell and not one.is_closed:
        has_grain = "period_grain" in table.columns
        grain = None if has_grain else _text(_GRAINS.get(table.name.rpartition("_")[2], ""))
        return f"not {_is_open(table, _text(one.metric), grain)}"
    count = f"{one.metric}_n"
    if count not in table.columns:
        return "true" if one.minimum_n else f"({one.out_of_scope_sql('scope_kind')})"
    return f"({one.out_of_scope_sql('scope_kind')}) or ({one.small_sql(quoted(count))})"


def _metric_of(column: str, metrics: Mapping[str, Withholding]) -> str | None:
    """Return the metric that a wide mart's column shows: the longest name that it starts with."""
    found = [metric for metric in metrics if column == metric or column.startswith(f"{metric}_")]
    return max(found, key=len, default=None)


def _any(conditions: Iterable[str]) -> str:
    return " or ".join(conditions) or "false"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
