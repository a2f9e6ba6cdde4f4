"""Tables as they are published: closed metrics left out, small cells emptied, everything else untouched."""

from collections.abc import Iterable, Sequence

from publishing.review import Withholding
from publishing.tables import Table, quoted

_VALUE_COLUMNS = ("value", "numerator", "denominator", "n", "interval_low", "interval_high")
WITHHELD_FLAG = "withheld"


def published_select(table: Table, withholdings: Sequence[Withholding]) -> str:
    """Return the query that gives a table's published rows."""
    active = [one for one in withholdings if one.is_closed or one.minimum_n or one.scope_kinds]
    if table.name == "mart_metric_values":
        return _metric_values(table, active)
    if table.name.startswith("mart_") and "scope_kind" in table.columns:
        return _wide_mart(table, active)
    return _plain(table, {})


def _plain(table: Table, replaced: dict[str, str]) -> str:
    columns = ", ".join(
        f"{replaced[name]} as {quoted(name)}" if name in replaced else quoted(name) for name in table.columns
    )
    return f"select {columns} from {table.relation}"


def _metric_values(table: Table, withholdings: Sequence[Withholding]) -> str:
    small = _any(f"(metric = {_text(one.metric)} and {one.small_sql('n')})" for one in withholdings)
    absent = _any(
        f"(metric = {_text(one.metric)} and {one.out_of_scope_sql('scope_kind')})" for one in withholdings
    )
    replaced = {
        name: f"case when {small} then null else {name} end"
        for name in _VALUE_COLUMNS
        if name in table.columns
    }
    if "flags" in table.columns:
        flags = "coalesce(flags, [])"
        is_new = f"not list_contains({flags}, '{WITHHELD_FLAG}')"
        appended = f"list_append({flags}, '{WITHHELD_FLAG}')"
        replaced["flags"] = f"case when ({small}) and {is_new} then {appended} else {flags} end"
    return f"{_plain(table, replaced)} where not ({absent})"


def _wide_mart(table: Table, withholdings: Sequence[Withholding]) -> str:
    by_metric = {one.metric: one for one in withholdings}
    replaced: dict[str, str] = {}
    for name in table.columns:
        metric = _metric_of(name, by_metric)
        if metric is None:
            continue
        one = by_metric[metric]
        count = f"{metric}_n" if f"{metric}_n" in table.columns else "null"
        hidden = f"({one.out_of_scope_sql('scope_kind')}) or ({one.small_sql(quoted(count))})"
        if count == "null" and one.minimum_n:
            hidden = "true"
        replaced[name] = f"case when {hidden} then null else {quoted(name)} end"
    return _plain(table, replaced)


def _metric_of(column: str, metrics: dict[str, Withholding]) -> str | None:
    """Return the metric that a wide mart's column shows: the longest name that it starts with."""
    found = [metric for metric in metrics if column == metric or column.startswith(f"{metric}_")]
    return max(found, key=len, default=None)


def _any(conditions: Iterable[str]) -> str:
    return " or ".join(conditions) or "false"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
