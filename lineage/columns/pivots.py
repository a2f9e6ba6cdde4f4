"""PIVOT and UNPIVOT: columns out of values, and values out of columns."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlglot import exp

from lineage.columns.edges import Kind
from lineage.columns.expressions import value_of
from lineage.columns.scopes import Relation, Scope, Source
from lineage.columns.star_names import Named
from lineage.columns.values import CONSTANT, Atoms, Value, influence, merged, unresolved


class Items(Protocol):
    """What reads an item of FROM."""

    def relation(self, node: exp.Expr, scope: Scope) -> Relation:
        """Return what one item yields."""


def pivot_statement(node: exp.Pivot, scope: Scope, items: Items) -> Relation:
    """Read `PIVOT t ON … USING … GROUP BY …` and `UNPIVOT t ON … INTO NAME … VALUE …`."""
    given = items.relation(node.this, scope)
    inner = _over(given, scope)
    if node.args.get("unpivot"):
        into = node.args.get("into")
        name = into.this.name if into is not None else "name"
        value = into.expressions[0].name if into is not None else "value"
        return _unpivoted(given, _keys(node.expressions), name=name, value=value, scope=inner)
    fields = [each for each in node.expressions if isinstance(each, exp.In)]
    on = [each.this if isinstance(each, exp.In) else each for each in node.expressions]
    aggregates = list(node.args.get("using") or ())
    group = node.args.get("group")
    keys = list(group.expressions) if group is not None else None
    labels = [_labels(each) for each in fields] if len(fields) == len(node.expressions) else None
    return _pivoted(given, on, aggregates, labels=labels, keys=keys, scope=inner)


def pivoted(node: exp.Expr, given: Relation, scope: Scope) -> Relation:
    """Read `t PIVOT (…)` and `t UNPIVOT (…)`."""
    inner = _over(given, scope)
    fields = list(node.args.get("fields") or ())
    if node.args.get("unpivot"):
        field = fields[0]
        columns = [each.this if isinstance(each, exp.PivotAlias) else each for each in field.expressions]
        return _unpivoted(
            given, _keys(columns), name=field.this.name, value=node.expressions[0].name, scope=inner
        )
    group = node.args.get("group")
    labels = [_labels(each) for each in fields]
    return _pivoted(
        given,
        [each.this for each in fields],
        list(node.expressions),
        labels=labels if all(labels) else None,
        keys=list(group.expressions) if group is not None else None,
        scope=inner,
    )


def _over(given: Relation, scope: Scope) -> Scope:
    inner = scope.inner()
    inner.sources.append(Source("", (), given))
    return inner


def _keys(columns: Iterable[exp.Expr]) -> list[str]:
    return [each.name.lower() for column in columns for each in column.find_all(exp.Column, exp.Identifier)]


def _labels(field: exp.Expr) -> list[str]:
    return [each.alias_or_name.lower() for each in field.expressions]


def _pivoted(
    given: Relation,
    on: Sequence[exp.Expr],
    aggregates: Sequence[exp.Expr],
    *,
    labels: list[list[str]] | None,
    keys: Sequence[exp.Expr] | None,
    scope: Scope,
) -> Relation:
    """Return the groups' columns, and one column for each combination of values and aggregate."""
    used = {name for part in (*on, *aggregates) for name in _keys([part])}
    if keys is None:
        groups: list[Named] = [each for each in given.columns if each[0] not in used]
    else:
        groups = [(key.alias_or_name.lower(), value_of(key, scope)) for key in keys]
    condition = influence((value_of(each, scope) for each in on), Kind.FILTER)
    columns = groups + _made_columns(aggregates, labels, condition, scope)
    influences = given.influences | influence((value for _, value in groups), Kind.GROUP_BY)
    return Relation(tuple(columns), influences, given.presence)


def _made_columns(
    aggregates: Sequence[exp.Expr], labels: list[list[str]] | None, condition: Atoms, scope: Scope
) -> list[Named]:
    if labels is None:
        spelled = ", ".join(each.sql(dialect="duckdb") for each in aggregates) or "PIVOT"
        return [
            ("*", unresolved(spelled, "the columns of this PIVOT are made of data; name them with IN (…)"))
        ]
    stems = [""]
    for each in labels:
        stems = [f"{stem}_{label}" if stem else label for stem in stems for label in each]
    columns: list[Named] = []
    for stem in stems:
        for aggregate in aggregates:
            inner = aggregate.this if isinstance(aggregate, exp.Alias) else aggregate
            is_named = len(aggregates) > 1 or isinstance(aggregate, exp.Alias)
            spelled = aggregate.alias or inner.sql(dialect="duckdb")
            name = f"{stem}_{spelled}".lower() if is_named else stem
            columns.append((name, value_of(inner, scope).with_atoms(condition)))
    return columns


def _unpivoted(given: Relation, columns: list[str], *, name: str, value: str, scope: Scope) -> Relation:
    """Return the other columns, the name of each column that was one, and its value."""
    turned: list[Value] = [scope.resolve([each]) for each in columns]
    kept = [each for each in given.columns if each[0] not in columns]
    made: list[Named] = [(name.lower(), CONSTANT), (value.lower(), merged(turned) if turned else CONSTANT)]
    present = influence(turned, Kind.FILTER)  # empty values make no row
    return Relation((*kept, *made), given.influences | present, given.presence)
