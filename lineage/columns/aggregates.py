"""Aggregates and windows: many rows make one value, and other columns say which rows, in which order."""

from collections.abc import Callable, Iterator

from sqlglot import exp

from lineage.columns import function_names as names
from lineage.columns.edges import Kind
from lineage.columns.scopes import Scope
from lineage.columns.values import NOTHING, Atoms, Value, computed, influence, merged

Evaluate = Callable[[exp.Expr, Scope], Value]


def aggregate_value(node: exp.Expr, scope: Scope, value_of: Evaluate) -> Value:
    """Return an aggregate's value: `sum(x)`, `list(x order by y)`, `mode() within group (order by x)`."""
    if isinstance(node, exp.WithinGroup):
        return _within_group(node, scope, value_of)
    if isinstance(node, exp.Count) and (node.this is None or isinstance(node.this, exp.Star)):
        return counted_rows(scope)
    return _of_arguments(node, list(_arguments(node)), scope, value_of)


def _of_arguments(node: exp.Expr, arguments: list[exp.Expr], scope: Scope, value_of: Evaluate) -> Value:
    """Return the value of an aggregate over its arguments."""
    if isinstance(node, (exp.ArgMax, exp.ArgMin)):
        picked = value_of(arguments[0], scope).used(Kind.AGGREGATION)
        return picked.with_atoms(influence((value_of(each, scope) for each in arguments[1:]), Kind.SORT))
    if _name(node) in names.NEIGHBOURS:
        neighbour, *others = (value_of(each, scope) for each in arguments)
        return neighbour.used(Kind.TRANSFORMATION).with_atoms(influence(others, Kind.WINDOW))
    values, order = _ordered(arguments, scope, value_of)
    if isinstance(node, (exp.ArrayAgg, exp.ArrayUniqueAgg)) and values:
        return Value(order, element=merged(values).used(Kind.AGGREGATION))
    if _name(node) in names.PICKING_AGGREGATES and values:
        return values[0].used(Kind.AGGREGATION).with_atoms(order)
    return computed(values, Kind.AGGREGATION).with_atoms(order)


def counted_rows(scope: Scope) -> Value:
    """Return what `count(*)` rests on: the rows themselves."""
    return computed([Value(scope.counted)], Kind.AGGREGATION)


def filtered_value(node: exp.Expr, scope: Scope, value_of: Evaluate) -> Value:
    """Return the value of an aggregate with a FILTER clause."""
    condition = influence([value_of(node.expression.this, scope)], Kind.FILTER)
    return value_of(node.this, scope).with_atoms(condition)


def window_value(node: exp.Expr, scope: Scope, value_of: Evaluate) -> Value:
    """Return the value of a window function: what it reads, under the influence of its window."""
    over = _window_atoms(node, scope, value_of)
    function = node.this
    while isinstance(function, (exp.IgnoreNulls, exp.RespectNulls)):
        function = function.this
    if _name(function) in names.RANKINGS:
        rows = over or influence([Value(scope.counted)], Kind.WINDOW)
        return Value(rows | influence((value_of(each, scope) for each in _arguments(function)), Kind.WINDOW))
    return value_of(function, scope).used(Kind.TRANSFORMATION).with_atoms(over)


def _window_atoms(node: exp.Expr, scope: Scope, value_of: Evaluate) -> Atoms:
    """Return the columns of a window: partition, order, frame, and those of a window that it names."""
    found = NOTHING
    for name in (node.args.get("alias"), node.args.get("first")):
        named = _named_window(name, scope)
        if named is not None:
            found |= _window_atoms(named, scope, value_of)
    spec = node.args.get("spec")
    parts = [*(node.args.get("partition_by") or ()), *_parts_of_order(node.args.get("order"))]
    if spec is not None:
        bounds = (spec.args.get("start"), spec.args.get("end"))
        parts += [bound for bound in bounds if isinstance(bound, exp.Expr)]
    return found | influence((value_of(part, scope) for part in parts), Kind.WINDOW)


def _named_window(name: object, scope: Scope) -> exp.Expr | None:
    found: Scope | None = scope
    while found is not None and isinstance(name, exp.Expr):
        if name.name.lower() in found.windows:
            return found.windows[name.name.lower()]
        found = found.parent
    return None


def _parts_of_order(order: exp.Expr | None) -> list[exp.Expr]:
    return [] if order is None else [each.this for each in order.expressions]


def _within_group(node: exp.Expr, scope: Scope, value_of: Evaluate) -> Value:
    ordered = [value_of(each, scope) for each in _parts_of_order(node.expression)]
    inner = value_of(node.this, scope)
    return computed([inner, *ordered], Kind.AGGREGATION)


def _ordered(arguments: list[exp.Expr], scope: Scope, value_of: Evaluate) -> tuple[list[Value], Atoms]:
    """Return the values of an aggregate's arguments, and what orders them; DISTINCT changes neither."""
    values: list[Value] = []
    order = NOTHING
    for argument in arguments:
        given = [argument]
        if isinstance(argument, exp.Order):
            keys = [value_of(each, scope) for each in _parts_of_order(argument)]
            order |= influence(keys, Kind.SORT)
            given = [argument.this] if argument.this is not None else []
        for each in given:
            inner = each.expressions if isinstance(each, exp.Distinct) else [each]
            values.extend(value_of(part, scope) for part in inner)
    return values, order


def _arguments(node: exp.Expr) -> Iterator[exp.Expr]:
    for key in node.arg_types:
        given = node.args.get(key)
        for each in given if isinstance(given, list) else [given]:
            if isinstance(each, exp.Expr):
                yield each


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    return node.sql_name().lower() if isinstance(node, exp.Func) else ""
