"""The SELECT list: each item as one column, or as several for a star, COLUMNS or an unnested struct."""

from sqlglot import exp

from lineage.columns.edges import Kind
from lineage.columns.expressions import value_of
from lineage.columns.scopes import Scope
from lineage.columns.star_names import Named, fields_of, is_star, matching_columns, star_of
from lineage.columns.values import NOTHING, Atoms, Value, influence, unresolved


def selected_columns(node: exp.Select, scope: Scope) -> tuple[list[Named], Atoms]:
    """Return the columns of a SELECT list, and the lists whose elements make rows of it."""
    columns: list[Named] = []
    unnested = NOTHING
    for item in node.expressions:
        columns.extend(_item(item, scope))
        for explode in item.find_all(exp.Explode):
            lists = influence([value_of(explode.this, scope)], Kind.JOIN)
            unnested |= frozenset(atom._replace(kind=Kind.IDENTITY) for atom in lists)
    return columns, unnested


def _item(item: exp.Expr, scope: Scope) -> list[Named]:
    if is_star(item):
        return _with_replacements(star_of(item), matching_columns(item, scope), scope)
    inner = item.this if isinstance(item, exp.Alias) else item
    if isinstance(inner, exp.Explode):
        return _unnested(inner, item, scope)
    spread = next((each for each in inner.find_all(exp.Columns) if not each.args.get("unpack")), None)
    if spread is not None and inner.find_ancestor(exp.Select) is spread.find_ancestor(exp.Select):
        return _spread(inner, spread, scope, alias=item.alias if isinstance(item, exp.Alias) else "")
    return [(_name_of(item), value_of(inner, scope))]


def _name_of(item: exp.Expr) -> str:
    """Return an item's name; without an alias it is its own text, as far as names go."""
    if isinstance(item, (exp.Alias, exp.Column)):
        return (item.alias if isinstance(item, exp.Alias) else item.name).lower()
    if isinstance(item, exp.Dot) and isinstance(item.expression, exp.Identifier):
        return item.expression.name.lower()
    if isinstance(item, exp.Paren):
        return _name_of(item.this)
    return item.sql(dialect="duckdb").lower()


def _with_replacements(star: exp.Expr, found: list[Named], scope: Scope) -> list[Named]:
    """Apply REPLACE."""
    replaced = {each.alias.lower(): each.this for each in star.args.get("replace") or ()}
    return [(name, value_of(replaced[name], scope) if name in replaced else value) for name, value in found]


def _unnested(node: exp.Explode, item: exp.Expr, scope: Scope) -> list[Named]:
    """Return `unnest(list)` as one column, and an unnested struct as one column for each field."""
    given = value_of(node.this, scope)
    options = {
        each.this.name.lower(): each.expression
        for each in node.expressions
        if isinstance(each, exp.PropertyEQ)
    }
    is_list = given.element is not None or isinstance(given.layout, list) or given.fields is None
    fields = fields_of(given)
    if fields is not None and not isinstance(given.layout, list):
        return fields
    element = given.elements() if is_list else given
    is_deep = "recursive" in options or "max_depth" in options
    inner = fields_of(element) if is_deep else None
    if is_deep and inner is None and isinstance(element.layout, (dict, list)):
        return [("*", unresolved(node.sql(dialect="duckdb"), "the fields that it makes are not known"))]
    return inner if inner is not None else [(_name_of(item), element)]


def _spread(inner: exp.Expr, spread: exp.Expr, scope: Scope, *, alias: str) -> list[Named]:
    """Return an expression over `COLUMNS(…)` once for each column that it means."""
    columns: list[Named] = []
    for name, value in matching_columns(spread, scope):
        made = _with_column(inner, value, scope)
        columns.append(((alias or name).lower(), made))
    return columns


def _with_column(inner: exp.Expr, value: Value, scope: Scope) -> Value:
    """Return an expression's value with each COLUMNS in it bound to one column."""
    bound = inner.transform(
        lambda node: exp.to_identifier("columns") if isinstance(node, exp.Columns) else node
    )
    return value_of(bound, _bound_scope(scope, value))


def _bound_scope(scope: Scope, value: Value) -> Scope:
    return scope.with_variables(["columns"], [value])
