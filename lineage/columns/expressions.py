"""Expressions: from a node of the syntax tree to the value that it rests on."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from sqlglot import exp

from lineage.columns import function_names as names
from lineage.columns.aggregates import aggregate_value, filtered_value, window_value
from lineage.columns.documents import (
    bracket_value,
    cast_value,
    document_value,
    extracted_value,
    field_value,
    parsed_value,
)
from lineage.columns.edges import Kind
from lineage.columns.lambdas import comprehension_value, filtered_list, lambda_value, transformed_list
from lineage.columns.scopes import Relation, Scope, every_column
from lineage.columns.star_names import matching_columns
from lineage.columns.values import CONSTANT, Value, computed, influence, merged

Handler = Callable[[exp.Expr, Scope], Value]
_SILENT = (exp.Literal, exp.Null, exp.Boolean, exp.DataType, exp.Var, exp.Parameter, exp.Placeholder)
_QUERIES = (exp.Query, exp.Pivot, exp.Values)
Node = TypeVar("Node", bound=exp.Expr)


def value_of(node: exp.Expr, scope: Scope) -> Value:
    """Return what an expression rests on."""
    if isinstance(node, _SILENT):
        return CONSTANT
    handler = _HANDLERS.get(type(node))
    if handler is not None:
        return handler(node, scope)
    if isinstance(node, _QUERIES):
        return _scalar(node, scope)
    if isinstance(node, exp.AggFunc):
        return aggregate_value(node, scope, value_of)
    return _by_name(node, scope)


def parts_of(column: exp.Column) -> list[str]:
    """Return the parts of a column's name, outermost first."""
    return [part.name for part in column.parts]


def children(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the operands of a node: what may hold a value, not the names of things."""
    for child in node.iter_expressions():
        if not isinstance(child, _SILENT):
            yield child


def default_value(node: exp.Expr, scope: Scope) -> Value:
    """Return the value of a function or an operator that makes one value out of its operands."""
    return computed(value_of(child, scope) for child in children(node))


def _by_name(node: exp.Expr, scope: Scope) -> Value:
    """Return a function's value by what is known of functions of its name."""
    name = function_name(node)
    arguments = list(_arguments(node)) if name in _NAMED else []
    return _NAMED[name](arguments, scope) if arguments else default_value(node, scope)


def function_name(node: exp.Expr) -> str:
    """Return a function's name in DuckDB, in lower case; empty for an operator."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    return node.sql_name().lower() if isinstance(node, exp.Func) else ""


def _arguments(node: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(node, exp.Anonymous):
        yield from node.expressions
        return
    for key in node.arg_types:
        given = node.args.get(key)
        yield from (
            each for each in (given if isinstance(given, list) else [given]) if isinstance(each, exp.Expr)
        )


def _column(node: exp.Expr, scope: Scope) -> Value:
    if isinstance(node.this, exp.Star):
        return merged(value for _, value in matching_columns(node, scope))
    return scope.resolve(parts_of(node)) if isinstance(node, exp.Column) else CONSTANT


def _identifier(node: exp.Expr, scope: Scope) -> Value:
    """Return a bare word's value: a lambda's parameter, or nothing, as in `cast(x as word)`."""
    return scope.resolve([node.name]) if scope.is_variable(node.name.lower()) else CONSTANT


def _inside(node: exp.Expr, scope: Scope) -> Value:
    return value_of(node.this, scope)


def _scalar(node: exp.Expr, scope: Scope) -> Value:
    """Return the one value of a query: its first column, under the influence of its rows."""
    relation = scope.reading.query(node, scope)
    value = relation.columns[0][1] if relation.columns else CONSTANT
    return value.with_atoms(relation.influences)


def _exists(node: exp.Expr, scope: Scope) -> Value:
    """Return whether a query has rows: an aggregation of them."""
    relation = scope.reading.query(node.this, scope)
    return presence_value(relation)


def presence_value(relation: Relation) -> Value:
    """Return a value that hangs on the rows of a relation alone."""
    return computed([Value(relation.presence)], Kind.AGGREGATION).with_atoms(relation.influences)


def _case(node: exp.Expr, scope: Scope) -> Value:
    branches = [value_of(branch.args["true"], scope) for branch in node.args["ifs"]]
    conditions = [value_of(branch.this, scope) for branch in node.args["ifs"]]
    if node.this is not None:
        conditions.append(value_of(node.this, scope))
    if node.args.get("default") is not None:
        branches.append(value_of(node.args["default"], scope))
    return merged(branches).with_atoms(influence(conditions, Kind.CONDITIONAL))


def _if(node: exp.Expr, scope: Scope) -> Value:
    branches = [node.args[name] for name in ("true", "false") if node.args.get(name) is not None]
    condition = influence([value_of(node.this, scope)], Kind.CONDITIONAL)
    return merged(value_of(branch, scope) for branch in branches).with_atoms(condition)


def _coalesce(node: exp.Expr, scope: Scope) -> Value:
    """Return any of the values; all but the last decide, by being empty, about those after them."""
    values = [value_of(each, scope) for each in (node.this, *node.expressions)]
    return merged(values).with_atoms(influence(values[:-1], Kind.CONDITIONAL))


def _nullif(node: exp.Expr, scope: Scope) -> Value:
    value, other = value_of(node.this, scope), value_of(node.expression, scope)
    return value.with_atoms(influence([value, other], Kind.CONDITIONAL))


def _struct(node: exp.Expr, scope: Scope) -> Value:
    fields: dict[str, Value] = {}
    for place, part in enumerate(node.expressions, start=1):
        if isinstance(part, (exp.PropertyEQ, exp.Alias)):
            name = part.this.name if isinstance(part, exp.PropertyEQ) else part.alias
            inner = part.expression if isinstance(part, exp.PropertyEQ) else part.this
            fields[name.lower()] = value_of(inner, scope)
        else:
            fields[part.output_name.lower() or str(place)] = value_of(part, scope)
    return Value(fields=fields)


def _array(node: exp.Expr, scope: Scope) -> Value:
    if len(node.expressions) == 1 and isinstance(node.expressions[0], _QUERIES):
        value = _scalar(node.expressions[0], scope)
        return Value(element=value.used(Kind.AGGREGATION))
    return _list_of(value_of(each, scope) for each in node.expressions)


def _list_of(values: Iterable[Value]) -> Value:
    given = list(values)
    return Value(element=merged(given)) if given else CONSTANT


def _explode(node: exp.Expr, scope: Scope) -> Value:
    return value_of(node.this, scope).elements()


def _unnest(node: exp.Expr, scope: Scope) -> Value:
    return merged(value_of(each, scope).elements() for each in node.expressions)


def _try(node: exp.Expr, scope: Scope) -> Value:
    return value_of(node.this, scope)


def _decode(node: exp.Expr, scope: Scope) -> Value:
    return value_of(node.this, scope).used(Kind.TRANSFORMATION)


def _concatenation(node: exp.Expr, scope: Scope) -> Value:
    """Return joined lists, which keep their shape, or joined text, which does not."""
    sides = [node.this, node.expression]
    values = [value_of(side, scope) for side in sides]
    if any(isinstance(side, exp.Literal) for side in sides) or not any(map(_is_nested, values)):
        return computed(values)
    return merged(value.used(Kind.TRANSFORMATION) for value in values)


def _is_nested(value: Value) -> bool:
    return value.element is not None or isinstance(value.layout, list)


def _bracket(node: exp.Expr, scope: Scope) -> Value:
    return bracket_value(node, value_of(node.this, scope), lambda part: value_of(part, scope))


def _dot(node: exp.Expr, scope: Scope) -> Value:
    if isinstance(node.expression, exp.Identifier):
        return value_of(node.this, scope).field(node.expression.name)
    if isinstance(node.expression, exp.Star):
        return value_of(node.this, scope)
    called_on = (
        scope.resolve([node.this.name])
        if isinstance(node.this, exp.Identifier)
        else value_of(node.this, scope)
    )
    return computed([called_on, value_of(node.expression, scope)])


def _cast(node: exp.Expr, scope: Scope) -> Value:
    return cast_value(node, value_of(node.this, scope))


def _json(node: exp.Expr, scope: Scope) -> Value:
    return extracted_value(value_of(node.this, scope), node.expression, lambda part: value_of(part, scope))


def _aggregate(node: exp.Expr, scope: Scope) -> Value:
    return aggregate_value(node, scope, value_of)


def _picked(arguments: list[exp.Expr], scope: Scope) -> Value:
    return value_of(arguments[0], scope).used(Kind.AGGREGATION)


def _aggregated(arguments: list[exp.Expr], scope: Scope) -> Value:
    return computed((value_of(each, scope) for each in arguments), Kind.AGGREGATION)


def _kept_list(arguments: list[exp.Expr], scope: Scope) -> Value:
    if len(arguments) > 1 and isinstance(arguments[1], exp.Lambda):
        return filtered_list(arguments, scope, value_of)
    value = value_of(arguments[0], scope).used(Kind.TRANSFORMATION)
    return value.with_atoms(influence((value_of(each, scope) for each in arguments[1:]), Kind.CONDITIONAL))


def _joined_lists(arguments: list[exp.Expr], scope: Scope) -> Value:
    return merged(value_of(each, scope).used(Kind.TRANSFORMATION) for each in arguments)


def _mapped_list(arguments: list[exp.Expr], scope: Scope) -> Value:
    return transformed_list(arguments, scope, value_of)


def _made_list(arguments: list[exp.Expr], scope: Scope) -> Value:
    return _list_of(value_of(each, scope) for each in arguments)


def _taken_element(arguments: list[exp.Expr], scope: Scope) -> Value:
    place = influence((value_of(each, scope) for each in arguments[1:]), Kind.CONDITIONAL)
    return value_of(arguments[0], scope).elements().with_atoms(place)


def _parsed(arguments: list[exp.Expr], scope: Scope) -> Value:
    return parsed_value(arguments, lambda part: value_of(part, scope))


def _taken_field(arguments: list[exp.Expr], scope: Scope) -> Value:
    return field_value(arguments, lambda part: value_of(part, scope))


def _taken_json(arguments: list[exp.Expr], scope: Scope) -> Value:
    return document_value(arguments, lambda part: value_of(part, scope))


def _flattened(arguments: list[exp.Expr], scope: Scope) -> Value:
    return Value(element=value_of(arguments[0], scope).elements().elements())


def _array_filter(node: exp.Expr, scope: Scope) -> Value:
    return filtered_list([node.this, node.expression], scope, value_of)


def _filter(node: exp.Expr, scope: Scope) -> Value:
    return filtered_value(node, scope, value_of)


def _window(node: exp.Expr, scope: Scope) -> Value:
    return window_value(node, scope, value_of)


def _lambda(node: exp.Expr, scope: Scope) -> Value:
    return lambda_value(node, scope, value_of, bound=())


def _comprehension(node: exp.Expr, scope: Scope) -> Value:
    return comprehension_value(node, scope, value_of)


def _comprehensive_array(node: exp.Expr, scope: Scope) -> Value:
    made = node.expressions[0] if len(node.expressions) == 1 else None
    return value_of(made, scope) if isinstance(made, exp.Comprehension) else _array(node, scope)


def _every(node: exp.Expr, scope: Scope) -> Value:
    del node
    return every_column(scope)


def _columns(node: exp.Expr, scope: Scope) -> Value:
    return merged(value for _, value in matching_columns(node, scope))


def _property(node: exp.Expr, scope: Scope) -> Value:
    return value_of(node.expression, scope)


def _where(node: exp.Expr, scope: Scope) -> Value:
    return Value(influence([value_of(node.this, scope)], Kind.FILTER))


def _order(node: exp.Expr, scope: Scope) -> Value:
    inner = value_of(node.this, scope) if node.this is not None else CONSTANT
    return inner.with_atoms(influence((value_of(each, scope) for each in node.expressions), Kind.SORT))


_HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Column: _column,
    exp.Identifier: _identifier,
    exp.Alias: _inside,
    exp.Paren: _inside,
    exp.Ordered: _inside,
    exp.Subquery: _scalar,
    exp.Select: _scalar,
    exp.Exists: _exists,
    exp.Case: _case,
    exp.If: _if,
    exp.Coalesce: _coalesce,
    exp.Nullif: _nullif,
    exp.Struct: _struct,
    exp.Array: _comprehensive_array,
    exp.Comprehension: _comprehension,
    exp.Explode: _explode,
    exp.Unnest: _unnest,
    exp.Try: _try,
    exp.Decode: _decode,
    exp.DPipe: _concatenation,
    exp.Bracket: _bracket,
    exp.Dot: _dot,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.ArrayFilter: _array_filter,
    exp.JSONExtract: _json,
    exp.JSONExtractScalar: _json,
    exp.Filter: _filter,
    exp.Window: _window,
    exp.IgnoreNulls: _inside,
    exp.RespectNulls: _inside,
    exp.WithinGroup: _aggregate,
    exp.Lambda: _lambda,
    exp.Star: _every,
    exp.Columns: _columns,
    exp.PropertyEQ: _property,
    exp.Where: _where,
    exp.Order: _order,
}

_NAMED: dict[str, Callable[[list[exp.Expr], Scope], Value]] = {
    **dict.fromkeys(names.AGGREGATES, _aggregated),
    **dict.fromkeys(names.PICKING_AGGREGATES, _picked),
    **dict.fromkeys(names.KEEPING_LISTS, _kept_list),
    **dict.fromkeys(names.JOINING_LISTS, _joined_lists),
    **dict.fromkeys(names.MAPPING_LISTS, _mapped_list),
    **dict.fromkeys(names.MAKING_LISTS, _made_list),
    **dict.fromkeys(names.TAKING_FIELDS, _taken_field),
    **dict.fromkeys(names.TAKING_ELEMENTS, _taken_element),
    **dict.fromkeys(names.TAKING_JSON, _taken_json),
    **dict.fromkeys(names.PARSING_JSON, _parsed),
    **dict.fromkeys(names.FLATTENING, _flattened),
}
